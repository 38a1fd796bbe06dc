"""Recordings of scripted calls: real WAV files, as long as the block lasted, with the caller's voice where
they spoke."""

import asyncio
from array import array
from collections.abc import Callable
from pathlib import Path

from offhook.call.errors import OffhookError
from offhook.speech.pcm import FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ
from offhook.speech.wav import wav_header
from offhook.testing.caller_voice import SILENCE, VOWEL

Voices = Callable[[], list[tuple[float, float]]]
"""When somebody spoke whom the recording hears: (begin, end) on the loop's clock."""


class ScriptedTaping:
    """Fills `call.port.Taping`. It begins when it is made."""

    def __init__(self, path: Path, voices: Voices, disk: "ScriptedDisk", *, channels: int) -> None:
        """Raises OffhookError where the file cannot be made."""
        self._path = path
        self._voices = voices
        self._disk = disk
        self._channels = channels
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._ended_at: float | None = None
        try:
            path.write_bytes(wav_header(0, channels=channels))
        except OSError as error:
            raise OffhookError(f"{path.name} cannot be recorded to: {error.strerror}") from error

    @property
    def seconds(self) -> float:
        """How long it is so far."""
        until = [self._loop.time()]
        until += [moment for moment in (self._ended_at, self._disk.full_at) if moment is not None]
        return max(0.0, min(until) - self._began_at)

    async def broke(self) -> str:
        """Returns when the script has filled the disk."""
        await self._disk.is_full.wait()
        return "the disk is full"

    def finish(self) -> None:
        """The end of the block, or of the call: write what was to be heard."""
        if self._ended_at is not None:
            return
        self._ended_at = self._loop.time()
        samples = round(self.seconds * SAMPLE_RATE_HZ)
        frames = [SILENCE] * (samples * SAMPLE_BYTES // len(SILENCE) + 1)
        for begin, end in self._voices():
            first, last = (round((at - self._began_at) / FRAME_S) for at in (begin, end))
            for index in range(max(0, first), min(last, len(frames))):
                frames[index] = VOWEL[index % len(VOWEL)]
        pcm = b"".join(frames)[: samples * SAMPLE_BYTES]
        if self._channels > 1:
            both = array("h", bytes(2 * len(pcm)))
            both[0::2] = array("h", pcm)
            pcm = both.tobytes()
        self._path.write_bytes(wav_header(len(pcm), channels=self._channels) + pcm)


class ScriptedDisk:
    """Where the recordings of a scripted call go."""

    def __init__(self) -> None:
        self.is_full = asyncio.Event()
        self.full_at: float | None = None

    def fill(self) -> None:
        """Nothing more can be written."""
        self.full_at = asyncio.get_running_loop().time()
        self.is_full.set()
