"""A beep is heard when it is over; voices, other tones and noise are none."""

import math
import random
from array import array
from itertools import chain

import pytest

from offhook.speech.beep_ear import BeepEar
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.testing.caller_voice import VOWEL

FRAME_SAMPLES = 160
SILENT = bytes(2 * FRAME_SAMPLES)


def tone(seconds: float, *frequencies: float, level: float = 5000, noise: float = 0) -> list[bytes]:
    """Frames of these tones together, with noise under them."""
    chance = random.Random(7)
    samples = array("h")
    for n in range(int(seconds * SAMPLE_RATE_HZ)):
        sound = sum(level * math.sin(2 * math.pi * hertz * n / SAMPLE_RATE_HZ) for hertz in frequencies)
        samples.append(int(sound + chance.uniform(-noise, noise)))
    octets = samples.tobytes()
    return [octets[at : at + 2 * FRAME_SAMPLES] for at in range(0, len(octets), 2 * FRAME_SAMPLES)]


def beeps(*frames: list[bytes]) -> list[int]:
    """The places of the frames with which a beep turned out to be over."""
    ear = BeepEar()
    return [place for place, frame in enumerate(chain(*frames)) if ear.hear(frame)]


@pytest.mark.parametrize("hertz", [620, 850, 1000, 1037, 1400, 2040])
@pytest.mark.parametrize("seconds", [0.2, 0.5, 2.0])
def test_a_tone_and_then_silence_is_a_beep(hertz: float, seconds: float) -> None:
    assert beeps([SILENT] * 20, tone(seconds, hertz), [SILENT] * 20) == [20 + round(seconds * 50)]


def test_it_may_be_soft_and_on_a_noisy_line() -> None:
    [over] = beeps(tone(0.5, 1000, level=1500, noise=300), tone(0.5, noise=300))
    assert over in (25, 26)


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param(list(VOWEL), id="a voice"),
        pytest.param(tone(1.0, 425), id="ringing"),
        pytest.param(tone(2.0, 440, 480), id="ringing elsewhere"),
        pytest.param(tone(0.3, 770, 1336), id="a key"),
        pytest.param(tone(0.1, 1000), id="a click of a tone"),
        pytest.param(tone(5.0, 1000), id="a hum"),
        pytest.param(tone(0.5, 1000, level=100), id="next to nothing"),
        pytest.param(tone(1.0, noise=8000), id="noise"),
        pytest.param([SILENT] * 50, id="silence"),
    ],
)
def test_all_else_is_none(frames: list[bytes]) -> None:
    assert beeps(frames, [SILENT] * 10) == []


def test_a_melody_is_none() -> None:
    notes = [tone(0.1, hertz) for hertz in (660, 880, 990, 1320, 1100, 740) * 3]
    assert beeps(*notes, [SILENT] * 10) == []
