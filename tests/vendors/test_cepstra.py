"""The cepstra that the embedded recogniser hears: the same however audio arrives, and one row for each 10 ms."""

import numpy as np
import pytest

from offhook.speech.pcm import FRAME_BYTES, SAMPLE_RATE_HZ
from offhook.vendors.embedded.band_energies import BANDS, HOP, WINDOW, Frames
from offhook.vendors.embedded.cepstra import CEPSTRA, Cepstra
from offhook.vendors.embedded.conditioning import Conditioner
from offhook.vendors.embedded.noise_floor import NoiseFloor
from tests.speech_audio import caller_says, frames


def told(samples: Frames, length: int) -> Frames:
    cepstra = Cepstra()
    parts = [cepstra.of(samples[start : start + length]) for start in range(0, len(samples), length)]
    return np.frombuffer(b"".join((*parts, cepstra.finish())), "<f4").reshape(-1, CEPSTRA)


def speech() -> Frames:
    return np.frombuffer(caller_says("support"), "<i2").astype(np.float32)


@pytest.mark.parametrize("length", [1, 80, 160, 333])
def test_however_the_samples_arrive_the_cepstra_are_the_same(length: int) -> None:
    samples = speech()
    whole = told(samples, len(samples))
    assert np.allclose(told(samples, length), whole, atol=0.01)


def test_there_is_a_row_for_each_ten_milliseconds() -> None:
    samples = speech()
    assert len(told(samples, 160)) == (len(samples) - WINDOW) // HOP + 1


def test_without_samples_there_are_no_cepstra() -> None:
    assert Cepstra().finish() == b""
    assert len(told(np.ones(WINDOW - 1, np.float32), 160)) == 0


def test_loud_speech_and_silence_give_numbers_that_the_decoder_can_take() -> None:
    chance = np.random.default_rng(1)
    for level in (0.0, 1.0, 32_767.0):
        assert np.isfinite(told(chance.normal(0, level, SAMPLE_RATE_HZ).astype(np.float32), 160)).all()


def test_an_utterance_is_conditioned_to_nearly_as_many_rows_as_it_is_long() -> None:
    pcm = caller_says("opening hours", silence_s=0.1)
    conditioner = Conditioner()
    told_bytes = sum(len(conditioner.hear(frame)) for frame in frames(pcm))
    told_bytes += sum(map(len, conditioner.finish()))
    assert told_bytes / (4 * CEPSTRA) == pytest.approx(len(pcm) / FRAME_BYTES * 2, rel=0.2)


def test_silence_is_never_decoded() -> None:
    conditioner = Conditioner()
    assert [conditioner.hear(bytes(FRAME_BYTES)) for _ in range(100)] == [b""] * 100
    assert list(conditioner.finish()) == []


def steady(level: float, seconds: float) -> Frames:
    return np.full((int(seconds * 100), BANDS), level, np.float32)


def test_the_noise_is_what_was_heard_before_somebody_spoke_and_hardly_rises_with_the_voice() -> None:
    floor = NoiseFloor()
    floor.under(steady(5.0, 0.3))
    assert np.all(floor.under(steady(15.0, 0.5))[-1] < 7.0)


def test_noise_that_ends_is_forgotten_within_a_second() -> None:
    floor = NoiseFloor()
    floor.under(steady(15.0, 0.5))
    assert np.all(floor.under(steady(5.0, 1.0))[-1] < 5.5)


def test_one_click_at_the_beginning_is_no_noise() -> None:
    floor = NoiseFloor()
    floor.under(steady(20.0, 0.01))
    assert np.all(floor.under(steady(5.0, 0.5))[-1] < 5.5)
