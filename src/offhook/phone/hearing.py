"""The phone's ear: finds stretches of sound in what comes from the far end, and keeps it all."""

import asyncio
import math
from array import array
from collections.abc import Callable

from offhook.phone.report import Sound
from offhook.speech.pcm import FRAME_S

LOUD_RMS = 150
"""From here on a frame is sound; a G.711 line without anybody on it stays below 10."""
GAP_S = 0.4
"""A shorter silence belongs to the sound around it."""


class Hearing:
    """Takes frames; `clock` gives seconds since the phone dialled."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._changed = asyncio.Event()
        self._recorded = bytearray()
        self._first_at: float | None = None
        self.sounds: list[Sound] = []
        """Stretches of sound so far; the last may still go on."""

    def hear(self, frame: bytes) -> None:
        """Take 20 ms of PCM."""
        now = self._clock()
        if self._first_at is None:
            self._first_at = now - FRAME_S
        self._recorded += frame
        if rms(frame) >= LOUD_RMS:
            if self.sounds and now - self.sounds[-1].end <= GAP_S:
                self.sounds[-1].end = now
            else:
                self.sounds.append(Sound(begin=now - FRAME_S, end=now))
        self._changed.set()

    async def their_turn(self, *, since: float, patience_s: float, quiet_s: float, longest_s: float) -> None:
        """Return when the far end has spoken after `since` and then been quiet for `quiet_s`.

        A far end that says nothing within `patience_s`, or does not stop within `longest_s`, is not waited for.
        """
        while True:
            now = self._clock()
            spoke = [sound for sound in self.sounds if sound.end > since]
            if spoke and now - spoke[-1].end >= quiet_s:
                return
            if now - since >= (longest_s if spoke else patience_s):
                return
            self._changed.clear()
            await self._changed.wait()

    @property
    def recording(self) -> bytes:
        """All PCM since the first frame."""
        return bytes(self._recorded)

    def part(self, sound: Sound, *, margin_s: float = 0.2) -> bytes:
        """The PCM of one stretch, with a margin of silence around it."""
        if self._first_at is None:
            return b""
        begin = max(0, int((sound.begin - margin_s - self._first_at) * 8000)) * 2
        end = max(0, int((sound.end + margin_s - self._first_at) * 8000)) * 2
        return bytes(self._recorded[begin:end])


def rms(frame: bytes) -> float:
    """The loudness of 16-bit PCM."""
    samples = array("h", frame)
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples)))
