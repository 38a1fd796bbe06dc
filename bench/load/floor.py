"""The floor: the least that a server of Python and PJSUA2 must do for a menu, a playing call and a fork.

It is no product: no records, no limits, no second chance. A server's cost is told as a ratio to it, measured in
turns on the same machine, because absolute figures move with the machine's state by more than half.

PJSUA2 is polled by the main thread, HTTP is aiohttp on uvloop in a second one. The user part that is dialled
chooses: `menu`, `play`, `fork`. Needs a build of PJSIP with more than 4 calls.

    python -m bench.load.floor --sip-port 5060 --application http://… --sink 127.0.0.1:… --media folder
"""

import argparse
import asyncio
import base64
import contextlib
import ctypes
import os
import re
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pjsua2 as pj
import uvloop

from bench.load.processes import end_with_parent

CALLS = 512
CLOCK_HZ = 8000
FRAME_BYTES = CLOCK_HZ // 50 * 2
POLL_MS = 5
BUFFER_OFFSET = 8
"""struct MediaFrame { int type; std::vector<uint8_t> buf; … }: the vector's first word is the address of its data."""
FRAME = ctypes.c_char * FRAME_BYTES
FRAME_HEADER = b"\x82\xfe" + FRAME_BYTES.to_bytes(2, "big") + bytes(4)
"""Of a WebSocket's binary message, masked with zeros."""
DIALLED = re.compile(r"^INVITE sip:([^@]+)@")
Action = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds the floor."""

    sip_port: int
    rtp_port: int
    application: str
    sink: tuple[str, int]
    media: Path


class Web:
    """HTTP on a thread of its own; what comes of a request is done by the main thread."""

    def __init__(self, base: str, todo: deque[Action]) -> None:
        self._base = base
        self._todo = todo
        self._loop = uvloop.new_event_loop()
        self._is_ready = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._is_ready.wait()

    def ask(self, method: str, path: str, then: Action, **arguments: Any) -> None:
        """Ask, and have `then` done when the answer is there."""
        asyncio.run_coroutine_threadsafe(self._ask(method, path, then, arguments), self._loop)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._is_ready.set()
        self._loop.run_forever()

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200, keepalive_timeout=60))

    async def _ask(self, method: str, path: str, then: Action, arguments: dict[str, Any]) -> None:
        async with self._session.request(method, self._base + path, **arguments) as answer:
            await answer.json()
        self._todo.append(then)


class Fork(pj.AudioMediaPort):
    """Writes each frame to a socket, on PJMEDIA's clock thread. It is lent to calls and never dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.to: socket.socket | None = None
        self._is_kept = False
        frames = pj.MediaFormatAudio()
        frames.type = pj.PJMEDIA_TYPE_AUDIO
        frames.clockRate = CLOCK_HZ
        frames.channelCount = 1
        frames.bitsPerSample = 16
        frames.frameTimeUsec = 20_000
        self.createPort("fork", frames)

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        """Called each 20 ms."""
        if not self._is_kept:
            self._is_kept = True  # or Python makes and destroys a thread state for each frame
            ctypes.pythonapi.PyGILState_Ensure()
        to = self.to
        if to is not None and frame.size == FRAME_BYTES:
            address = ctypes.c_uint64.from_address(int(frame.this) + BUFFER_OFFSET).value
            with contextlib.suppress(OSError):
                to.send(FRAME_HEADER + FRAME.from_address(address).raw)


class Floor:
    """What the calls share."""

    def __init__(self, around: Around) -> None:
        self.around = around
        self.todo: deque[Action] = deque()
        self.calls: set[FloorCall] = set()
        self.gone: list[FloorCall] = []
        self.idle_forks: list[Fork] = []
        self.endpoint = _endpoint(around)
        self.web = Web(around.application, self.todo)
        self.account = Incoming(self)
        self.account.create(_account(around))

    def run(self) -> None:
        """Poll and carry out for ever."""
        while True:
            self.endpoint.libHandleEvents(POLL_MS)
            while self.todo:
                self.todo.popleft()()
            self.gone.clear()


class Incoming(pj.Account):
    """Answers every call at once."""

    def __init__(self, floor: Floor) -> None:
        super().__init__()
        self._floor = floor

    def onIncomingCall(self, parameter: pj.OnIncomingCallParam) -> None:
        """A call arrives."""
        dialled = DIALLED.match(parameter.rdata.wholeMsg)
        call = FloorCall(self._floor, parameter.callId, dialled[1] if dialled else "")
        self._floor.calls.add(call)
        with_ok = pj.CallOpParam(True)
        with_ok.statusCode = 200
        call.answer(with_ok)


class FloorCall(pj.Call):
    """One call."""

    def __init__(self, floor: Floor, number: int, dialled: str) -> None:
        super().__init__(floor.account, number)
        self._floor = floor
        self._number = number
        self._dialled = dialled
        self._audio: pj.AudioMedia | None = None
        self._player: pj.AudioMediaPlayer | None = None
        self._fork: Fork | None = None
        self._is_over = self._has_key = False

    def onCallState(self, parameter: pj.OnCallStateParam) -> None:
        """Let go of everything at the end."""
        if self.getInfo().state != pj.PJSIP_INV_STATE_DISCONNECTED:
            return
        self._is_over = True
        self._floor.calls.discard(self)
        self._floor.gone.append(self)
        if self._fork is not None:
            to, self._fork.to = self._fork.to, None
            if to is not None:
                to.close()
            self._floor.idle_forks.append(self._fork)
            self._fork = None

    def onCallMediaState(self, parameter: pj.OnCallMediaStateParam) -> None:
        """Begin what was dialled as soon as there is audio."""
        info = self.getInfo()
        for media in info.media:
            if media.type != pj.PJMEDIA_TYPE_AUDIO or media.status != pj.PJSUA_CALL_MEDIA_ACTIVE:
                continue
            if self._audio is None:
                self._audio = self.getAudioMedia(media.index)
                self._begin()

    def _begin(self) -> None:
        match self._dialled:
            case "menu":
                asked = {"CallSid": str(self._number)}
                self._floor.web.ask("GET", "/menu.json", self._prompt, params=asked)
            case "play":
                self._play("long.wav", 0)
            case "fork":
                self._listen()

    def _prompt(self) -> None:
        self._play("prompt.wav", pj.PJMEDIA_FILE_NO_LOOP)

    def _play(self, file: str, options: int) -> None:
        if self._audio is None or self._is_over:
            return
        self._player = pj.AudioMediaPlayer()
        self._player.createPlayer(str(self._floor.around.media / file), options)
        self._player.startTransmit(self._audio)

    def onDtmfDigit(self, parameter: pj.OnDtmfDigitParam) -> None:
        """Tell the application, then hang up."""
        if not self._has_key:
            self._has_key = True
            self._floor.web.ask("POST", "/digit.json", self._bye, json={"digits": parameter.digit})

    def _bye(self) -> None:
        if not self._is_over:
            self.hangup(pj.CallOpParam(True))

    def _listen(self) -> None:
        assert self._audio is not None
        self._fork = self._floor.idle_forks.pop() if self._floor.idle_forks else Fork()
        self._fork.to = _websocket(self._floor.around.sink)
        self._audio.startTransmit(self._fork)


def _websocket(sink: tuple[str, int]) -> socket.socket:
    to = socket.create_connection(sink)
    key = base64.b64encode(os.urandom(16)).decode()
    to.sendall(
        f"GET / HTTP/1.1\r\nHost: {sink[0]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    to.recv(4096)
    to.setblocking(False)
    to.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return to


def _endpoint(around: Around) -> pj.Endpoint:
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 1
    config.uaConfig.maxCalls = CALLS
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.medConfig.clockRate = config.medConfig.sndClockRate = CLOCK_HZ
    config.medConfig.maxMediaPorts = 4 * CALLS
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.medConfig.sndAutoCloseTime = -1
    endpoint.libInit(config)
    transport = pj.TransportConfig()
    transport.port = around.sip_port
    transport.boundAddress = "127.0.0.1"
    endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
    endpoint.audDevManager().setNullDev()
    endpoint.libStart()
    for codec in endpoint.codecEnum2():
        endpoint.codecSetPriority(codec.codecId, 255 if codec.codecId.startswith("PCMU") else 0)
    return endpoint


def _account(around: Around) -> pj.AccountConfig:
    config = pj.AccountConfig()
    config.idUri = f"sip:floor@127.0.0.1:{around.sip_port}"
    rtp = config.mediaConfig.transportConfig
    rtp.port, rtp.portRange, rtp.boundAddress = around.rtp_port, 6000, "127.0.0.1"
    return config


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="The least that a server of Python and PJSUA2 must do.")
    parser.add_argument("--sip-port", type=int, required=True)
    parser.add_argument("--rtp-port", type=int, default=26000)
    parser.add_argument("--application", required=True)
    parser.add_argument("--sink", required=True)
    parser.add_argument("--media", type=Path, required=True)
    asked = parser.parse_args()
    end_with_parent()
    host, _, port = asked.sink.rpartition(":")
    around = Around(asked.sip_port, asked.rtp_port, asked.application, (host, int(port)), asked.media)
    floor = Floor(around)
    print("ready", around.sip_port, flush=True)
    floor.run()


if __name__ == "__main__":
    main()
