"""Headers of recordings: written, judged, repaired, and two sides made one."""

import struct
import wave
from pathlib import Path

import pytest

from offhook.speech.wav import WavUnusable, is_whole, join_sides, repair_wav, sides_of, wav_header


def pcm(*samples: int) -> bytes:
    return struct.pack(f"<{len(samples)}h", *samples)


def read(path: Path) -> tuple[int, bytes]:
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth()) == (8000, 2)
        return file.getnchannels(), file.readframes(file.getnframes())


@pytest.mark.parametrize("told", [0, 2, 9_999_999])
def test_a_header_that_a_crash_left_is_repaired_from_the_size(tmp_path: Path, told: int) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(wav_header(told) + pcm(*range(8000)))
    assert not is_whole(path)
    assert repair_wav(path) == 1.0
    assert is_whole(path)
    assert read(path) == (1, pcm(*range(8000)))


def test_a_whole_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    content = wav_header(4) + pcm(1, 2)
    path.write_bytes(content)
    assert repair_wav(path) == pytest.approx(2 / 8000)
    assert path.read_bytes() == content


def test_a_chunk_before_the_sound_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    head = wav_header(0)
    path.write_bytes(head[:36] + b"LIST" + struct.pack("<I", 4) + b"INFO" + head[36:] + pcm(5, 6))
    assert repair_wav(path) == pytest.approx(2 / 8000)
    assert read(path) == (1, pcm(5, 6))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"GIF89a" * 20, wav_header(0)[:30]])
def test_what_is_no_recording_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(content)
    assert not is_whole(path)
    with pytest.raises(WavUnusable, match=r"call\.wav"):
        repair_wav(path)
    assert path.read_bytes() == content


def test_two_sides_become_one_file_and_the_shorter_one_ends_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    left, right = sides_of(path)
    left.write_bytes(wav_header(6) + pcm(1, 2, 3))
    right.write_bytes(wav_header(4) + pcm(-1, -2))
    join_sides(path)
    assert read(path) == (2, pcm(1, -1, 2, -2, 3, 0))
    assert [found.name for found in tmp_path.iterdir()] == ["call.wav"]


def test_sides_of_a_crash_are_joined_by_the_repair(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    left, right = sides_of(path)
    left.write_bytes(wav_header(0) + pcm(*[7] * 100_000))
    right.write_bytes(wav_header(0) + pcm(*[8] * 100_000))
    assert repair_wav(path) == 12.5
    assert read(path) == (2, pcm(*[7, 8] * 100_000))


def test_a_side_that_is_lost_is_silence(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    sides_of(path)[1].write_bytes(wav_header(0) + pcm(4, 5))
    assert repair_wav(path) == pytest.approx(2 / 8000)
    assert read(path) == (2, pcm(0, 4, 0, 5))
