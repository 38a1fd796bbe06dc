"""Live audio: from PJMEDIA's clock thread to the event loop, one wake-up for all calls of a tick.

The frame is copied through its address: that takes half a microsecond where `bytes(frame.buf)` takes a
hundred. The layout that this relies on is checked once at start; where it does not hold, the builds that have
`copy_to_bytearray` copy with it, and the others the slow way. docs/pjsua2.md tells why it is not the first choice.
"""

import asyncio
import ctypes
import threading
from collections import deque
from collections.abc import Callable

import pjsua2 as pj
import structlog

from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ

log = structlog.get_logger()

FrameTo = Callable[[bytes], None]
POINTER = ctypes.c_uint64
FRAME = ctypes.c_char * FRAME_BYTES
BUFFER_OFFSET = 8
"""struct MediaFrame { int type; std::vector<uint8_t> buf; unsigned size; }: the vector's first word points to
its data (libstdc++ and libc++ alike)."""


def copy_by_address(frame: pj.MediaFrame) -> bytes:
    """The frame's PCM."""
    return FRAME.from_address(POINTER.from_address(int(frame.this) + BUFFER_OFFSET).value).raw


def copy_by_buffer(frame: pj.MediaFrame) -> bytes:
    """The frame's PCM, with what PJSUA2 has for it from 2.16 on."""
    buffer = frame.buf
    content = bytearray(len(buffer))  # never smaller than the frame: that would crash the process, not raise
    buffer.copy_to_bytearray(content)
    return bytes(content)


def copy_by_value(frame: pj.MediaFrame) -> bytes:
    """The frame's PCM, slowly."""
    return bytes(frame.buf)


def choose_copy() -> Callable[[pj.MediaFrame], bytes]:
    """The fast copy if this build's frames are laid out as it expects."""
    probe = pj.MediaFrame()
    content = bytes(index % 251 for index in range(FRAME_BYTES))
    probe.buf = pj.ByteVector(content)
    probe.size = FRAME_BYTES
    if copy_by_address(probe) == content:
        return copy_by_address
    log.warning("frames.slow_copy", reason="this build lays MediaFrame out differently")
    return copy_by_buffer if hasattr(pj.ByteVector, "copy_to_bytearray") else copy_by_value


GATHER_S = 0.002
"""How long the frames of one tick are gathered before they are delivered."""


class FrameHub:
    """Carries frames to the loop; any thread may put, only the loop takes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._frames: deque[tuple[FrameTo, bytes]] = deque()
        self._is_woken = False

    def put(self, to: FrameTo, frame: bytes) -> None:
        """Hand a frame over; the first of a tick wakes the loop."""
        self._frames.append((to, frame))
        if not self._is_woken:
            self._is_woken = True
            self._loop.call_soon_threadsafe(self._deliver_soon)

    def _deliver_soon(self) -> None:
        """Awake already, the loop would take frame after frame, and keep the clock thread from the next one."""
        self._loop.call_later(GATHER_S, self._deliver)

    def _deliver(self) -> None:
        self._is_woken = False
        while self._frames:
            to, frame = self._frames.popleft()
            to(frame)


class FramePort(pj.AudioMediaPort):
    """A conference port that hands what it hears to the hub while it is lent to a call."""

    def __init__(self, hub: FrameHub, copy: Callable[[pj.MediaFrame], bytes]) -> None:
        super().__init__()
        self._hub = hub
        self._copy = copy
        self._to: FrameTo | None = None
        self._threads_kept: set[int] = set()
        frames = pj.MediaFormatAudio()
        frames.type = pj.PJMEDIA_TYPE_AUDIO
        frames.clockRate = SAMPLE_RATE_HZ
        frames.channelCount = 1
        frames.bitsPerSample = 16
        frames.frameTimeUsec = int(FRAME_S * 1_000_000)
        self.createPort("frames", frames)  # last: the clock thread may call from here on

    def lend(self, to: FrameTo) -> None:
        """Hand frames to `to` from now on."""
        self._to = to

    def take_back(self) -> None:
        """Hand frames to nobody."""
        self._to = None

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        """Called by PJMEDIA on its clock thread, each tick."""
        thread = threading.get_ident()
        if thread not in self._threads_kept:
            # Otherwise Python makes and destroys a thread state for each of 50 frames a second.
            self._threads_kept.add(thread)
            ctypes.pythonapi.PyGILState_Ensure()
        to = self._to
        if to is not None and frame.size == FRAME_BYTES:
            self._hub.put(to, self._copy(frame))


class FramePorts:
    """The pool of ports. They are made when first needed and never dropped."""

    def __init__(self, hub: FrameHub) -> None:
        self._hub = hub
        self._copy = choose_copy()
        self._idle: list[FramePort] = []
        self._all: list[FramePort] = []

    @property
    def lent(self) -> int:
        """How many ports hand frames to somebody."""
        return len(self._all) - len(self._idle)

    def lend(self, to: FrameTo) -> FramePort:
        """A port that hands what it hears to `to`. Raises pj.Error where no conference slot is left."""
        if self._idle:
            port = self._idle.pop()
        else:
            port = FramePort(self._hub, self._copy)
            self._all.append(port)
        port.lend(to)
        return port

    def take_back(self, port: FramePort) -> None:
        """The port is not used any more; nothing may be connected to it."""
        port.take_back()
        self._idle.append(port)

    def destroy(self) -> None:
        """Destroy all ports while they are still held, which is the safe order; only before the library ends."""
        for port in self._all:
            port.take_back()
            pj.AudioMediaPort.__swig_destroy__(port)
        self._idle.clear()
        self._all.clear()
