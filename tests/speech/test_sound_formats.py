"""Mu-law against an implementation of another hand, and sound in other formats, there and back."""

import audioop
import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.speech import mu_law
from offhook.speech.sound_formats import SoundReader, SoundWriter
from offhook.verbs import Coding, SoundFormat

EVERY_SAMPLE = struct.pack("<65536h", *range(-32768, 32768))
MU_LAW = SoundFormat(Coding.MU_LAW)


def sine(seconds: float, rate_hz: int, hertz: float = 440.0) -> bytes:
    samples = (8000 * math.sin(2 * math.pi * hertz * n / rate_hz) for n in range(round(seconds * rate_hz)))
    return struct.pack(f"<{round(seconds * rate_hz)}h", *(int(sample) for sample in samples))


def crossings(pcm: bytes) -> int:
    return audioop.cross(pcm, 2)


def test_every_sample_and_every_byte_is_as_in_g_711() -> None:
    assert mu_law.encode(EVERY_SAMPLE) == audioop.lin2ulaw(EVERY_SAMPLE, 2)
    every_byte = bytes(range(256))
    assert mu_law.decode(every_byte) == audioop.ulaw2lin(every_byte, 2)


def test_half_a_sample_at_the_end_is_no_sample() -> None:
    assert mu_law.encode(b"\x00") == b""
    assert len(mu_law.encode(b"\x00\x00\x00")) == 1


@pytest.mark.parametrize("sound_format", [SoundFormat(), SoundFormat(Coding.LINEAR, 16_000), MU_LAW])
def test_frames_are_written_as_long_as_they_come(sound_format: SoundFormat) -> None:
    writer = SoundWriter(sound_format)
    pcm = sine(2.0, 8000)
    written = [frame for at in range(0, len(pcm), 320) for frame in writer.write(pcm[at : at + 320])]
    bytes_each = 160 if sound_format is MU_LAW else sound_format.rate_hz // 25
    assert {len(frame) for frame in written} == {bytes_each}
    assert 95 <= len(written) <= 100


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 24_000])
@settings(max_examples=25)
@given(cuts=st.lists(st.integers(1, 3000), min_size=1, max_size=30))
def test_sound_of_any_rate_is_read_in_any_pieces(rate_hz: int, cuts: list[int]) -> None:
    reader, sound, pcm = SoundReader(SoundFormat(Coding.LINEAR, rate_hz)), sine(0.5, rate_hz), b""
    at = 0
    for cut in cuts:
        pcm += reader.read(sound[at : at + cut])
        at += cut
    pcm += reader.read(sound[at:]) + reader.finish()
    assert len(pcm) == pytest.approx(8000, abs=32)
    assert crossings(pcm) == pytest.approx(440, abs=6)


def test_a_reader_begins_anew_after_its_end() -> None:
    reader = SoundReader(SoundFormat(Coding.LINEAR, 16_000))
    first = reader.read(sine(0.3, 16_000)) + reader.finish()
    assert reader.read(sine(0.3, 16_000)) + reader.finish() == first
