"""A SIP peer of raw sockets: sends and times every packet itself, so that it can judge what ours does.

It knows as much SIP as a test needs (one dialog, UDP, G.711 µ-law, RFC 4733 keys) and nothing of Offhook.
"""

import asyncio
import audioop
import random
import re
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

FRAME_S = 0.02
FRAME_SAMPLES = 160
TELEPHONE_EVENT = 101
EVENTS = "0123456789*#ABCD"
SILENCE = b"\xff" * FRAME_SAMPLES
T1_S = 0.5
LOUD = 200
"""RMS of a 16-bit frame from which on it is sound."""


@dataclass
class Heard:
    """One RTP packet as it came."""

    at: float
    sequence: int
    timestamp: int
    payload_type: int
    payload: bytes

    def after_s(self, other: "Heard") -> float:
        """How long after another packet it was sent: there is one for each 20 ms, silence too."""
        return ((self.sequence - other.sequence) & 0xFFFF) * FRAME_S

    @property
    def is_sound(self) -> bool:
        return self.payload_type == 0 and audioop.rms(audioop.ulaw2lin(self.payload, 2), 2) >= LOUD


@dataclass
class Message:
    """A SIP message, split."""

    start: str
    headers: list[tuple[str, str]]
    body: str

    @classmethod
    def parse(cls, data: bytes) -> "Message":
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        pairs = [line.partition(":") for line in lines]
        return cls(start, [(name.strip(), value.strip()) for name, _, value in pairs], body)

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0") else 0

    @property
    def method(self) -> str:
        return "" if self.status else self.start.split(" ")[0]


@dataclass
class Dialog:
    """The state of the one call."""

    target: str
    local: str
    remote: str
    call_id: str
    cseq: int = 1
    routes: list[str] = field(default_factory=list)


class Peer(asyncio.DatagramProtocol):
    """One phone on 127.0.0.1. `await Peer.open()`, then `invite` or `expect`; `close` at the end."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.messages: list[Message] = []
        self.message_times: list[float] = []
        self.heard: list[Heard] = []
        self.dialog: Dialog | None = None
        self.remote_rtp: tuple[str, int] | None = None
        self._event_kind = TELEPHONE_EVENT
        self.over = asyncio.Event()
        self.answered = asyncio.Event()
        self.over_at = 0.0
        self.on_invite: Callable[[Message], Awaitable[None]] | None = None
        self.seal: Callable[[bytes], bytes] = bytes
        self.unseal: Callable[[bytes], bytes] = bytes
        """What becomes of packets of audio on their way out and in."""
        self.on_short: Callable[[bytes], object] | None = None
        """Hears of what comes to the audio port and is too short for audio."""
        self._arrived = asyncio.Event()
        self.packet_arrived = asyncio.Event()
        self._speech: list[bytes] = []
        self._sending: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sequence = random.Random(1).randrange(1000)
        self._timestamp = 0
        self._branch = 0
        self._invite: Message | None = None
        self._server: tuple[str, int] = ("127.0.0.1", 0)

    @classmethod
    async def open(cls) -> "Peer":
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(cls, local_addr=("127.0.0.1", 0))
        peer.rtp, _ = await loop.create_datagram_endpoint(lambda: _Rtp(peer), local_addr=("127.0.0.1", 0))
        return peer

    rtp: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.sip = cast("asyncio.DatagramTransport", transport)

    @property
    def port(self) -> int:
        return int(self.sip.get_extra_info("sockname")[1])

    @property
    def rtp_port(self) -> int:
        return int(self.rtp.get_extra_info("sockname")[1])

    async def close(self) -> None:
        for task in (self._sending, *self._tasks):
            if task is not None:
                task.cancel()
        self.sip.close()
        self.rtp.close()

    # -- calling -----------------------------------------------------------------------------------

    async def invite(
        self,
        user: str,
        server_port: int,
        *,
        headers: tuple[str, ...] = (),
        sdp: str | None = None,
        caller: str = "+15550100",
        until: int = 200,
    ) -> Message:
        """Send an INVITE and return the first answer with a status of `until` or more."""
        self._server = ("127.0.0.1", server_port)
        uri = f"sip:{user}@127.0.0.1:{server_port}"
        call_id = f"{random.random()}@peer"
        self.dialog = Dialog(
            uri, f'"Peer" <sip:{caller}@127.0.0.1:{self.port}>;tag=p{self.port}', f"<{uri}>", call_id
        )
        self._send_request(
            "INVITE", (*headers, "Content-Type: application/sdp"), sdp or self.sdp(), is_new=True
        )
        answer = await self.reply(until)
        if answer.status == 200:
            await self._confirm(answer)
        elif answer.status >= 300:
            self._acknowledge(answer)
        return answer

    async def send_early(self) -> None:
        """Let sound flow once the INVITE was answered with 183 and what is said of the sound there."""
        answer = await self.reply(183)
        if answer.status == 183 and answer.body and self._sending is None:
            self._media_from(answer.body)
            self._start_sending()

    async def reply(self, at_least: int, method: str = "INVITE", timeout: float = 20.0) -> Message:
        """The first answer to `method` with a status of `at_least` or more."""
        async with asyncio.timeout(timeout):
            while True:
                for message in self.messages:
                    if message.status >= at_least and message.get("CSeq").endswith(method):
                        return message
                self._arrived.clear()
                await self._arrived.wait()

    async def bye(self) -> Message:
        self._send_request("BYE")
        answer = await self.reply(200, "BYE")
        self._ended()
        return answer

    async def cancel(self) -> Message:
        assert self.dialog is not None
        self._send_request("CANCEL", cseq=1, branch=1)
        answer = await self.reply(300)
        self._acknowledge(answer)
        self._ended()
        return answer

    async def info(self, key: str, content_type: str = "application/dtmf-relay") -> Message:
        """Send a key by SIP INFO."""
        body = f"Signal={key}\r\nDuration=160\r\n" if content_type.endswith("relay") else key
        before = len(self.messages)
        self._send_request("INFO", (f"Content-Type: {content_type}",), body)
        async with asyncio.timeout(10):
            while not any(m.status and m.get("CSeq").endswith("INFO") for m in self.messages[before:]):
                self._arrived.clear()
                await self._arrived.wait()
        return next(m for m in self.messages[before:] if m.get("CSeq").endswith("INFO"))

    # -- being called ------------------------------------------------------------------------------

    async def expect(self, timeout: float = 20.0) -> Message:
        """The next INVITE that comes in; answer it with `respond`."""
        async with asyncio.timeout(timeout):
            while self._invite is None:
                self._arrived.clear()
                await self._arrived.wait()
        return self._invite

    def respond(self, status: int, reason: str = "X") -> None:
        """Answer the INVITE that came in; with 183, sound flows from then on."""
        assert self._invite is not None
        body = self.sdp() if status in (183, 200) else ""
        self._reply(self._invite, status, reason, body)
        if body:
            self._media_from(self._invite.body)
            if self._sending is None:
                self._start_sending()
        if status == 200:
            self.answered.set()

    # -- media -------------------------------------------------------------------------------------

    def sdp(self, payloads: str = "0 101") -> str:
        return (
            f"v=0\r\no=peer 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.rtp_port} RTP/AVP {payloads}\r\na=rtpmap:0 PCMU/8000\r\n"
            f"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
        )

    def say(self, pcm: bytes) -> None:
        """Queue 16-bit PCM at 8 kHz to be sent at its own pace."""
        ulaw = audioop.lin2ulaw(pcm, 2)
        for start in range(0, len(ulaw), FRAME_SAMPLES):
            self._speech.append(ulaw[start : start + FRAME_SAMPLES].ljust(FRAME_SAMPLES, b"\xff"))

    @property
    def is_speaking(self) -> bool:
        return bool(self._speech)

    def press(self, key: str) -> float:
        """Send a key as RFC 4733 asks: 100 ms of events, the end three times. Returns when it began."""
        self._spawn(self._press(key))
        return self.loop.time()

    async def _press(self, key: str) -> None:
        event, timestamp = EVENTS.index(key), self._timestamp
        for step in range(1, 6):
            self._packet(struct.pack("!BBH", event, 10, step * 160), self._event_kind, timestamp, step == 1)
            await asyncio.sleep(FRAME_S)
        for _ in range(3):
            self._packet(struct.pack("!BBH", event, 0x80 | 10, 800), self._event_kind, timestamp, False)

    def sounds(self, *, gap_s: float = 0.06) -> list[tuple[float, float]]:
        """When sound was heard: (begin, end) on the loop's clock; shorter gaps do not divide.

        A span begins when its first packet came, and is as long as its packets are by their sequence numbers:
        what the far end sent, however late a busy machine delivered it.
        """
        spans: list[tuple[Heard, Heard]] = []
        for packet in self.heard:
            if not packet.is_sound:
                continue
            if spans and packet.after_s(spans[-1][1]) <= gap_s:
                spans[-1] = (spans[-1][0], packet)
            else:
                spans.append((packet, packet))
        return [(first.at, first.at + last.after_s(first) + FRAME_S) for first, last in spans]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when a packet of audio has made `condition` true; they come each 20 ms."""
        while not condition():
            self.packet_arrived.clear()
            await self.packet_arrived.wait()

    async def hears_something(self) -> None:
        """Return at the first sound."""
        await self.until(lambda: bool(self.heard) and self.heard[-1].is_sound)

    async def hears_quiet(self, quiet_s: float = 0.4) -> None:
        """Return when there was sound and then none for `quiet_s`."""

        def is_quiet() -> bool:
            latest = self.heard[-round(quiet_s / FRAME_S) :]
            return not any(packet.is_sound for packet in latest) and bool(self.sounds())

        await self.until(is_quiet)

    def keys_heard(self) -> str:
        """The RFC 4733 keys that were received."""
        keys, last = "", None
        for packet in self.heard:
            is_end = packet.payload_type == TELEPHONE_EVENT and packet.payload[1] & 0x80
            if (
                is_end and packet.timestamp != last
            ):  # an event's end is sent three times, with its one timestamp
                keys += EVENTS[packet.payload[0]]
                last = packet.timestamp
        return keys

    # -- wire --------------------------------------------------------------------------------------

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        self.messages.append(message)
        self.message_times.append(self.loop.time())
        match message.method:
            case "INVITE" if self.dialog is None:
                self._server = addr
                self._invite = message
                contact = message.get("Contact").partition("<")[2].partition(">")[0]
                to = message.get("To") + f";tag=p{self.port}"
                self.dialog = Dialog(contact, to, message.get("From"), message.get("Call-ID"))
                self._reply(message, 100, "Trying")
            case "BYE":
                self._reply(message, 200, "OK")
                self._ended()
            case "CANCEL":
                self._reply(message, 200, "OK")
                if self._invite is not None:
                    self._reply(self._invite, 487, "Request Terminated")
                self._ended()
            case "INFO" | "OPTIONS" | "UPDATE":
                self._reply(message, 200, "OK")
        self._arrived.set()

    async def _confirm(self, answer: Message) -> None:
        assert self.dialog is not None
        self.dialog.remote = answer.get("To")
        self.dialog.target = answer.get("Contact").partition("<")[2].partition(">")[0]
        self._acknowledge(answer)
        self._media_from(answer.body)
        if self._sending is None:
            self._start_sending()
        self.answered.set()

    def _media_from(self, sdp: str) -> None:
        lines = sdp.split("\r\n")
        host = next(line.split(" ")[2] for line in lines if line.startswith("c="))
        port = int(next(line.split(" ")[1] for line in lines if line.startswith("m=audio")))
        self.remote_rtp = (host, port)
        kinds = re.findall(r"a=rtpmap:(\d+) telephone-event/8000", sdp)
        self._event_kind = int(kinds[0]) if kinds else TELEPHONE_EVENT

    def _acknowledge(self, answer: Message) -> None:
        assert self.dialog is not None
        self.dialog.remote = answer.get("To")
        target = self.dialog.target
        self._transmit(
            f"ACK {target} SIP/2.0",
            [
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-{self.port}-{1 if answer.status >= 300 else 'ack'}",
                f"From: {self.dialog.local}",
                f"To: {self.dialog.remote}",
                f"Call-ID: {self.dialog.call_id}",
                "CSeq: 1 ACK",
                "Max-Forwards: 70",
            ],
            "",
        )

    def _send_request(
        self,
        method: str,
        headers: tuple[str, ...] = (),
        body: str = "",
        *,
        is_new: bool = False,
        cseq: int | None = None,
        branch: int | None = None,
    ) -> None:
        assert self.dialog is not None
        if not is_new and cseq is None:
            self.dialog.cseq += 1
        self._branch += 1
        self._transmit(
            f"{method} {self.dialog.target} SIP/2.0",
            [
                f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK-{self.port}-{branch or self._branch}",
                f"From: {self.dialog.local}",
                f"To: {self.dialog.remote}",
                f"Call-ID: {self.dialog.call_id}",
                f"CSeq: {cseq or self.dialog.cseq} {method}",
                f"Contact: <sip:peer@127.0.0.1:{self.port}>",
                "Max-Forwards: 70",
                *headers,
            ],
            body,
        )

    def _reply(self, request: Message, status: int, reason: str, body: str = "") -> None:
        to = request.get("To")
        if "tag=" not in to:
            to += f";tag=p{self.port}"
        self._transmit(
            f"SIP/2.0 {status} {reason}",
            [
                *(f"Via: {via}" for via in request.all("Via")),
                *(f"Record-Route: {route}" for route in request.all("Record-Route")),
                f"From: {request.get('From')}",
                f"To: {to}",
                f"Call-ID: {request.get('Call-ID')}",
                f"CSeq: {request.get('CSeq')}",
                f"Contact: <sip:peer@127.0.0.1:{self.port}>",
                *(("Content-Type: application/sdp",) if body else ()),
            ],
            body,
        )

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        lines = [start, *headers, f"Content-Length: {len(body.encode())}", "", body]
        message = "\r\n".join(lines).encode()
        if not start.startswith(("SIP/2.0", "ACK")):
            self._request = message
        self._send(message)

    def _send(self, message: bytes) -> None:
        self.sip.sendto(message, self._server)

    def _ended(self) -> None:
        if not self.over.is_set():
            self.over_at = self.loop.time()
            self.over.set()
        if self._sending is not None:
            self._sending.cancel()

    def _start_sending(self) -> None:
        self._sending = asyncio.create_task(self._send_forever())

    async def _send_forever(self) -> None:
        """A frame each 20 ms, by the clock and not by the sleep, so that the pace holds on a busy machine."""
        due = self.loop.time()
        while True:
            self._packet(self._speech.pop(0) if self._speech else SILENCE, 0, self._timestamp, False)
            self._timestamp += FRAME_SAMPLES
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - self.loop.time()))

    def _packet(self, payload: bytes, payload_type: int, timestamp: int, marker: bool) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        head = struct.pack(
            "!BBHII", 0x80, (0x80 if marker else 0) | payload_type, self._sequence, timestamp, self.port
        )
        if self.remote_rtp is not None and not self.rtp.is_closing():
            self.rtp.sendto(self.seal(head + payload), self.remote_rtp)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Rtp(asyncio.DatagramProtocol):
    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        data = self._peer.unseal(data)
        if len(data) > 12:
            _, kind, sequence, timestamp, _ = struct.unpack("!BBHII", data[:12])
            heard = Heard(self._peer.loop.time(), sequence, timestamp, kind & 0x7F, data[12:])
            self._peer.heard.append(heard)
            self._peer.packet_arrived.set()
        elif self._peer.on_short is not None:
            self._peer.on_short(data)
