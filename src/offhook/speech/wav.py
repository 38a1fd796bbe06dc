"""WAV files of recordings: 16-bit PCM at 8 kHz, one channel or two. Writes headers, repairs what a crash
left, joins sides.

A recording of both sides in two channels is made of two files of one channel each, which lie beside the one
that they become: `x.wav` is joined of `x.left.wav` and `x.right.wav`.
"""

import os
import struct
from array import array
from pathlib import Path

from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ

HEADER_BYTES = 44
"""RIFF header, `fmt ` chunk of PCM, and the head of the `data` chunk."""
FIRST_BYTES = 12
CHUNK_HEAD_BYTES = 8
FORMAT_BYTES = 16
MOST_CHUNKS = 64
"""How many chunks may lie before the sound; a file with more is no recording."""
JOINED_SAMPLES = 1 << 16
"""How much is joined at a time: 8 s."""


class WavUnusable(ValueError):
    """A file is no WAV file, or holds no header to repair; the text names it."""


def wav_header(data_bytes: int, *, channels: int = 1) -> bytes:
    """The header of a file with so much sound."""
    block = SAMPLE_BYTES * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", HEADER_BYTES - CHUNK_HEAD_BYTES + data_bytes, b"WAVE", b"fmt ", FORMAT_BYTES, 1, channels),
        *(SAMPLE_RATE_HZ, SAMPLE_RATE_HZ * block, block, SAMPLE_BYTES * 8, b"data", data_bytes),
    )


def sides_of(path: Path) -> tuple[Path, Path]:
    """Where the left and the right side of a recording in two channels are written until it is whole."""
    return path.with_suffix(".left.wav"), path.with_suffix(".right.wav")


def repair_wav(path: Path) -> float:
    """Make a WAV file whole that was cut off, by its size; one that is whole stays as it is. Returns its
    seconds.

    Joins the two sides where only they are there. Raises WavUnusable, and OSError.
    """
    left, right = sides_of(path)
    if left.exists() or right.exists():
        join_sides(path)
    with path.open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        at, told, bytes_per_s = _find_sound(file.read(MOST_CHUNKS * HEADER_BYTES), path)
        there = size - at
        if told != there:
            file.seek(at - 4)
            file.write(struct.pack("<I", there))
            file.seek(4)
            file.write(struct.pack("<I", size - CHUNK_HEAD_BYTES))
    return there / bytes_per_s


def is_whole(path: Path) -> bool:
    """Whether a file's header tells of all that lies in it; False also where there is none."""
    try:
        with path.open("rb") as file:
            at, told, _ = _find_sound(file.read(MOST_CHUNKS * HEADER_BYTES), path)
            return at + told == os.fstat(file.fileno()).st_size
    except (OSError, WavUnusable):
        return False


def join_sides(path: Path) -> None:
    """Make one file of two channels out of its two sides, and remove them; the shorter one is filled with
    silence.

    It blocks for as long as reading and writing takes. What is cut short leaves the sides as they are.
    """
    sides = [side for side in sides_of(path) if side.exists()]
    for side in sides:
        repair_wav(side)
    left, right = sides_of(path)
    unfinished = path.with_suffix(".joined")
    samples = max(_samples(left), _samples(right))
    with unfinished.open("wb") as joined:
        joined.write(wav_header(samples * SAMPLE_BYTES * 2, channels=2))
        for at in range(0, samples, JOINED_SAMPLES):
            count = min(JOINED_SAMPLES, samples - at)
            both = array("h", bytes(count * SAMPLE_BYTES * 2))
            both[0::2] = _read(left, at, count)
            both[1::2] = _read(right, at, count)
            joined.write(both.tobytes())
    unfinished.replace(path)
    for side in sides:
        side.unlink()


def _samples(path: Path) -> int:
    return max(0, path.stat().st_size - HEADER_BYTES) // SAMPLE_BYTES if path.exists() else 0


def _read(path: Path, at: int, count: int) -> "array[int]":
    pcm = b""
    if path.exists():
        with path.open("rb") as file:
            file.seek(HEADER_BYTES + at * SAMPLE_BYTES)
            pcm = file.read(count * SAMPLE_BYTES)
    whole = pcm[: len(pcm) // SAMPLE_BYTES * SAMPLE_BYTES]
    return array("h", whole.ljust(count * SAMPLE_BYTES, b"\0"))


def _find_sound(head: bytes, path: Path) -> tuple[int, int, int]:
    """Where the sound begins, how long the header says it is, and how many bytes a second takes."""
    if head[:4] != b"RIFF" or head[8:FIRST_BYTES] != b"WAVE":
        raise WavUnusable(f"{path.name} is no WAV file: it does not begin with a RIFF header")
    at, bytes_per_s = FIRST_BYTES, SAMPLE_RATE_HZ * SAMPLE_BYTES
    while at + CHUNK_HEAD_BYTES <= len(head):
        name, size = struct.unpack_from("<4sI", head, at)
        at += CHUNK_HEAD_BYTES
        if name == b"data":
            return at, size, bytes_per_s
        if name == b"fmt " and at + FORMAT_BYTES <= len(head):
            bytes_per_s = struct.unpack_from("<I", head, at + 8)[0] or bytes_per_s
        at += size + size % 2
    raise WavUnusable(f"{path.name} holds no sound: its header has no data chunk")
