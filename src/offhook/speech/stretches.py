"""Cuts a recording where nobody speaks, into stretches that a recogniser can hear one after another."""

import wave
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from offhook.speech.ear import Ear
from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ

BEFORE_FRAMES = 25
"""Half a second before somebody speaks is heard too: words begin softly."""
LONG_S = 8.0
"""A stretch of this length is over at the next pause."""
PAUSE_S = 0.6
SILENCE_S = 2.0
"""What ends a stretch however short it is."""
LONGEST_S = 25.0
"""Longer ones would not find room on their way to a recogniser."""

Stretch = tuple[bytes, ...]
"""Frames of 20 ms, 16-bit mono PCM at 8 kHz, in which somebody speaks."""


def stretches(path: Path) -> Iterator[Stretch]:
    """What is spoken in a WAV file of 16-bit PCM at 8 kHz, the left channel of two. Reads as it goes.

    Raises OSError, and wave.Error or EOFError for what is no such file.
    """
    cut = _Cut()
    for frame in _frames(path):
        if (whole := cut.hear(frame)) is not None:
            yield whole
    if (rest := cut.rest()) is not None:
        yield rest


def _frames(path: Path) -> Iterator[bytes]:
    with wave.open(str(path), "rb") as file:
        channels = file.getnchannels()
        if file.getsampwidth() != SAMPLE_BYTES or file.getframerate() != SAMPLE_RATE_HZ:
            raise wave.Error(f"{path.name} does not hold 16-bit samples at {SAMPLE_RATE_HZ} Hz")
        while pcm := file.readframes(FRAME_BYTES // SAMPLE_BYTES):
            one = pcm if channels == 1 else array("h", pcm)[::channels].tobytes()
            yield one.ljust(FRAME_BYTES, b"\0")


@dataclass(slots=True)
class _Cut:
    """The stretch that is being collected."""

    _ear: Ear = field(default_factory=Ear)
    _before: "deque[bytes]" = field(default_factory=lambda: deque(maxlen=BEFORE_FRAMES))
    _frames: list[bytes] = field(default_factory=list)
    _heard: int = 0

    def hear(self, frame: bytes) -> Stretch | None:
        """Take the next frame; a stretch that is over with it."""
        self._heard += 1
        now = self._heard * FRAME_S
        self._ear.hear(frame, now)
        if self._ear.last_voiced_at is None:
            self._before.append(frame)
            return None
        if not self._frames:
            self._frames = [*self._before]
            self._before.clear()
        self._frames.append(frame)
        length_s, quiet_s = len(self._frames) * FRAME_S, now - self._ear.last_voiced_at
        is_over = quiet_s >= SILENCE_S or (length_s >= LONG_S and quiet_s >= PAUSE_S) or length_s >= LONGEST_S
        return self.rest() if is_over else None

    def rest(self) -> Stretch | None:
        """What was collected; None where nobody spoke."""
        whole, self._frames = tuple(self._frames), []
        self._ear.forget()
        return whole or None
