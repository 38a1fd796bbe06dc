"""Sound as vendors send it, brought to 16-bit mono PCM at 8 kHz while it arrives: raw PCM, µ-law and WAV.

Other formats (MP3 and the like) are read whole, by the decoder of sound files.
"""

import re
import struct
from typing import Protocol

import numpy as np
import numpy.typing as npt
import soxr

from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ

LEAST_RATE_HZ, MOST_RATE_HZ = 4_000, 192_000
MOST_CHANNELS = 8
MOST_SOUND_BYTES = 64 * 1024 * 1024
"""Of one text, as it comes: a voice may send without end."""
BESIDES_S = 60.0
"""What a text may last besides its characters: all the pauses that its marks may ask for."""
A_CHARACTER_S = 2.0
"""Slow speech takes a tenth of it."""
MOST_TOLD_CHARACTERS = 200
MOST_HEAD_BYTES = 65_536
"""Of a WAV file, before its sound begins."""
PCM, ULAW, EXTENSIBLE = 1, 7, 0xFFFE
"""WAV format codes."""


class NotSound(ValueError):
    """What came is no sound that we know; the text says why, and is cut where a vendor made it long."""

    def __init__(self, why: str) -> None:
        super().__init__(why if len(why) <= MOST_TOLD_CHARACTERS else f"{why[: MOST_TOLD_CHARACTERS - 1]}…")


class Allowance:
    """How much sound a text may become: far more than anybody takes to say it, and not without end."""

    def __init__(self, text: str) -> None:
        self._characters = len(text)
        self._most = min(
            MOST_SOUND_BYTES,
            round((BESIDES_S + A_CHARACTER_S * self._characters) * SAMPLE_RATE_HZ * SAMPLE_BYTES),
        )
        self._left = self._most

    def spent_on(self, pcm: bytes) -> bytes:
        """`pcm`, 16-bit mono at 8 kHz. Raises NotSound where it is too much by now."""
        self._left -= len(pcm)
        if self._left < 0:
            most_s = self._most // (SAMPLE_RATE_HZ * SAMPLE_BYTES)
            raise NotSound(f"more than {most_s:,} s of sound for {self._characters:,} characters")
        return pcm


class Reading(Protocol):
    """Takes bytes as they come."""

    def feed(self, received: bytes) -> bytes:
        """PCM of what can be read by now. Raises NotSound."""

    def finish(self) -> bytes:
        """PCM of the rest. Raises NotSound where nothing, or only half of it, came."""


class RawReading:
    """16-bit little-endian PCM, or µ-law, of any rate."""

    def __init__(self, rate_hz: int, *, channels: int = 1, is_ulaw: bool = False) -> None:
        if not LEAST_RATE_HZ <= rate_hz <= MOST_RATE_HZ or not 1 <= channels <= MOST_CHANNELS:
            raise NotSound(f"sound of {rate_hz} samples a second in {channels} channels")
        self._channels = channels
        self._is_ulaw = is_ulaw
        self._unit = channels * (1 if is_ulaw else 2)
        self._rest = b""
        self._received = 0
        self._resampler = (
            soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, "int16", "HQ")
            if rate_hz != SAMPLE_RATE_HZ
            else None
        )

    def feed(self, received: bytes) -> bytes:
        """PCM of what is whole. Raises NotSound where it never ends."""
        self._received += len(received)
        if self._received > MOST_SOUND_BYTES:
            raise NotSound(f"more than {MOST_SOUND_BYTES // 1_048_576} MB")
        data = self._rest + received
        whole = len(data) // self._unit * self._unit
        self._rest = data[whole:]
        if not whole:
            return b""
        samples = self._mono(data[:whole])
        if self._resampler is None:
            return samples.tobytes()
        return bytes(self._resampler.resample_chunk(samples).tobytes())

    def finish(self) -> bytes:
        """What the resampler still holds; half a sample is lost."""
        if self._resampler is None:
            return b""
        return bytes(self._resampler.resample_chunk(np.zeros(0, np.int16), last=True).tobytes())

    def _mono(self, data: bytes) -> npt.NDArray[np.int16]:
        samples = _ULAW[np.frombuffer(data, np.uint8)] if self._is_ulaw else np.frombuffer(data, "<i2")
        if self._channels > 1:
            samples = samples.reshape(-1, self._channels).mean(axis=1)
        mono: npt.NDArray[np.int16] = samples.astype(np.int16)
        return mono


class WavReading:
    """A WAV file of 16-bit PCM or µ-law, whose header need not know how long it is."""

    def __init__(self) -> None:
        self._head = b""
        self._sound: RawReading | None = None
        self._left: int | None = None

    def feed(self, received: bytes) -> bytes:
        """PCM, once the header is there."""
        if self._sound is None:
            self._head += received
            received = self._begin()
        if self._sound is None:
            return b""
        if self._left is not None:
            received, self._left = received[: self._left], max(0, self._left - len(received))
        return self._sound.feed(received)

    def finish(self) -> bytes:
        """The rest of the sound."""
        if self._sound is None:
            raise NotSound("a WAV file without sound" if self._head else "nothing")
        return self._sound.finish()

    def _begin(self) -> bytes:
        """Read the header, if it is all there; what follows it."""
        head = self._head
        if not b"RIFF".startswith(head[:4]) or not b"WAVE".startswith(head[8:12]):
            raise NotSound("what does not begin like a WAV file")
        at = 12
        while at + 8 <= len(head):
            name, size = struct.unpack_from("<4sI", head, at)
            at += 8
            if name == b"data":
                if self._sound is None:
                    raise NotSound("a WAV file that does not say its format")
                # A header that was written before the sound was known says 0, or as much as can be.
                self._left = None if size in (0, 0xFFFFFFFF) or size >= 0x7FFFF000 else size
                self._head = b""
                return head[at:]
            if name == b"fmt ":
                if at + 16 > len(head):
                    break
                self._format(head[at : at + 40])
            at += size + size % 2
        if len(head) > MOST_HEAD_BYTES:
            raise NotSound("a WAV file that never comes to its sound")
        self._sound = None
        return b""

    def _format(self, chunk: bytes) -> None:
        code, channels, rate_hz, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
        if code == EXTENSIBLE and len(chunk) >= 26:
            code = struct.unpack_from("<H", chunk, 24)[0]
        if (code, bits) not in ((PCM, 16), (ULAW, 8)):
            raise NotSound(f"a WAV file of format {code} with {bits} bits a sample")
        self._sound = RawReading(rate_hz, channels=channels, is_ulaw=code == ULAW)


def reading_of(content_type: str) -> Reading | None:
    """How to read what has this Content-Type; None for a sound that only the decoder reads. Raises NotSound."""
    kind, _, parameters = content_type.lower().partition(";")
    kind = kind.strip()
    rate = re.search(r"\brate=\"?(\d{1,6})", parameters)
    rate_hz = int(rate[1]) if rate else SAMPLE_RATE_HZ
    channels = re.search(r"\bchannels=\"?(\d)", parameters)
    if kind in ("audio/l16", "audio/pcm", "audio/raw", "audio/x-raw"):
        return RawReading(rate_hz, channels=int(channels[1]) if channels else 1)
    if kind in ("audio/basic", "audio/x-mulaw", "audio/mulaw", "audio/pcmu"):
        return RawReading(rate_hz, is_ulaw=True)
    if kind in ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"):
        return WavReading()
    if kind.startswith("audio/") or kind in ("application/ogg", "application/octet-stream"):
        return None
    raise NotSound(kind or "something without a Content-Type")


def _ulaw_table() -> npt.NDArray[np.int16]:
    """ITU-T G.711, as 16-bit samples."""
    codes = ~np.arange(256, dtype=np.int32) & 0xFF
    size = (((codes & 0x0F) << 3) + 0x84 << ((codes & 0x70) >> 4)) - 0x84
    return np.where(codes & 0x80, -size, size).astype(np.int16)


_ULAW = _ulaw_table()
