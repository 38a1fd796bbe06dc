"""Keys as tones: what has to be heard (ITU-T Q.24), and what must never be taken for a key."""

import audioop

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.speech.dtmf_tones import ROWS_HZ, key_tone, keys_in
from offhook.speech.hold_music import hold_music
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.tone import comfort_tone, ringing_tone, special_information_tone
from tests.speech_audio.caller import caller_says

ALL = "0123456789*#ABCD"
PROSE = (
    "Thank you for calling. Please listen carefully, since our options have changed. For billing say billing, "
    "for a broken line say repair; seven, nine, four, two, eleven hundred and sixty, oh no, I mean yes, please wait."
)

key = st.sampled_from(ALL)


def on_the_line(pcm: bytes, *, noise_db: float | None = None) -> bytes:
    """`pcm` once through µ-law, with white noise so much fainter than a tone at -10 dBm0 twice."""
    if noise_db is not None:
        loudness = 22_750 * 10 ** (-10 / 20) * 10 ** (noise_db / 20)
        noise = np.random.default_rng(7).normal(0, loudness, len(pcm) // 2)
        pcm = np.clip(np.frombuffer(pcm, "<i2") + noise, -32768, 32767).astype("<i2").tobytes()
    return audioop.ulaw2lin(audioop.lin2ulaw(pcm, 2), 2)


def silence(seconds: float) -> bytes:
    return bytes(2 * int(seconds * SAMPLE_RATE_HZ))


def typed(keys: str, *, tone_s: float = 0.06, gap_s: float = 0.06, **how: float) -> bytes:
    """Keys one after another, the first one after a silence that fits no frame."""
    return silence(0.0473) + b"".join(key_tone(key, tone_s, **how) + silence(gap_s) for key in keys)


@settings(max_examples=60, deadline=None)
@given(
    keys=st.text(key, min_size=1, max_size=6),
    begins_s=st.floats(0.0, 0.05),
    tone_s=st.floats(0.05, 0.4),
    gap_s=st.floats(0.04, 0.3),
    level_db=st.floats(-25.0, -3.0),
    twist_db=st.floats(-8.0, 4.0),
    off=st.floats(-0.015, 0.015),
)
def test_whatever_is_typed_is_heard_once_and_in_order(
    keys: str, begins_s: float, tone_s: float, gap_s: float, level_db: float, twist_db: float, off: float
) -> None:
    presses = (
        key_tone(key, tone_s, level_db=level_db, twist_db=twist_db, off=off) + silence(gap_s) for key in keys
    )
    assert keys_in(on_the_line(silence(begins_s) + b"".join(presses) + silence(0.05))) == keys


@settings(max_examples=30, deadline=None)
@given(key=key, begins_s=st.floats(0.0, 0.05), tone_s=st.floats(0.0, 0.023))
def test_what_is_shorter_than_23_ms_is_no_key(key: str, begins_s: float, tone_s: float) -> None:
    assert keys_in(on_the_line(silence(begins_s) + key_tone(key, tone_s) + silence(0.1))) == ""


def test_40_ms_are_enough() -> None:
    assert keys_in(on_the_line(typed(ALL, tone_s=0.04, gap_s=0.04))) == ALL


@pytest.mark.parametrize("noise_db", [-20, -15, -10])
def test_noise_does_not_hide_them(noise_db: float) -> None:
    assert keys_in(on_the_line(typed(ALL, tone_s=0.08), noise_db=noise_db)) == ALL


@pytest.mark.parametrize("off", [0.035, -0.035])
def test_frequencies_that_are_too_far_off_are_no_key(off: float) -> None:
    assert keys_in(on_the_line(typed(ALL, tone_s=0.1, off=off))) == ""


@pytest.mark.parametrize("twist_db", [-16.0, 12.0])
def test_tones_that_are_too_unequal_are_no_key(twist_db: float) -> None:
    assert keys_in(on_the_line(typed(ALL, level_db=-15, twist_db=twist_db))) == ""


def test_what_nobody_could_hear_is_no_key() -> None:
    assert keys_in(typed(ALL, level_db=-55)) == ""


def test_a_key_that_is_held_is_one_key() -> None:
    assert keys_in(on_the_line(typed("5", tone_s=8.0))) == "5"


@pytest.mark.parametrize("gap_s", [0.01, 0.02])
def test_a_lost_packet_does_not_divide_a_key(gap_s: float) -> None:
    assert (
        keys_in(on_the_line(key_tone("8", 0.1) + silence(gap_s) + key_tone("8", 0.1) + silence(0.1))) == "8"
    )


def test_keys_without_any_gap_are_told_apart() -> None:
    assert keys_in(on_the_line(typed("147*", tone_s=0.1, gap_s=0.0))) == "147*"


def test_one_tone_alone_is_no_key() -> None:
    turns = 2 * np.pi * np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    for hertz in (*ROWS_HZ, 1209, 440, 1000):
        assert keys_in((8000 * np.sin(hertz * turns)).astype("<i2").tobytes()) == ""


@pytest.mark.parametrize("speaker", ["adam", "belinda", "linda", "michael"])
@pytest.mark.parametrize("words_per_minute", [140, 200])
def test_speech_is_no_key(speaker: str, words_per_minute: int) -> None:
    """Talk-off."""
    assert keys_in(caller_says(PROSE, speaker=speaker, words_per_minute=words_per_minute)) == ""


def test_a_key_is_heard_although_somebody_speaks_before_and_after() -> None:
    prose = caller_says(PROSE[:60])
    assert keys_in(prose + on_the_line(typed("7#", tone_s=0.1)) + prose) == "7#"


def test_the_sounds_of_the_line_are_no_keys() -> None:
    for sound in (comfort_tone(), ringing_tone(), special_information_tone(), hold_music()):
        assert keys_in(on_the_line(sound)) == ""


@settings(max_examples=30, deadline=None)
@given(pcm=st.binary(max_size=1300))
def test_any_bytes_are_borne(pcm: bytes) -> None:
    keys_in(pcm[: len(pcm) // 2 * 2])


@pytest.mark.parametrize("wrong", ["", "E", "12", "a"])
def test_what_is_no_key_has_no_tone(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        key_tone(wrong, 0.1)
