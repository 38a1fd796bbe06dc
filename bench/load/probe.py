"""A few careful callers: what single calls see while a server is loaded.

They send audio like any caller and time every packet with the kernel's receive time stamps, so that the bench's own
delays do not count. Prints one JSON object.

    python -m bench.load.probe --target 127.0.0.1:5060 --user play --calls 4 --seconds 8
"""

import argparse
import contextlib
import json
import os
import re
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench.load.media import FRAME_S, FRAME_SAMPLES
from bench.load.spread import Spread

SO_TIMESTAMPNS = 35
HOST = "127.0.0.1"
ANSWER_S = 10.0
RESEND_S = 0.5
SILENCE = b"\xff" * FRAME_SAMPLES
LATE_ORDER = 1000
"""A step of sequence numbers above this is one backwards."""


class CallFailed(RuntimeError):
    """A call of the probe was not answered as it should be."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the calls saw."""

    calls: int
    failed: int
    answer_ms: Spread
    first_audio_ms: Spread
    """From the ACK."""
    packets: int
    lost: int
    gap_ms: Spread
    """How far the gaps between packets stray from 20 ms."""
    longest_gap_ms: float


class Call:
    """One call."""

    def __init__(self, server: tuple[str, int], user: str) -> None:
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.bind((HOST, 0))
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.rtp.bind((HOST, 0))
        self.rtp.setblocking(False)
        self.heard: list[tuple[float, int]] = []
        """When a packet came, and its sequence number."""
        self.answer_ms = self.confirmed_at = 0.0
        self._server = self._peer = server
        self._id, self._tag = os.urandom(8).hex(), os.urandom(4).hex()
        self._uri = f"sip:{user}@{server[0]}:{server[1]}"
        self._to, self._routes = f"<{self._uri}>", ""
        self._sequence = 0

    def begin(self) -> None:
        """Have the call answered. Raises CallFailed."""
        began = time.perf_counter()
        answer = self._ask("INVITE", 1, self._sdp())
        self.answer_ms = 1000 * (time.perf_counter() - began)
        if not answer.startswith("SIP/2.0 200"):
            raise CallFailed(answer.partition("\r\n")[0])
        self._to = _header(answer, "To|t")
        self._uri = _found(r"^(?:Contact|m):.*?(sip:[^>;\s]+)", answer)
        routes = re.findall(r"^Record-Route:\s*(.*?)\r?$", answer, re.MULTILINE | re.IGNORECASE)
        self._routes = "".join(f"Route: {route}\r\n" for route in reversed(routes))
        self._peer = (_found(r"^c=IN IP4 (\S+)", answer), int(_found(r"^m=audio (\d+)", answer)))
        self.sip.sendto(self._request("ACK", 1), self._server)
        self.confirmed_at = time.time()

    def send_frame(self) -> None:
        """Send 20 ms of silence."""
        head = struct.pack("!BBHII", 0x80, 0, self._sequence & 0xFFFF, self._sequence * FRAME_SAMPLES, 77)
        self._sequence += 1
        self.rtp.sendto(head + SILENCE, self._peer)

    def hear(self) -> None:
        """Take what has come."""
        while True:
            try:
                data, ancillary, _, _ = self.rtp.recvmsg(2048, 128)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if len(data) > 12 and data[1] & 0x7F == 0:
                seconds, nanoseconds = struct.unpack("qq", ancillary[0][2][:16])
                self.heard.append((seconds + nanoseconds / 1e9, int.from_bytes(data[2:4], "big")))

    def end(self) -> None:
        """Hang up; a server that hung up first is no fault."""
        with contextlib.suppress(CallFailed):
            self._ask("BYE", 2, within_s=2.0)
        self.sip.close()
        self.rtp.close()

    def gaps_ms(self) -> tuple[list[float], int]:
        """The gaps between packets that follow each other, and how many packets are missing."""
        gaps, lost = [], 0
        for (before, earlier), (at, later) in zip(self.heard, self.heard[1:], strict=False):
            step = (later - earlier) & 0xFFFF
            if step == 1:
                gaps.append(1000 * (at - before))
            elif 1 < step < LATE_ORDER:
                lost += step - 1
        return gaps, lost

    def _ask(self, method: str, number: int, body: str = "", *, within_s: float = ANSWER_S) -> str:
        """The final answer to a request, which is sent again until one comes."""
        request = self._request(method, number, body)
        deadline = time.perf_counter() + within_s
        is_heard, pause_s = False, RESEND_S
        self.sip.sendto(request, self._server)
        while (left := deadline - time.perf_counter()) > 0:
            self.sip.settimeout(left if is_heard else min(left, pause_s))
            try:
                answer = self.sip.recv(65535).decode("latin1")
            except TimeoutError:
                pause_s *= 2
                if not is_heard:
                    self.sip.sendto(request, self._server)
                continue
            if re.search(rf"^CSeq:\s*{number} {method}", answer, re.MULTILINE | re.IGNORECASE):
                is_heard = answer.startswith("SIP/2.0 ")
                if is_heard and answer[8:9] != "1":
                    return answer
        raise CallFailed(f"no answer to {method}")

    def _request(self, method: str, number: int, body: str = "") -> bytes:
        here = f"{HOST}:{self.sip.getsockname()[1]}"
        return (
            f"{method} {self._uri} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK{os.urandom(6).hex()};rport\r\n"
            f"{self._routes}From: <sip:probe@{here}>;tag={self._tag}\r\nTo: {self._to}\r\nCall-ID: {self._id}\r\n"
            f"CSeq: {number} {method}\r\nContact: <sip:probe@{here}>\r\nMax-Forwards: 70\r\n"
            + ("Content-Type: application/sdp\r\n" if body else "")
            + f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _sdp(self) -> str:
        return (
            f"v=0\r\no=probe 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\n"
            "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
        )


def _header(message: str, names: str) -> str:
    return _found(rf"^(?:{names}):\s*(.*?)\r?$", message)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise CallFailed(f"nothing like {pattern} in the answer")
    return found[1]


def probe(server: tuple[str, int], user: str, calls: int, seconds: float) -> Seen:
    """Place some calls, listen for some seconds, hang up."""
    running, failed = [], 0
    for _ in range(calls):
        call = Call(server, user)
        try:
            call.begin()
        except CallFailed as fault:
            failed += 1
            print(f"a call of the probe failed: {fault}", flush=True)
            continue
        running.append(call)
    _converse(running, seconds)
    for call in running:
        call.end()
    return _seen(running, failed)


def _converse(calls: Sequence[Call], seconds: float) -> None:
    by_socket = {call.rtp.fileno(): call for call in calls}
    poll = select.poll()
    for descriptor in by_socket:
        poll.register(descriptor, select.POLLIN)
    due = time.perf_counter()
    end = due + seconds
    while (now := time.perf_counter()) < end:
        if now >= due:
            due += FRAME_S
            for call in calls:
                call.send_frame()
        for descriptor, _ in poll.poll(max(0.0, 1000 * (due - time.perf_counter()))):
            by_socket[descriptor].hear()


def _seen(calls: Sequence[Call], failed: int) -> Seen:
    found = [call.gaps_ms() for call in calls]
    gaps = [gap for some, _ in found for gap in some]
    return Seen(
        calls=len(calls) + failed,
        failed=failed,
        answer_ms=Spread.of([call.answer_ms for call in calls]),
        first_audio_ms=Spread.of(
            [1000 * (call.heard[0][0] - call.confirmed_at) for call in calls if call.heard]
        ),
        packets=sum(len(call.heard) for call in calls),
        lost=sum(lost for _, lost in found),
        gap_ms=Spread.of([abs(gap - 1000 * FRAME_S) for gap in gaps]),
        longest_gap_ms=max(gaps, default=float("nan")),
    )


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="A few careful callers.")
    parser.add_argument("--target", required=True)
    parser.add_argument("--user", required=True)
    parser.add_argument("--calls", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    host, _, port = asked.target.rpartition(":")
    print(json.dumps(asdict(probe((host, int(port)), asked.user, asked.calls, asked.seconds))))


if __name__ == "__main__":
    main()
