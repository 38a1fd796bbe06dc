"""Sound files of strangers to telephone audio: WAV, MP3, OGG (Vorbis and Opus), FLAC and what else libsndfile reads.

Read block by block, so that a file's header can promise what it likes.
"""

import io
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.vendors.embedded.library_calls import library_call

MAX_DURATION_S = 600
MAX_RATE_HZ = 384_000
MAX_CHANNELS = 16
BLOCK_S = 1.0
FULL_SCALE = 32767

Samples = npt.NDArray[np.float32]

MARKUP = ((b"<!doctype html", "HTML"), (b"<html", "HTML"), (b"<?xml", "XML"), (b"{", "JSON"))
FAMILIAR = ((b"ftyp", 4, "MPEG-4"), (b"\x1aE\xdf\xa3", 0, "WebM or Matroska"), (b"%PDF", 0, "PDF"))


class NotASound(Exception):
    """The bytes are no sound that can be played; the text says what they are instead."""


def decode(media: bytes, *, is_wanted: Callable[[], bool]) -> Iterator[bytes]:
    """16-bit mono PCM at 8 kHz of a sound file, a second at a time; channels are mixed.

    A file that breaks off gives what there is. Raises NotASound for what is no sound, or more than ten
    minutes of it.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(media)) as file:
            yield from _decode(file, is_wanted)
    except soundfile.LibsndfileError:
        raise NotASound(f"not a sound file{_looks_like(media)}") from None


def _decode(file: soundfile.SoundFile, is_wanted: Callable[[], bool]) -> Iterator[bytes]:
    if not (0 < file.samplerate <= MAX_RATE_HZ and 0 < file.channels <= MAX_CHANNELS):
        raise NotASound(
            f"a sound of {file.channels} channels at {file.samplerate} Hz, which cannot be played"
        )
    resampler = soxr.ResampleStream(file.samplerate, SAMPLE_RATE_HZ, 1, "float32", "HQ")
    block = int(BLOCK_S * file.samplerate)
    read = 0
    while is_wanted():
        samples = _read(file, block)
        read += len(samples)
        if read > MAX_DURATION_S * file.samplerate:
            raise NotASound(f"a sound longer than {MAX_DURATION_S // 60} minutes")
        is_last = len(samples) < block
        if is_last and not read:
            raise NotASound("a sound file without any sound in it")
        yield _to_pcm(resampler.resample_chunk(samples.mean(axis=1), last=is_last))
        if is_last:
            return


def _read(file: soundfile.SoundFile, count: int) -> Samples:
    """Up to `count` samples; fewer at the end, and where the file is damaged from there on."""
    try:
        with library_call():
            samples: Samples = file.read(count, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return np.zeros((0, file.channels), np.float32)
    return samples


def _to_pcm(samples: Samples) -> bytes:
    clean = np.nan_to_num(samples, nan=0.0, posinf=1.0, neginf=-1.0)
    return (np.clip(clean, -1.0, 1.0) * FULL_SCALE).astype("<i2").tobytes()


def _looks_like(media: bytes) -> str:
    if not media:
        return " (it is empty)"
    beginning = media[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, kind in MARKUP:
        if beginning.startswith(mark):
            return f" (it looks like {kind})"
    for mark, place, kind in FAMILIAR:
        if media[place : place + len(mark)] == mark:
            return f" (it looks like {kind})"
    return ""
