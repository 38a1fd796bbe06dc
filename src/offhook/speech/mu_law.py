"""Mu-law (ITU-T G.711): a sample in 8 bits, fine where it is soft and coarse where it is loud.

One look into a table a sample: the encoder's has an entry for each of the 16 bits, though it does not see the last two.
"""

import struct
from functools import cache

BIAS = 33
MOST_MAGNITUDE = 8158
"""Of a sample in 14 bits."""


def encode(pcm: bytes) -> bytes:
    """16-bit samples as mu-law, one byte each. An odd byte at the end is left out."""
    table = _encoder()
    return bytes(map(table.__getitem__, memoryview(pcm)[: len(pcm) & ~1].cast("H")))


def decode(sound: bytes) -> bytes:
    """Mu-law as 16-bit samples."""
    low, high = _decoder()
    pcm = bytearray(2 * len(sound))
    pcm[::2], pcm[1::2] = sound.translate(low), sound.translate(high)
    return bytes(pcm)


@cache
def _encoder() -> bytes:
    """By the 16 bits of a sample, read without a sign."""
    in_14_bits = (*range(8192), *range(-8192, 0))
    return b"".join(bytes((_encoded(sample),)) * 4 for sample in in_14_bits)


@cache
def _decoder() -> tuple[bytes, bytes]:
    """The lower and the upper bytes of the samples."""
    samples = struct.pack("<256h", *map(_decoded, range(256)))
    return samples[::2], samples[1::2]


def _encoded(sample: int) -> int:
    magnitude = min(abs(sample), MOST_MAGNITUDE) + BIAS
    segment = magnitude.bit_length() - 6
    step = (magnitude >> (segment + 1)) & 0x0F
    return (segment << 4 | step) ^ (0x7F if sample < 0 else 0xFF)


def _decoded(byte: int) -> int:
    turned = byte ^ 0xFF
    segment, step = (turned >> 4) & 0x07, turned & 0x0F
    magnitude = ((step << 1) + BIAS << segment) - BIAS
    return magnitude * (-4 if turned & 0x80 else 4)
