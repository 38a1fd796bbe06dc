"""One measured caller: a telephone of raw sockets that notes when each packet that matters left it."""

import asyncio
import audioop
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import cast

from tests.sip.peer import LOUD, Heard, Peer

from bench.calls import AUDIBLE
from bench.speech.corpus import TEST_CALLERS, Caller, Utterance, audio
from bench.speech.line import Condition
from offhook.speech.ear import Ear
from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ

ULAW = 0
PATIENCE_S = 10.0
"""How long anything may take before a sample counts as missed."""


class TimedPeer(Peer):
    """Notes when it began to press and to speak."""

    def __init__(self) -> None:
        super().__init__()
        self.pressed_at: list[float] = []
        """When the first packet of each key left."""
        self.voiced_at: list[float] = []
        """When each packet with sound left."""

    def _packet(self, payload: bytes, payload_type: int, timestamp: int, marker: bool) -> None:
        if payload_type != ULAW:
            if marker:
                self.pressed_at.append(self.loop.time())
        elif _is_loud(payload):
            self.voiced_at.append(self.loop.time())
        super()._packet(payload, payload_type, timestamp, marker)

    async def speaks(self, pcm: bytes) -> float:
        """Say something; returns once its first sound left. The moment of its first sample, as a caller's mouth has it:
        a packet leaves when the last sample that is in it was said."""
        before = len(self.voiced_at)
        self.say(pcm)
        async with asyncio.timeout(PATIENCE_S):
            while len(self.voiced_at) == before:
                await asyncio.sleep(0.002)
        return self.voiced_at[before] - (_first_loud_frame(pcm) + 1) * FRAME_S

    def first_sound_since(self, at: float) -> Heard | None:
        """The first packet with sound that came after `at`."""
        for packet in self._from(at):
            if packet.is_sound:
                return packet
        return None

    def last_sound_since(self, at: float) -> Heard | None:
        """The last one."""
        return next((packet for packet in reversed(self._from(at)) if packet.is_sound), None)

    async def hears_since(self, at: float, *, within_s: float = PATIENCE_S) -> Heard:
        """The first packet with sound after `at`, once it came. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            await self.until(lambda: self.first_sound_since(at) is not None)
        found = self.first_sound_since(at)
        assert found is not None
        return found

    def _from(self, at: float) -> list[Heard]:
        heard = self.heard
        index = len(heard)
        while index and heard[index - 1].at > at:
            index -= 1
        return heard[index:]


@cache
def _is_loud(payload: bytes) -> bool:
    return audioop.rms(audioop.ulaw2lin(payload, 2), 2) >= LOUD


@cache
def _first_loud_frame(pcm: bytes) -> int:
    line = audioop.lin2ulaw(pcm, 2)
    frames = range(0, len(line), FRAME_BYTES // 2)
    return next(
        number for number, start in enumerate(frames) if _is_loud(line[start : start + FRAME_BYTES // 2])
    )


@asynccontextmanager
async def calling(user: str, port: int) -> AsyncIterator[TimedPeer]:
    """A block with an answered call. Raises RuntimeError where it is refused."""
    peer = cast("TimedPeer", await TimedPeer.open())
    try:
        answer = await peer.invite(user, port)
        if answer.status != 200:
            raise RuntimeError(f"a call of the bench was refused: {answer.start}")
        yield peer
        if not peer.over.is_set():
            await peer.bye()
    finally:
        await peer.close()


def spoken(text: str, caller: Caller | int = 0) -> bytes:
    """A text as a caller of the test set says it, with 0.4 s of silence on both sides; PCM at 8 kHz."""
    who = TEST_CALLERS[caller % len(TEST_CALLERS)] if isinstance(caller, int) else caller
    return audio(Utterance(who, (), text, None), Condition.CLEAN, seed=0)


def with_pause(pcm: bytes, pause_s: float) -> bytes:
    """The same, with a pause in the middle of what is said: at its faintest moment there."""
    begin, end = true_begin_s(pcm), true_end_s(pcm)
    frames = [pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm), FRAME_BYTES)]
    middle = range(int((begin + 0.3 * (end - begin)) / FRAME_S), int((begin + 0.7 * (end - begin)) / FRAME_S))
    at = min(middle, key=lambda number: audioop.rms(frames[number], 2))
    silence = bytes(2 * int(pause_s * SAMPLE_RATE_HZ))
    return b"".join(frames[:at]) + silence + b"".join(frames[at:])


def true_begin_s(pcm: bytes) -> float:
    """When the first audible sample comes."""
    samples = array("h", pcm)
    return next((index for index, sample in enumerate(samples) if abs(sample) > AUDIBLE), 0) / SAMPLE_RATE_HZ


def true_end_s(pcm: bytes) -> float:
    """When the last audible sample is over."""
    samples = array("h", pcm)
    found = (index for index in range(len(samples) - 1, -1, -1) if abs(samples[index]) > AUDIBLE)
    return next(found, 0) / SAMPLE_RATE_HZ


def last_voiced_s(pcm: bytes) -> float:
    """When the server's ear hears the last voiced frame, as it comes over a µ-law line."""
    line = audioop.ulaw2lin(audioop.lin2ulaw(pcm + bytes(FRAME_BYTES * 100), 2), 2)
    ear = Ear()
    for index in range(len(line) // FRAME_BYTES):
        ear.hear(line[index * FRAME_BYTES : (index + 1) * FRAME_BYTES], (index + 1) * FRAME_S)
    return ear.last_voiced_at or 0.0
