"""What the ears take for speech: callers, and what is on lines besides them. All sounds are made here."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
import soxr

from offhook.speech.ear import Ear
from offhook.speech.ears import LocalEar, ear_of
from offhook.speech.high_pass import HighPass
from offhook.speech.pcm import FRAME_BYTES, FRAME_S, SAMPLE_RATE_HZ
from offhook.speech.silero_ear import SileroEar, judges
from offhook.testing.caller_voice import VOWEL
from offhook.vendors.embedded.espeak import load
from offhook.verbs import EarKind, VoiceDetection

SECONDS = 4
TIME = np.arange(SECONDS * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
Sound = npt.NDArray[np.float64]
ENOUGH_S = 30.0


def at_level(sound: Sound, decibels: float) -> Sound:
    """`sound` with this power, below that of the loudest square wave."""
    level = float(np.sqrt(np.mean(sound**2)))
    return sound * (10 ** (decibels / 20) * 32768 / level)


def hum(hertz: float, harmonics: int, decibels: float) -> Sound:
    parts = [np.sin(2 * np.pi * hertz * n * TIME + n) / n for n in range(1, harmonics + 1)]
    return at_level(np.sum(parts, axis=0), decibels)


def noise(decibels: float) -> Sound:
    return at_level(np.random.default_rng(3).normal(0, 1, len(TIME)), decibels)


def music() -> Sound:
    beat = [0.5 + 0.5 * np.sign(np.sin(4 * np.pi * TIME + pitch)) for pitch in (262, 330, 392, 523)]
    chord = [
        np.sin(2 * np.pi * pitch * TIME) * on for pitch, on in zip((262, 330, 392, 523), beat, strict=True)
    ]
    return at_level(np.sum(chord, axis=0), -20)


def voice() -> Sound:
    """Somebody speaks from 1 s to 2 s."""
    sound = np.zeros(len(TIME))
    vowel = np.frombuffer(b"".join(VOWEL), "<i2")
    sound[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + len(vowel)] = vowel
    return sound


def frames(sound: Sound) -> Iterator[tuple[float, bytes]]:
    pcm = np.clip(sound, -32768, 32767).astype("<i2").tobytes()
    for begin in range(0, len(pcm), FRAME_BYTES):
        yield (begin // FRAME_BYTES + 1) * FRAME_S, pcm[begin : begin + FRAME_BYTES]


def heard(ear: LocalEar, sound: Sound) -> LocalEar:
    for at, frame in frames(sound):
        ear.hear(frame, at)
        if isinstance(ear, SileroEar) and round(at / FRAME_S) % 10 == 0:
            assert ear.catch_up(ENOUGH_S), "its process does not answer"
    return ear


class TestEar:
    @pytest.mark.parametrize("mode", [0, 1, 2, 3])
    @pytest.mark.parametrize(
        "sound",
        [np.zeros(len(TIME)), hum(50, 3, -25), hum(60, 3, -25), hum(100, 1, -25)],
        ids=["silence", "50 Hz", "60 Hz", "100 Hz"],
    )
    def test_silence_and_hum_are_no_speech(self, sound: Sound, mode: int) -> None:
        assert heard(Ear(mode=mode), sound).began_at is None

    @pytest.mark.parametrize("decibels", [-60, -50, -45, -38])
    def test_noise_is_none_not_even_at_its_beginning(self, decibels: float) -> None:
        assert heard(Ear(), noise(decibels)).began_at is None

    @pytest.mark.parametrize(
        "line", [np.zeros(len(TIME)), hum(50, 3, -30), noise(-45)], ids=["quiet", "hum", "noise"]
    )
    @pytest.mark.parametrize("mode", [0, 1, 2, 3])
    def test_a_voice_is_heard_from_its_beginning_to_its_end(self, line: Sound, mode: int) -> None:
        ear = heard(Ear(mode=mode), voice() + line)
        assert ear.began_at == pytest.approx(1.08, abs=0.05)
        assert ear.last_voiced_at == pytest.approx(2.1, abs=0.15)

    def test_tones_and_music_are_taken_for_speech_and_the_gather_bounds_that(self) -> None:
        for sound in (at_level(np.sin(2 * np.pi * 440 * TIME), -20), music()):
            assert heard(Ear(), sound).last_voiced_at == pytest.approx(SECONDS)

    def test_a_pause_begins_a_lasting_voice_anew(self) -> None:
        ear = heard(Ear(), np.concatenate((voice(), voice()[:12_000])))
        assert ear.lasting_s < 0.7 < ear.voiced_s

    def test_what_is_forgotten_begins_again(self) -> None:
        ear = heard(Ear(), voice())
        ear.forget()
        assert (ear.began_at, ear.last_voiced_at, ear.voiced_s) == (None, None, 0.0)
        assert heard(ear, voice()).began_at == pytest.approx(1.08, abs=0.05)


class TestHighPass:
    @pytest.mark.parametrize(
        ("hertz", "least", "most"), [(50, 0, 0.01), (100, 0, 0.08), (300, 0.9, 1), (1000, 0.99, 1.01)]
    )
    def test_what_is_low_is_gone_and_speech_stays(self, hertz: float, least: float, most: float) -> None:
        sound = 8000 * np.sin(2 * np.pi * hertz * TIME)
        high_pass = HighPass()
        pcm = b"".join(high_pass.filtered(frame) for _, frame in frames(sound))
        settled = np.frombuffer(pcm, "<i2")[SAMPLE_RATE_HZ:]
        share = float(np.sqrt(np.mean(settled.astype(float) ** 2)) / np.sqrt(np.mean(sound**2)))
        assert least <= share <= most

    def test_the_loudest_square_wave_stays_within_16_bits(self) -> None:
        high_pass = HighPass()
        square = np.sign(np.sin(2 * np.pi * 250 * TIME)) * 32767
        assert all(len(high_pass.filtered(frame)) == FRAME_BYTES for _, frame in frames(square))


@pytest.fixture(scope="module")
def spoken() -> Sound:
    """A sentence from 1 s on, and a second of silence after it."""
    espeak, pieces = load(), bytearray()

    def take(pcm: bytes) -> bool:
        pieces.extend(pcm)
        return True

    identifier = next(voice.identifier for voice in espeak.voices() if voice.identifier.endswith("en-US"))
    espeak.speak("Please connect me with the sales department", identifier, 160, take)
    samples = np.frombuffer(bytes(pieces), "<i2").astype(np.float64)
    sound = np.zeros(len(TIME))
    said = soxr.resample(samples, espeak.sample_rate_hz, SAMPLE_RATE_HZ)[: 2 * SAMPLE_RATE_HZ]
    sound[SAMPLE_RATE_HZ : SAMPLE_RATE_HZ + len(said)] = said
    return sound


@pytest.fixture(scope="module", autouse=True)
def _process() -> Iterator[None]:
    """The process of these tests ends with them."""
    yield
    judges().close()


class TestSilero:
    @pytest.mark.parametrize(
        "sound",
        [hum(100, 6, -25), noise(-30), music(), at_level(np.sin(2 * np.pi * 440 * TIME), -20)],
        ids=["hum", "noise", "music", "tone"],
    )
    def test_what_the_other_ear_takes_for_speech_is_none(self, sound: Sound) -> None:
        assert heard(SileroEar(), sound).began_at is None

    @pytest.mark.parametrize(
        "line", [np.zeros(len(TIME)), hum(100, 3, -30), noise(-40)], ids=["quiet", "hum", "noise"]
    )
    def test_speech_is_heard_on_any_line_and_its_end_too(self, spoken: Sound, line: Sound) -> None:
        ear = heard(SileroEar(), spoken + line)
        assert ear.began_at == pytest.approx(1.1, abs=0.15)
        assert ear.last_voiced_at == pytest.approx(3.0, abs=0.35)
        assert ear.voiced_s > 1.2

    def test_callers_do_not_disturb_each_other(self, spoken: Sound) -> None:
        speaks, hums = SileroEar(), SileroEar()
        for (at, frame), (_, other) in zip(frames(spoken), frames(hum(100, 6, -25)), strict=True):
            speaks.hear(frame, at)
            hums.hear(other, at)
            if round(at / FRAME_S) % 10 == 0:
                assert speaks.catch_up(ENOUGH_S)
                assert hums.catch_up(ENOUGH_S)
        assert speaks.began_at == pytest.approx(1.1, abs=0.15)
        assert hums.began_at is None

    def test_without_its_process_the_other_ear_is_believed_and_a_new_one_does_not_raise(self) -> None:
        ear = ear_of(VoiceDetection(kind=EarKind.SILERO))
        assert isinstance(ear, SileroEar)
        heard(ear, np.zeros(SAMPLE_RATE_HZ))
        os.kill(judges().pid, signal.SIGKILL)
        judges().ended(ENOUGH_S)
        for at, frame in frames(voice()):
            ear.hear(frame, at)
        assert ear.began_at == pytest.approx(1.08, abs=0.05)
        assert SileroEar().began_at is None

    def test_verdicts_that_come_too_late_are_not_waited_for(self) -> None:
        ear = SileroEar()
        for at, frame in frames(voice()):  # four seconds in an instant: nobody can judge that fast
            ear.hear(frame, at)
        assert ear.began_at is not None
