"""Who answered: people who say a few words and wait, machines that go on, and whatever else may be heard."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.speech.answer_ear import WAITING_S, AnswerEar
from offhook.speech.pcm import FRAME_BYTES, FRAME_S
from offhook.testing.caller_voice import BEEP, SILENCE, VOWEL
from offhook.verbs import Detected, DetectMachine, Telltale
from tests.speech_audio import caller_says, frames, over_the_phone

PERSONS = ("Hello?", "Yes?", "Hi, this is Ada.", "Good morning.", "Speaking.", "Yes, hello?", "Hello? Hello?")
MACHINES = (
    "Hello, you have reached Ada Smith. I cannot come to the phone right now. Please leave a message.",
    "The person you are calling is not available. Please leave your message after the tone.",
    "Hello. Nobody is at home. Please call again later, or leave a message after the beep.",
    "Hey, it's Dave! You know what to do.",
    "Thank you for calling Smith and Sons. Our office is closed.",
)
SPEAKERS = (("man", 175), ("woman", 175), ("adam", 150))
TONE = over_the_phone(25 * BEEP)


def voiced(seconds: float) -> list[bytes]:
    return [VOWEL[number % len(VOWEL)] for number in range(round(seconds / FRAME_S))]


def quiet(seconds: float) -> list[bytes]:
    return [SILENCE] * round(seconds / FRAME_S)


def heard(sound: Iterable[bytes], wanted: DetectMachine | None = None) -> Detected:
    """The verdict on these frames and the silence after them."""
    ear, at = AnswerEar(wanted or DetectMachine(), 0.0), 0.0
    for number, frame in enumerate(sound, 1):
        at = number * FRAME_S
        verdict = ear.hear(frame, at)
        if verdict is not None:
            return verdict
    verdict = ear.judge(ear.due_at)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(("speaker", "pace"), SPEAKERS)
@pytest.mark.parametrize("words", PERSONS)
def test_people_say_a_few_words_and_wait(words: str, speaker: str, pace: int) -> None:
    said = caller_says(words, speaker=speaker, words_per_minute=pace, silence_s=0.5, silence_after_s=3)
    verdict = heard(frames(said))
    assert (verdict.is_machine, verdict.telltale) == (False, Telltale.WAITS)


@pytest.mark.parametrize(("speaker", "pace"), SPEAKERS)
@pytest.mark.parametrize("words", MACHINES)
def test_machines_go_on(words: str, speaker: str, pace: int) -> None:
    said = caller_says(words, speaker=speaker, words_per_minute=pace, silence_s=1, silence_after_s=0.4)
    verdict = heard(frames(said + TONE))
    assert verdict.is_machine, verdict


def test_silence_is_a_machine_where_it_is_longer_than_wanted() -> None:
    verdict = heard(quiet(6))
    assert (verdict.telltale, verdict.is_machine) == (Telltale.SILENCE, True)
    assert verdict.after_s == pytest.approx(4.5, abs=0.03)
    assert heard(quiet(6), DetectMachine(silence_s=2)).after_s == pytest.approx(2, abs=0.03)


def test_no_time_is_longer_than_the_whole() -> None:
    verdict = heard(quiet(6), DetectMachine(longest_s=3))
    assert verdict.telltale is Telltale.SILENCE
    assert verdict.after_s == pytest.approx(3, abs=0.03)


def test_who_begins_to_speak_when_the_time_is_nearly_over_is_a_person() -> None:
    verdict = heard([*quiet(4.3), *voiced(2)])
    assert (verdict.telltale, verdict.is_machine) == (Telltale.TIME_UP, False)
    assert verdict.after_s == pytest.approx(5, abs=0.03)


def test_a_verdict_comes_when_a_person_has_waited() -> None:
    verdict = heard([*quiet(1), *voiced(0.6), *quiet(3)])
    assert verdict.telltale is Telltale.WAITS
    # The ear hears a voice for a little longer than it lasts.
    assert 1.6 + WAITING_S <= verdict.after_s < 1.6 + WAITING_S + 0.3


def test_a_greeting_may_not_be_longer_than_wanted() -> None:
    assert heard(voiced(3)).telltale is Telltale.LONG_GREETING
    assert heard([*voiced(3), *quiet(3)], DetectMachine(greeting_s=4)).telltale is Telltale.WAITS


def test_nor_have_more_words() -> None:
    words = [*voiced(0.3), *quiet(0.3)] * 4
    assert heard(words).telltale is Telltale.MANY_WORDS
    assert heard(words, DetectMachine(words=4)).telltale is Telltale.WAITS
    assert heard([*voiced(0.3), *quiet(0.3)] * 3).telltale is Telltale.WAITS


def test_nor_last_longer_with_its_pauses() -> None:
    wanted = DetectMachine(longest_s=10, greeting_s=5, words=10, speech_s=3)
    verdict = heard([*voiced(0.3), *quiet(0.5)] * 10, wanted)
    assert (verdict.telltale, verdict.is_machine) == (Telltale.LONG_SPEECH, True)
    assert 3 < verdict.after_s < 4


def test_a_beep_is_a_machine_whatever_was_said() -> None:
    verdict = heard([*quiet(1), *frames(TONE), *quiet(2)])
    assert (verdict.telltale, verdict.is_machine) == (Telltale.BEEP, True)
    assert verdict.after_s == pytest.approx(1.5, abs=0.1)
    assert heard([*voiced(0.5), *quiet(0.5), *frames(TONE), *quiet(2)]).telltale is Telltale.BEEP


def test_a_click_is_no_word() -> None:
    assert heard([*quiet(1), *voiced(0.04), *quiet(5)]).telltale is Telltale.SILENCE
    verdict = heard([*quiet(1), *voiced(0.04), *quiet(2), *voiced(0.6), *quiet(2)])
    assert verdict.telltale is Telltale.WAITS
    assert verdict.after_s == pytest.approx(4.55, abs=0.15)


pieces = st.lists(
    st.tuples(st.sampled_from(["voice", "silence", "tone", "noise", "nothing"]), st.floats(0.02, 2)),
    max_size=8,
)
times = st.builds(
    DetectMachine,
    longest_s=st.floats(2, 10),
    silence_s=st.floats(2, 10),
    greeting_s=st.floats(1, 5),
    words=st.integers(2, 10),
    speech_s=st.floats(1, 6),
)


@settings(max_examples=40, deadline=None)
@given(pieces, times, st.binary(min_size=FRAME_BYTES, max_size=FRAME_BYTES))
def test_there_is_one_verdict_in_time_whatever_is_heard(
    sound: list[tuple[str, float]], wanted: DetectMachine, noise: bytes
) -> None:
    kinds = {"voice": VOWEL, "silence": (SILENCE,), "tone": (BEEP,), "noise": (noise,)}
    ear, at, first = AnswerEar(wanted, 100.0), 100.0, None
    for kind, seconds in [*sound, ("silence", 10.1)]:
        for number in range(max(1, round(seconds / FRAME_S))):
            at += FRAME_S
            verdict = (
                ear.judge(at) if kind == "nothing" else ear.hear(kinds[kind][number % len(kinds[kind])], at)
            )
            first = first or verdict
            assert verdict == first, "a verdict stands"
            assert first is not None or at < ear.due_at <= 100.0 + wanted.longest_s
    assert first is not None
    assert 0 < first.after_s <= wanted.longest_s + FRAME_S
