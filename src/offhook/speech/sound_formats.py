"""Sound as others write it, and as it is inside: linear, 16 bits, 8 kHz (`pcm`).

Both ways keep something back between two pieces: half a sample, what a resampler has not made up its mind about, and what
is not a whole frame.
"""

from typing import Any

from offhook.speech import mu_law
from offhook.speech.pcm import FRAME_S, SAMPLE_BYTES, SAMPLE_RATE_HZ
from offhook.verbs import Coding, SoundFormat


class SoundWriter:
    """Writes frames in another format, in frames as long as those that it is given."""

    def __init__(self, sound_format: SoundFormat) -> None:
        self._is_mu_law = sound_format.coding is Coding.MU_LAW
        self._frame_bytes = round(sound_format.rate_hz * FRAME_S) * SAMPLE_BYTES
        self._resampler = _resampler(SAMPLE_RATE_HZ, sound_format.rate_hz)
        self._rest = b""

    def write(self, frame: bytes) -> tuple[bytes, ...]:
        """The frames that can be written by now: one each time, after none at first where it is resampled."""
        if self._resampler is not None:
            self._rest += _resampled(self._resampler, frame)
            whole = len(self._rest) // self._frame_bytes
            cut = [self._rest[at * self._frame_bytes :][: self._frame_bytes] for at in range(whole)]
            self._rest = self._rest[whole * self._frame_bytes :]
            return tuple(cut)
        return (mu_law.encode(frame) if self._is_mu_law else frame,)


class SoundReader:
    """Reads sound of one format as it comes."""

    def __init__(self, sound_format: SoundFormat) -> None:
        self.sound_format = sound_format
        self._resampler = _resampler(sound_format.rate_hz, SAMPLE_RATE_HZ)
        self._half = b""

    def read(self, sound: bytes) -> bytes:
        """What it is inside, as far as that is known by now."""
        if self.sound_format.coding is Coding.MU_LAW:
            return mu_law.decode(sound)
        data = self._half + sound
        whole = len(data) & ~1
        self._half = data[whole:]
        return _resampled(self._resampler, data[:whole]) if self._resampler is not None else data[:whole]

    def finish(self) -> bytes:
        """What was kept back; what is read next begins anew."""
        self._half = b""
        if self._resampler is None:
            return b""
        rest = _resampled(self._resampler, b"", is_last=True)
        self._resampler = _resampler(self.sound_format.rate_hz, SAMPLE_RATE_HZ)
        return rest


def _resampler(from_hz: int, to_hz: int) -> Any:
    """None where there is nothing to do."""
    if from_hz == to_hz:
        return None
    import soxr  # brings NumPy along, which not every worker needs

    return soxr.ResampleStream(from_hz, to_hz, 1, "int16", "MQ")


def _resampled(resampler: Any, pcm: bytes, *, is_last: bool = False) -> bytes:
    import numpy as np

    return bytes(resampler.resample_chunk(np.frombuffer(pcm, "<i2"), last=is_last).tobytes())
