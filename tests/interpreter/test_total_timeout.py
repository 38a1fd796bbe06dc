"""The time for all of an input, counted from the end of the prompts: what there is by then is the result."""

import pytest

from offhook.interpreter.collector import KeyPressed, PromptsOver, VoiceHeard
from offhook.interpreter.gather_events import Event
from offhook.speech.recogniser import Final, Partial, SpeechEnded
from offhook.verbs import Continuous, Gather, Gathered, GatherEnd
from tests.interpreter.test_turn_taking import BOTH, PROMPT, asking, fed, outcome, pass_time

GATHER = Gather(inputs=BOTH, start_timeout_s=10.0, total_timeout_s=10.0, key_timeout_s=5.0)


def test_keys_come_to_an_end_with_it() -> None:
    collector = fed(GATHER, (4.0, KeyPressed("1")), (8.0, KeyPressed("2")))
    assert collector.deadline == 10.0
    assert outcome(collector) == Gathered(end=GatherEnd.KEYS, keys="12")


def test_so_does_the_wait_for_them() -> None:
    gather = Gather(start_timeout_s=20.0, total_timeout_s=10.0)
    collector = fed(gather)
    assert collector.deadline == 10.0
    assert outcome(collector) == Gathered(end=GatherEnd.NO_INPUT)


def test_a_key_at_that_instant_still_counts() -> None:
    collector = fed(GATHER, (8.0, KeyPressed("1")), (10.0, KeyPressed("2")))
    assert outcome(collector) == Gathered(end=GatherEnd.KEYS, keys="12")


def test_a_shorter_silence_ends_them_before() -> None:
    assert fed(GATHER, (4.0, KeyPressed("1"))).deadline == 9.0


def test_it_begins_with_the_end_of_the_prompts() -> None:
    gather = asking(start_timeout_s=10.0, total_timeout_s=10.0)
    assert fed(gather).deadline is None
    assert fed(gather, (7.0, PromptsOver())).deadline == 17.0
    assert (
        fed(gather, (3.0, KeyPressed("1")), (7.5, KeyPressed("2")), (12.0, KeyPressed("3"))).deadline == 13.0
    )


def talking(until: float) -> list[tuple[float, Event]]:
    """Somebody who speaks without end."""
    return [(at / 2, VoiceHeard(at / 2, at / 2)) for at in range(2, round(until * 2))]


def test_who_still_speaks_is_taken_at_their_word() -> None:
    collector = fed(GATHER, (0.9, Partial("and so on")), *talking(9.9))
    assert collector.deadline == 10.0
    pass_time(collector, 10.1)
    assert collector.wants_last_words
    collector.feed(Final("and so on and on", 0.5), at=10.3)
    collector.feed(SpeechEnded(), at=10.3)
    assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="and so on and on", confidence=0.5)


@pytest.mark.parametrize("finds_end", [True, False])
def test_speech_over_its_pauses_is_no_exception(finds_end: bool) -> None:
    gather = Gather(
        inputs=BOTH, total_timeout_s=10.0, speech_end_timeout_s=1.0, continuous=Continuous(pause_s=4.0)
    )
    collector = fed(gather, *talking(9.9), finds_end=finds_end)
    assert collector.deadline == 10.0
    pass_time(collector, 10.1)
    assert collector.wants_last_words
    collector.feed(Final("one"), at=10.2)
    collector.feed(SpeechEnded(), at=10.2)
    assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="one")


def test_a_cough_at_the_end_is_nothing() -> None:
    assert outcome(fed(GATHER, (9.95, VoiceHeard(9.95, 0.1)))) == Gathered(end=GatherEnd.NO_INPUT)


def test_nobody_has_to_wait_for_words_that_prompts_hold_back() -> None:
    gather = Gather(inputs=BOTH, prompts=PROMPT, total_timeout_s=10.0, speech_end_timeout_s=None)
    collector = fed(gather, (1.0, Partial("sales")))
    assert collector.deadline is not None
    assert collector.deadline < 11.0
