"""The rules of a gather, told as stories with times, and as properties that hold for any story."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.interpreter.collector import (
    Collector,
    Event,
    KeyPressed,
    Phase,
    PromptsOver,
    TimePassed,
    VoiceHeard,
)
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.verbs import Gather, Gathered, GatherEnd, Input, Say

KEYS = frozenset({Input.KEYS})
SPEECH = frozenset({Input.SPEECH})
BOTH = KEYS | SPEECH
PROMPT = (Say(text="Press or say something"),)


def tell(
    gather: Gather, *story: tuple[float, Event], finds_end: bool = False, until: float = 1e6
) -> Gathered | None:
    """Feed a story, let time pass between its events as a run loop would, and go on until the end."""
    collector = Collector(gather, at=0.0, finds_end=finds_end)
    for at, event in story:
        pass_time(collector, at)
        collector.feed(event, at=at)
    pass_time(collector, until)
    return collector.gathered


def pass_time(collector: Collector, until: float) -> None:
    """Time passes up to but not at `until`: an input at that instant comes first."""
    while (deadline := collector.deadline) is not None and deadline < until:
        collector.feed(TimePassed(), at=deadline)


def voice(began: float, ended: float) -> list[tuple[float, Event]]:
    """What the ear reports of speech from `began` to `ended`."""
    return [(began, VoiceHeard(began, 0.08)), (ended, VoiceHeard(ended, ended - began))]


class TestKeys:
    def test_enough_keys_end_it_at_once(self) -> None:
        heard = tell(Gather(max_keys=2), (1.0, KeyPressed("4")), (2.0, KeyPressed("2")))
        assert heard == Gathered(end=GatherEnd.KEYS, keys="42")

    def test_the_finish_key_ends_it_and_is_no_part_of_it(self) -> None:
        heard = tell(Gather(), (1.0, KeyPressed("4")), (2.0, KeyPressed("#")))
        assert heard == Gathered(end=GatherEnd.KEYS, keys="4")

    def test_only_the_finish_key_is_no_input(self) -> None:
        heard = tell(Gather(), (1.0, KeyPressed("#")))
        assert heard == Gathered(end=GatherEnd.NO_INPUT, is_submitted=True)

    def test_without_finish_keys_all_keys_count(self) -> None:
        heard = tell(Gather(finish_keys=frozenset()), (1.0, KeyPressed("#")), (2.0, KeyPressed("*")))
        assert heard == Gathered(end=GatherEnd.KEYS, keys="#*")

    def test_silence_after_a_key_ends_it(self) -> None:
        collector = Collector(Gather(key_timeout_s=3.0), at=0.0)
        collector.feed(KeyPressed("1"), at=1.0)
        assert collector.deadline == 4.0
        collector.feed(TimePassed(), at=4.0)
        assert collector.gathered == Gathered(end=GatherEnd.KEYS, keys="1")

    def test_a_key_at_the_very_deadline_wins(self) -> None:
        collector = Collector(Gather(start_timeout_s=5.0, max_keys=1), at=0.0)
        collector.feed(KeyPressed("7"), at=5.0)
        assert collector.gathered == Gathered(end=GatherEnd.KEYS, keys="7")

    def test_keys_that_may_not_begin_are_not_heard(self) -> None:
        gather = Gather(start_keys=frozenset("*"), max_keys=2)
        heard = tell(gather, (1.0, KeyPressed("5")), (2.0, KeyPressed("*")), (3.0, KeyPressed("5")))
        assert heard == Gathered(end=GatherEnd.KEYS, keys="*5")

    def test_the_wait_begins_when_the_prompts_are_over(self) -> None:
        collector = Collector(Gather(prompts=PROMPT, start_timeout_s=5.0), at=0.0)
        assert collector.deadline is None
        collector.feed(PromptsOver(), at=20.0)
        assert collector.deadline == 25.0
        collector.feed(TimePassed(), at=25.0)
        assert collector.gathered == Gathered(end=GatherEnd.NO_INPUT)

    def test_a_key_in_the_prompt_cuts_it_short(self) -> None:
        collector = Collector(Gather(prompts=PROMPT), at=0.0)
        assert not collector.has_input
        collector.feed(KeyPressed("1"), at=1.0)
        assert collector.has_input

    def test_speech_is_nothing_to_it(self) -> None:
        assert tell(Gather(), *voice(1.0, 2.0)) == Gathered(end=GatherEnd.NO_INPUT)


class TestSpeech:
    GATHER = Gather(inputs=SPEECH, speech_end_timeout_s=1.0, start_timeout_s=5.0)

    def test_silence_after_speech_asks_for_the_last_words(self) -> None:
        collector = Collector(self.GATHER, at=0.0)
        for at, event in voice(1.0, 2.5):
            collector.feed(event, at=at)
        assert collector.deadline == 3.5
        collector.feed(TimePassed(), at=3.5)
        assert collector.wants_last_words
        collector.feed(Final("sales", 0.9), at=3.51)
        collector.feed(SpeechEnded(), at=3.52)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="sales", confidence=0.9)

    def test_several_finals_follow_each_other_and_the_least_sure_counts(self) -> None:
        heard = tell(
            self.GATHER,
            *voice(1.0, 1.5),
            (1.6, Final("sales", 0.9)),
            (2.0, VoiceHeard(2.0, 1.0)),
            (2.1, Final("please", 0.6)),
            (3.2, SpeechEnded()),
        )
        assert heard == Gathered(end=GatherEnd.SPEECH, speech="sales please", confidence=0.6)

    def test_nobody_speaks(self) -> None:
        assert tell(self.GATHER) == Gathered(end=GatherEnd.NO_INPUT)

    def test_somebody_speaks_and_nothing_is_understood(self) -> None:
        heard = tell(self.GATHER, *voice(1.0, 2.0), (3.1, SpeechEnded()))
        assert heard == Gathered(end=GatherEnd.NO_MATCH)

    def test_a_cough_is_no_speech_and_the_wait_goes_on(self) -> None:
        collector = Collector(self.GATHER, at=0.0)
        collector.feed(VoiceHeard(1.0, 0.08), at=1.0)
        assert collector.has_input
        collector.feed(TimePassed(), at=2.0)
        assert not collector.has_input
        assert collector.deadline == 5.0

    def test_a_cough_at_the_end_of_the_wait_ends_it(self) -> None:
        assert tell(self.GATHER, (4.9, VoiceHeard(4.9, 0.08))) == Gathered(end=GatherEnd.NO_INPUT)

    def test_who_never_stops_is_understood_so_far(self) -> None:
        gather = Gather(inputs=SPEECH, speech_end_timeout_s=1.0, max_speech_s=60.0)
        story = [(float(at), VoiceHeard(float(at), float(at))) for at in range(1, 70) if at < 61]
        collector = Collector(gather, at=0.0)
        for at, event in story:
            pass_time(collector, at)
            collector.feed(event, at=at)
            collector.feed(Partial(f"word {at}"), at=at)
        assert collector.deadline == 61.0
        collector.feed(TimePassed(), at=61.0)
        assert collector.wants_last_words
        collector.feed(Final("the end"), at=61.1)
        collector.feed(SpeechEnded(), at=61.1)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="the end")

    def test_words_count_where_the_ear_heard_nothing(self) -> None:
        heard = tell(self.GATHER, (1.0, Partial("sal")), (1.4, Final("sales")), (2.5, SpeechEnded()))
        assert heard == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_a_recogniser_that_finds_the_end_is_believed_over_a_noisy_line(self) -> None:
        noise = [(at / 10, VoiceHeard(at / 10, at / 10)) for at in range(10, 31)]
        collector = Collector(self.GATHER, at=0.0, finds_end=True)
        for at, event in noise:
            collector.feed(event, at=at)
            if at == 2.0:
                collector.feed(Final("sales"), at=2.05)
        assert collector.deadline == 3.05
        collector.feed(TimePassed(), at=3.05)
        assert collector.wants_last_words
        collector.feed(SpeechEnded(), at=3.1)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_last_words_that_do_not_come_are_not_waited_for(self) -> None:
        heard = tell(self.GATHER, *voice(1.0, 2.0))
        assert heard is not None
        assert heard.end is GatherEnd.RECOGNISER_FAILED
        assert "2 s" in heard.detail

    def test_a_partial_stands_in_for_a_final_that_does_not_come(self) -> None:
        heard = tell(self.GATHER, *voice(1.0, 1.5), (1.6, Partial("sales")))
        assert heard == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_a_broken_recogniser_ends_it_when_the_caller_has_spoken(self) -> None:
        broken = SpeechFailed(FailureKind.BROKEN, "the process died")
        heard = tell(self.GATHER, (1.0, VoiceHeard(1.0, 0.1)), (1.2, broken), (1.5, VoiceHeard(1.5, 0.5)))
        assert heard == Gathered(end=GatherEnd.RECOGNISER_FAILED, detail="the process died")

    def test_a_recogniser_without_a_model_is_told_even_in_silence(self) -> None:
        missing = SpeechFailed(FailureKind.NEEDS_MODEL, "no model for fr-FR")
        heard = tell(self.GATHER, (0.0, missing))
        assert heard == Gathered(end=GatherEnd.NEEDS_MODEL, detail="no model for fr-FR")

    def test_words_before_the_failure_count(self) -> None:
        broken = SpeechFailed(FailureKind.BROKEN, "gone")
        heard = tell(self.GATHER, *voice(1.0, 1.4), (1.5, Final("sales")), (1.6, broken))
        assert heard == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_keys_are_nothing_to_it(self) -> None:
        assert tell(self.GATHER, (1.0, KeyPressed("1"))) == Gathered(end=GatherEnd.NO_INPUT)


class TestBoth:
    GATHER = Gather(inputs=BOTH, speech_end_timeout_s=1.0, key_timeout_s=2.0)

    def test_keys_beat_speech_that_began_before(self) -> None:
        heard = tell(
            self.GATHER, *voice(1.0, 1.5), (1.6, Partial("sa")), (1.7, KeyPressed("1")), (1.9, Final("sales"))
        )
        assert heard == Gathered(end=GatherEnd.KEYS, keys="1")

    def test_keys_beat_last_words_under_way(self) -> None:
        heard = tell(self.GATHER, *voice(1.0, 1.5), (2.6, KeyPressed("1")), (2.7, Final("sales")))
        assert heard == Gathered(end=GatherEnd.KEYS, keys="1")

    def test_the_finish_key_submits_speech(self) -> None:
        collector = Collector(self.GATHER, at=0.0)
        collector.feed(VoiceHeard(1.0, 0.1), at=1.0)
        collector.feed(KeyPressed("#"), at=1.5)
        assert collector.wants_last_words
        collector.feed(Final("sales"), at=1.6)
        collector.feed(SpeechEnded(), at=1.6)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_keys_still_work_when_the_recogniser_broke(self) -> None:
        broken = SpeechFailed(FailureKind.BROKEN, "gone")
        heard = tell(self.GATHER, (0.5, broken), (1.0, KeyPressed("1")), (1.2, KeyPressed("#")))
        assert heard == Gathered(end=GatherEnd.KEYS, keys="1")

    def test_the_result_is_keys_or_speech_never_both(self) -> None:
        heard = tell(self.GATHER, (1.0, Final("sales")), (1.1, KeyPressed("1")))
        assert heard is not None
        assert (heard.keys, heard.speech) == ("1", "")


gathers = st.builds(
    Gather,
    inputs=st.sampled_from([KEYS, SPEECH, BOTH]),
    prompts=st.sampled_from([(), PROMPT]),
    start_timeout_s=st.floats(0.1, 20),
    key_timeout_s=st.floats(0.1, 20),
    speech_end_timeout_s=st.floats(0.1, 20),
    max_speech_s=st.floats(1, 60),
    total_timeout_s=st.none() | st.floats(0.1, 60),
    max_keys=st.none() | st.integers(1, 5),
    finish_keys=st.sampled_from([frozenset(), frozenset("#"), frozenset("*#")]),
)
words = st.text("abc ", max_size=5)
events = st.one_of(
    st.builds(KeyPressed, st.sampled_from("0123456789*#")),
    st.just(PromptsOver()),
    st.just(SpeechStarted()),
    st.builds(Partial, words),
    st.builds(Final, words, st.none() | st.floats(0, 1)),
    st.just(SpeechEnded()),
    st.builds(SpeechFailed, st.sampled_from(FailureKind), words),
    st.just(TimePassed()),
)
stories = st.lists(st.tuples(st.floats(0, 5), events), max_size=30)


@given(gathers, stories, st.booleans())
def test_any_story_ends_by_itself_and_keeps_the_promises(
    gather: Gather, story: list[tuple[float, Event]], finds_end: bool
) -> None:
    collector = Collector(gather, at=0.0, finds_end=finds_end)
    now = 0.0
    for wait, event in story:
        now += wait
        if isinstance(event, Final | Partial) and collector.phase is Phase.SPEAKING:
            collector.feed(VoiceHeard(now, now), at=now)
        collector.feed(event, at=now)
    collector.feed(PromptsOver(), at=now)
    steps = 0
    while collector.gathered is None:
        deadline = collector.deadline
        assert deadline is not None, "a gather whose prompts are over always has an end"
        now = max(now, deadline)
        collector.feed(TimePassed(), at=now)
        steps += 1
        assert steps < 6, "time alone brings a gather to its end"
    heard = collector.gathered
    assert not (heard.keys and heard.speech)
    assert bool(heard.keys) == (heard.end is GatherEnd.KEYS)
    assert bool(heard.speech) == (heard.end is GatherEnd.SPEECH)
    assert gather.max_keys is None or len(heard.keys) <= gather.max_keys
    assert not set(heard.keys) & gather.finish_keys
    assert collector.deadline is None
    collector.feed(KeyPressed("1"), at=now + 1)
    assert collector.gathered == heard
