"""Sounds that are played while they are made: frames go from a growing buffer to the conference bridge.

A file player needs the whole file, so here a port of ours is asked for each frame, on PJMEDIA's clock thread. It takes what
has come by then; where nothing has, it plays silence and goes on a tick after some has. Ports come from a pool and are never
dropped, as those that listen; whoever gives one back has disconnected it.
"""

import asyncio
import ctypes
import threading
from collections import deque

import pjsua2 as pj

from offhook.call.growing import BYTES_PER_S, SAMPLE_BYTES, GrowingSound
from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ

RESUME_BYTES = BYTES_PER_S // 10
"""After a gap, how much must have come before it goes on: a trickle would be heard as one gap after another."""
SILENCE = bytes(FRAME_BYTES)
PATTERN = bytes(index % 251 for index in range(FRAME_BYTES))
FRAME = ctypes.c_char * FRAME_BYTES
POINTER = ctypes.c_uint64


class Feed:
    """One playing of a growing sound, from a place in it to its end. Made on the event loop."""

    def __init__(self, sound: GrowingSound, *, from_s: float = 0.0) -> None:
        self._sound = sound
        self._at = round(from_s * SAMPLE_RATE_HZ) * SAMPLE_BYTES
        self._is_waiting = False
        self._loop = asyncio.get_running_loop()
        self._done = asyncio.Event()
        self._is_told = False

    async def done(self) -> None:
        """Returns once all was played."""
        await self._done.wait()

    def frame(self) -> bytes:
        """The next 20 ms; silence where there are none yet, or none any more. Called on the clock thread."""
        is_over = self._sound.is_over  # first: what comes after this look is found at the next tick
        wanted = RESUME_BYTES if self._is_waiting and not is_over else FRAME_BYTES
        pcm = self._sound.read(self._at, wanted)
        if len(pcm) < wanted and not is_over:
            self._is_waiting = True
            return SILENCE
        self._is_waiting = False
        if not pcm:
            self._tell_done()
            return SILENCE
        pcm = pcm[:FRAME_BYTES]
        self._at += len(pcm)
        self._sound.played_s = max(self._sound.played_s, self._at / BYTES_PER_S)
        return pcm if len(pcm) == FRAME_BYTES else pcm + SILENCE[len(pcm) :]

    def _tell_done(self) -> None:
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon_threadsafe(self._done.set)


class FeedPort(pj.AudioMediaPort):
    """A conference port that says what its feed says, while it has one."""

    def __init__(self) -> None:
        super().__init__()
        self._feed: Feed | None = None
        self._threads_kept: set[int] = set()
        self._out = pj.ByteVector(PATTERN)
        self._address = _address_of(self._out)
        frames = pj.MediaFormatAudio()
        frames.type = pj.PJMEDIA_TYPE_AUDIO
        frames.clockRate = SAMPLE_RATE_HZ
        frames.channelCount = 1
        frames.bitsPerSample = 16
        frames.frameTimeUsec = int(FRAME_S * 1_000_000)
        self.createPort("feed", frames)  # last: the clock thread may call from here on

    def lend(self, feed: Feed | None) -> None:
        """Say what `feed` says from now on; nothing with None."""
        self._feed = feed

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        """Called by PJMEDIA on its clock thread, each tick while somebody hears it."""
        thread = threading.get_ident()
        if thread not in self._threads_kept:
            # Otherwise Python makes and destroys a thread state for each of 50 frames a second.
            self._threads_kept.add(thread)
            ctypes.pythonapi.PyGILState_Ensure()
        feed = self._feed
        pcm = feed.frame() if feed is not None else SILENCE
        if self._address:
            ctypes.memmove(self._address, pcm, FRAME_BYTES)
            frame.buf = self._out
        else:
            frame.buf = pj.ByteVector(pcm)
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.size = FRAME_BYTES


class FeedPorts:
    """The pool. Ports are made when first needed, the one that has been idle for longest is lent, and none is ever dropped.
    Everything here runs on the owner thread."""

    def __init__(self) -> None:
        self._idle: deque[FeedPort] = deque()
        self._all: list[FeedPort] = []

    def lend(self, feed: Feed) -> FeedPort:
        """A port that plays `feed`. Raises pj.Error where no conference slot is left."""
        if self._idle:
            port = self._idle.popleft()
        else:
            port = FeedPort()
            self._all.append(port)
        port.lend(feed)
        return port

    def take_back(self, port: FeedPort) -> None:
        """The port is not used any more; nothing may be connected to it."""
        port.lend(None)
        self._idle.append(port)

    def destroy(self) -> None:
        """Destroy all ports while they are still held; only before the library ends."""
        for port in self._all:
            port.lend(None)
            pj.AudioMediaPort.__swig_destroy__(port)
        self._idle.clear()
        self._all.clear()


def _address_of(vector: "pj.ByteVector") -> int:
    """Where the bytes of a vector that holds the pattern lie; 0 where this build lays it out otherwise, and each frame is
    made the slow way."""
    address: int = POINTER.from_address(int(vector.this)).value
    return address if FRAME.from_address(address).raw == PATTERN else 0
