"""Who has the turn: what silences prompts, what waits for their end, and when speech over pauses is over. Pure rules."""

from hypothesis import given, settings
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
from offhook.interpreter.prompt_turn import Prompts
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.verbs import (
    BargeIn,
    Continuous,
    Gather,
    Gathered,
    GatherEnd,
    Input,
    RecogniserOptions,
    Say,
    VoiceDetection,
)

KEYS = frozenset({Input.KEYS})
SPEECH = frozenset({Input.SPEECH})
BOTH = KEYS | SPEECH
PROMPT = (Say(text="Press or say something"),)


def asking(barge_in: BargeIn | None = None, **fields: object) -> Gather:
    """A gather of keys and speech with a prompt."""
    known: dict[str, object] = {
        "inputs": BOTH,
        "prompts": PROMPT,
        "speech_end_timeout_s": 1.0,
        "barge_in": barge_in or BargeIn(),
    }
    return Gather(**{**known, **fields})  # type: ignore[arg-type]


def fed(gather: Gather, *story: tuple[float, Event], finds_end: bool = False) -> Collector:
    """A collector that a story was told, with time passing between its events as a run loop lets it."""
    collector = Collector(gather, at=0.0, finds_end=finds_end)
    for at, event in story:
        pass_time(collector, at)
        collector.feed(event, at=at)
    return collector


def pass_time(collector: Collector, until: float) -> None:
    """Time passes up to but not at `until`."""
    while (deadline := collector.deadline) is not None and deadline < until:
        collector.feed(TimePassed(), at=deadline)


def heard_of(collector: Collector) -> Prompts:
    """What is to be heard of the prompts now."""
    return collector.prompts


def outcome(collector: Collector, until: float = 1e6) -> Gathered | None:
    """What comes of it if nothing happens any more."""
    pass_time(collector, until)
    return collector.gathered


class TestSilencingPrompts:
    def test_a_key_stops_them(self) -> None:
        assert fed(asking(), (1.0, KeyPressed("1"))).prompts is Prompts.STOP

    def test_a_voice_makes_them_wait_and_words_stop_them(self) -> None:
        collector = fed(asking(), (1.0, VoiceHeard(1.0, 0.08)))
        assert heard_of(collector) is Prompts.WAIT
        collector.feed(Partial("sa"), at=1.3)
        assert heard_of(collector) is Prompts.STOP

    def test_after_a_cough_they_go_on_and_the_wait_begins_at_their_end(self) -> None:
        collector = fed(asking(start_timeout_s=5.0), (1.0, VoiceHeard(1.0, 0.08)))
        assert collector.deadline == 1.8
        collector.feed(TimePassed(), at=1.8)
        assert (collector.prompts, collector.phase) == (Prompts.PLAY, Phase.WAITING)
        assert collector.attempts == 2
        assert not collector.deadline
        collector.feed(PromptsOver(), at=9.0)
        assert collector.deadline == 14.0

    def test_without_resuming_a_cough_ends_them(self) -> None:
        collector = fed(asking(BargeIn(resumes=False), start_timeout_s=5.0), (1.0, VoiceHeard(1.0, 0.08)))
        assert heard_of(collector) is Prompts.STOP
        assert outcome(collector) == Gathered(end=GatherEnd.NO_INPUT)

    def test_a_short_answer_after_a_false_alarm_is_still_understood(self) -> None:
        collector = fed(asking(), (1.0, VoiceHeard(1.0, 0.1)), (1.9, Final("no")))
        assert heard_of(collector) is Prompts.STOP
        pass_time(collector, 2.95)
        collector.feed(SpeechEnded(), at=2.95)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="no")

    def test_a_voice_has_to_last_where_that_is_asked(self) -> None:
        gather = asking(BargeIn(voice_s=0.5))
        collector = fed(gather, (1.0, VoiceHeard(1.0, 0.08)), (1.0, SpeechStarted()))
        assert heard_of(collector) is Prompts.PLAY
        collector.feed(VoiceHeard(3.0, 0.6, lasting_s=0.3), at=3.0)
        assert heard_of(collector) is Prompts.PLAY, "two short sounds are no lasting one"
        collector.feed(VoiceHeard(3.3, 0.9, lasting_s=0.5), at=3.3)
        assert heard_of(collector) is Prompts.WAIT

    def test_words_silence_them_from_the_number_asked_for_on(self) -> None:
        gather = asking(BargeIn(words=3))
        collector = fed(gather, *[(at / 10, VoiceHeard(at / 10, at / 10)) for at in range(1, 30)])
        assert heard_of(collector) is Prompts.PLAY, "the ear alone does not"
        collector.feed(Final("I want"), at=3.0)
        assert heard_of(collector) is Prompts.PLAY
        collector.feed(Partial("sales"), at=3.2)
        assert heard_of(collector) is Prompts.STOP
        assert collector.words == "I want sales"

    def test_too_few_words_count_when_the_prompts_are_over(self) -> None:
        gather = asking(BargeIn(words=2))
        collector = fed(
            gather, (1.0, VoiceHeard(1.0, 0.5)), (1.5, Final("sales")), (8.0, PromptsOver()), finds_end=True
        )
        assert collector.deadline is not None
        assert collector.deadline <= 8.0
        collector.feed(TimePassed(), at=8.0)
        collector.feed(SpeechEnded(), at=8.1)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="sales")


class TestWithoutBargeIn:
    QUIET = BargeIn(on_keys=False, on_speech=False)

    def test_speech_neither_silences_nor_ends_before_the_prompts_are_over(self) -> None:
        collector = fed(
            asking(self.QUIET),
            (1.0, VoiceHeard(1.0, 0.5)),
            (1.5, Partial("sa")),
            (2.0, Final("sales")),
            (2.1, SpeechEnded()),
            finds_end=True,
        )
        assert (collector.prompts, collector.deadline) == (Prompts.PLAY, None)
        collector.feed(PromptsOver(), at=20.0)
        collector.feed(TimePassed(), at=20.0)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_who_still_speaks_when_they_are_over_is_heard_to_the_end(self) -> None:
        collector = fed(
            asking(self.QUIET),
            (19.0, VoiceHeard(19.0, 0.5)),
            (20.0, PromptsOver()),
            (21.0, VoiceHeard(21.0, 2.0)),
        )
        assert collector.deadline == 22.0

    def test_the_longest_utterance_is_counted_from_their_end(self) -> None:
        noise = [(at / 2, VoiceHeard(at / 2, at / 2)) for at in range(1, 48) if at != 40]
        collector = fed(asking(self.QUIET, max_speech_s=4.0), *noise[:39], (20.0, PromptsOver()), *noise[39:])
        assert collector.deadline == 24.0

    def test_noise_in_them_that_was_nothing_leaves_the_caller_their_turn(self) -> None:
        gather = asking(self.QUIET, start_timeout_s=5.0)
        collector = fed(gather, (1.0, VoiceHeard(1.4, 0.4)), (8.0, PromptsOver()))
        collector.feed(TimePassed(), at=8.0)
        assert collector.wants_last_words
        collector.feed(SpeechEnded(), at=8.2)
        assert (collector.phase, collector.hearings, collector.deadline) == (Phase.WAITING, 2, 13.0)
        collector.feed(VoiceHeard(9.0, 0.5), at=9.0)
        pass_time(collector, 10.5)
        collector.feed(Final("sales"), at=10.5)
        collector.feed(SpeechEnded(), at=10.5)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="sales")

    def test_keys_wait_for_their_end_and_are_judged_in_order(self) -> None:
        typed = [(at / 10, KeyPressed(key)) for at, key in enumerate("12#3", 1)]
        collector = fed(asking(self.QUIET), *typed)
        assert (collector.prompts, collector.gathered, collector.keys) == (Prompts.PLAY, None, "12#3")
        collector.feed(PromptsOver(), at=5.0)
        assert collector.gathered == Gathered(end=GatherEnd.KEYS, keys="12")

    def test_enough_keys_are_enough_only_then(self) -> None:
        collector = fed(asking(self.QUIET, max_keys=2), (0.1, KeyPressed("1")), (0.2, KeyPressed("2")))
        assert collector.gathered is None
        collector.feed(PromptsOver(), at=5.0)
        assert collector.gathered == Gathered(end=GatherEnd.KEYS, keys="12")

    def test_too_few_keys_then_wait_for_more(self) -> None:
        collector = fed(
            asking(self.QUIET, max_keys=3, key_timeout_s=4.0), (0.1, KeyPressed("1")), (5.0, PromptsOver())
        )
        assert collector.deadline == 9.0
        collector.feed(KeyPressed("2"), at=6.0)
        assert outcome(collector) == Gathered(end=GatherEnd.KEYS, keys="12")

    def test_keys_that_waited_beat_speech_that_silences(self) -> None:
        gather = asking(BargeIn(on_keys=False), key_timeout_s=2.0)
        collector = fed(gather, (0.5, KeyPressed("4")), (1.0, VoiceHeard(1.0, 0.3)), (1.2, Partial("sales")))
        assert (collector.prompts, collector.phase) == (Prompts.STOP, Phase.KEYS)
        assert outcome(collector) == Gathered(end=GatherEnd.KEYS, keys="4")

    def test_keys_may_silence_where_speech_may_not(self) -> None:
        gather = asking(BargeIn(on_speech=False))
        collector = fed(gather, (1.0, VoiceHeard(1.0, 0.5)), (1.2, Partial("sales")), (1.5, KeyPressed("1")))
        assert heard_of(collector) is Prompts.STOP


class TestFewestKeys:
    GATHER = Gather(min_keys=3, start_timeout_s=6.0, key_timeout_s=2.0)

    def test_before_there_are_enough_the_longer_time_runs_after_each(self) -> None:
        collector = fed(self.GATHER, (1.0, KeyPressed("1")))
        assert collector.deadline == 7.0
        collector.feed(KeyPressed("2"), at=5.0)
        assert collector.deadline == 11.0
        collector.feed(KeyPressed("3"), at=6.0)
        assert collector.deadline == 8.0

    def test_too_few_are_delivered_all_the_same(self) -> None:
        assert outcome(fed(self.GATHER, (1.0, KeyPressed("1")))) == Gathered(end=GatherEnd.KEYS, keys="1")

    def test_the_finish_key_ends_it_with_too_few(self) -> None:
        collector = fed(self.GATHER, (1.0, KeyPressed("1")), (1.5, KeyPressed("#")))
        assert collector.gathered == Gathered(end=GatherEnd.KEYS, keys="1")


class TestEndByItself:
    GATHER = Gather(inputs=SPEECH, speech_end_timeout_s=None)

    def test_the_recognisers_finding_is_believed_at_once(self) -> None:
        collector = fed(self.GATHER, (1.0, VoiceHeard(1.5, 0.5)), (1.6, Final("sales")), finds_end=True)
        assert collector.deadline == 1.6

    def test_it_has_two_seconds_for_it(self) -> None:
        collector = fed(self.GATHER, (1.0, VoiceHeard(1.5, 0.5)), finds_end=True)
        assert collector.deadline == 3.5

    def test_where_it_finds_none_the_ear_does(self) -> None:
        collector = fed(self.GATHER, (1.0, VoiceHeard(1.5, 0.5)))
        assert collector.deadline == 2.2


class TestContinuous:
    GATHER = Gather(
        inputs=BOTH,
        speech_end_timeout_s=0.7,
        max_speech_s=30.0,
        continuous=Continuous(pause_s=2.0, end_key="*"),
    )

    def test_a_recogniser_that_finds_ends_goes_on_and_each_partial_restarts_the_pause(self) -> None:
        collector = fed(
            self.GATHER,
            (1.0, VoiceHeard(1.0, 0.1)),
            (2.0, Final("one two", 0.9)),
            (3.9, Partial("three")),
            finds_end=True,
        )
        assert collector.deadline == 5.9
        collector.feed(Final("three four", 0.7), at=4.5)
        assert collector.deadline == 6.5
        collector.feed(TimePassed(), at=6.5)
        collector.feed(SpeechEnded(), at=6.6)
        assert collector.gathered == Gathered(
            end=GatherEnd.SPEECH, speech="one two three four", confidence=0.7
        )

    def test_one_that_does_not_is_asked_for_each_stretch_and_listens_again(self) -> None:
        collector = fed(self.GATHER, (1.0, VoiceHeard(2.0, 1.0)))
        assert collector.deadline == 2.7
        collector.feed(TimePassed(), at=2.7)
        assert collector.wants_last_words
        collector.feed(Final("one two"), at=2.75)
        collector.feed(SpeechEnded(), at=2.76)
        assert (collector.phase, collector.hearings) == (Phase.SPEAKING, 2)
        assert collector.deadline == 4.0, "the pause is counted from the last voice"
        collector.feed(VoiceHeard(3.5, 1.2), at=3.5)
        pass_time(collector, 4.3)
        collector.feed(Final("three"), at=4.3)
        collector.feed(SpeechEnded(), at=4.3)
        assert collector.hearings == 3
        assert outcome(collector) == Gathered(end=GatherEnd.SPEECH, speech="one two three")

    def test_one_that_stops_after_a_final_is_asked_to_listen_again(self) -> None:
        collector = fed(
            self.GATHER,
            (1.0, VoiceHeard(1.5, 0.5)),
            (1.6, Final("one")),
            (1.6, SpeechEnded()),
            finds_end=True,
        )
        assert (collector.hearings, collector.gathered) == (2, None)
        collector.feed(Final("two"), at=2.5)
        collector.feed(SpeechEnded(), at=2.5)
        assert collector.hearings == 3
        pass_time(collector, 4.6)
        collector.feed(SpeechEnded(), at=4.6)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="one two")

    def test_one_that_stops_without_words_is_not_asked_for_ever(self) -> None:
        collector = fed(self.GATHER, (1.0, VoiceHeard(1.5, 0.5)), *[(1.6, SpeechEnded())] * 9, finds_end=True)
        assert collector.hearings == 4

    def test_the_end_key_ends_it_where_something_was_said(self) -> None:
        collector = fed(self.GATHER, (1.0, VoiceHeard(1.0, 0.5)), (1.5, KeyPressed("*")))
        assert collector.wants_last_words
        collector.feed(Final("one"), at=1.6)
        collector.feed(SpeechEnded(), at=1.6)
        assert collector.gathered == Gathered(end=GatherEnd.SPEECH, speech="one")

    def test_else_it_is_a_key_like_any_other(self) -> None:
        assert outcome(fed(self.GATHER, (1.0, KeyPressed("*")))) == Gathered(end=GatherEnd.KEYS, keys="*")

    def test_it_ends_where_no_keys_are_wanted_too(self) -> None:
        gather = Gather(inputs=SPEECH, continuous=Continuous(pause_s=2.0, end_key="*"))
        assert outcome(fed(gather, (1.0, KeyPressed("*")))) == Gathered(end=GatherEnd.NO_INPUT)
        assert fed(gather, (1.0, VoiceHeard(1.0, 0.5)), (1.5, KeyPressed("*"))).wants_last_words

    def test_who_never_pauses_is_ended_by_the_longest_utterance(self) -> None:
        noise = [(at / 2, VoiceHeard(at / 2, at / 2)) for at in range(2, 62)]
        collector = fed(self.GATHER, *noise)
        assert collector.deadline == 31.0


def test_a_recogniser_that_stopped_on_noise_listens_again_for_who_speaks_then() -> None:
    gather = Gather(inputs=SPEECH, speech_end_timeout_s=0.7)
    collector = fed(gather, (1.0, SpeechEnded()), (2.0, VoiceHeard(2.4, 0.4)), finds_end=True)
    assert collector.hearings == 2
    collector.feed(Final("sales"), at=2.5)
    pass_time(collector, 4.0)
    assert collector.gathered is None or collector.gathered.speech == "sales"


def test_one_that_waited_as_long_as_it_was_told_does_not() -> None:
    gather = Gather(inputs=SPEECH, recogniser=RecogniserOptions(initial_speech_timeout_s=1.0))
    assert fed(gather, (1.0, SpeechEnded()), finds_end=True).hearings == 1


def test_a_voice_of_which_nothing_is_understood_was_a_false_alarm_and_the_prompts_go_on() -> None:
    collector = fed(asking(), (1.0, VoiceHeard(2.0, 0.5)))
    assert heard_of(collector) is Prompts.WAIT
    pass_time(collector, 3.5)
    collector.feed(SpeechEnded(), at=3.5)
    assert (collector.gathered, heard_of(collector)) == (None, Prompts.PLAY)


def test_a_voice_that_lasts_was_no_false_alarm() -> None:
    collector = fed(asking(), (1.0, VoiceHeard(5.0, 0.7)))
    pass_time(collector, 6.5)
    collector.feed(SpeechEnded(), at=6.5)
    assert collector.gathered == Gathered(end=GatherEnd.NO_MATCH)


def test_a_voice_too_short_to_connect_a_recogniser_is_a_blip() -> None:
    detection = VoiceDetection(gates_recogniser=True, voice_s=0.5)
    gather = Gather(inputs=SPEECH, speech_end_timeout_s=1.0, voice_detection=detection)
    collector = fed(gather, (1.0, VoiceHeard(1.4, 0.4)))
    assert outcome(collector) == Gathered(end=GatherEnd.NO_INPUT)


def test_last_words_are_waited_for_longer_while_another_recogniser_hears_all_again() -> None:
    collector = fed(
        Gather(inputs=SPEECH, speech_end_timeout_s=1.0), (1.0, VoiceHeard(1.0, 0.5)), (2.5, TimePassed())
    )
    collector.last_words_by = 7.0
    assert collector.deadline == 7.0


policies = st.builds(
    BargeIn,
    on_keys=st.booleans(),
    on_speech=st.booleans(),
    words=st.integers(0, 3),
    voice_s=st.sampled_from([0.0, 0.3]),
    resumes=st.booleans(),
)
gathers = st.builds(
    Gather,
    inputs=st.sampled_from([KEYS, SPEECH, BOTH]),
    prompts=st.sampled_from([(), PROMPT, PROMPT]),
    start_timeout_s=st.floats(0.1, 20),
    key_timeout_s=st.floats(0.1, 20),
    speech_end_timeout_s=st.none() | st.floats(0.1, 20),
    max_speech_s=st.floats(1, 60),
    total_timeout_s=st.none() | st.floats(0.1, 60),
    max_keys=st.none() | st.integers(1, 4),
    min_keys=st.integers(1, 3),
    finish_keys=st.sampled_from([frozenset(), frozenset("#")]),
    barge_in=policies,
    continuous=st.none()
    | st.builds(Continuous, pause_s=st.floats(0.1, 5), end_key=st.sampled_from([None, "*"])),
)
words = st.text("ab ", max_size=5)
voiced = st.floats(0.05, 2.0)
deeds = st.one_of(
    st.builds(KeyPressed, st.sampled_from("0123456789*#")),
    st.just(PromptsOver()),
    st.builds(lambda voiced_s: VoiceHeard(0.0, voiced_s, voiced_s), voiced),
    st.just(SpeechStarted()),
    st.builds(Partial, words),
    st.builds(Final, words, st.none() | st.floats(0, 1)),
    st.just(SpeechEnded()),
    st.builds(SpeechFailed, st.sampled_from(FailureKind), words),
)
stories = st.lists(st.tuples(st.floats(0, 3), deeds), max_size=25)


class Told:
    """A collector to which a story is told the way the run loop does; what must hold at any time is looked at."""

    def __init__(self, gather: Gather, *, finds_end: bool) -> None:
        self.gather = gather
        self.collector = Collector(gather, at=0.0, finds_end=finds_end)
        self.now = 0.0
        self.typed = ""
        self.prompts = self.collector.prompts
        self.outcomes: list[Gathered] = []

    def feed(self, event: Event) -> None:
        collector, before = self.collector, self.prompts
        if isinstance(event, KeyPressed) and collector.gathered is None:
            self.typed += event.key
        if isinstance(event, VoiceHeard):
            event = VoiceHeard(self.now, event.voiced_s, event.lasting_s)
        collector.feed(event, at=self.now)
        self.prompts = collector.prompts
        if collector.gathered is not None and collector.gathered not in self.outcomes:
            self.outcomes.append(collector.gathered)
        self.look_at_prompts(before, event)

    def look_at_prompts(self, before: Prompts, event: Event) -> None:
        policy, collector = self.gather.barge_in, self.collector
        silenced = before is Prompts.PLAY and self.prompts is not Prompts.PLAY
        if collector.gathered is not None:
            assert self.prompts is Prompts.STOP, "nothing is played after the outcome"
        if before is Prompts.STOP:
            assert self.prompts is Prompts.STOP, "what is over does not begin again"
        if not silenced or isinstance(event, PromptsOver):
            return
        if isinstance(event, KeyPressed):
            assert policy.on_keys, "a key silenced prompts that keys may not silence"
        else:
            assert policy.on_speech, "speech silenced prompts that it may not silence"
            assert not policy.words or len(collector.words.split()) >= policy.words

    def pass_time(self, until: float) -> None:
        while (deadline := self.collector.deadline) is not None and deadline < until:
            self.now = max(self.now, deadline)
            self.feed(TimePassed())
        self.now = until


def looked_for(gather: Gather, typed: str) -> str:
    """What of all that was typed until the end is an input: all but finish keys, and what is more than wanted."""
    if not gather.hears(Input.KEYS):
        return ""
    keys = typed[: -1 if typed[-1:] and typed[-1] in gather.finish_keys else None]
    return keys[: gather.max_keys]


@settings(max_examples=300, deadline=None)
@given(gathers, stories, st.booleans())
def test_any_order_of_events_keeps_the_promises(
    gather: Gather, story: list[tuple[float, Event]], finds_end: bool
) -> None:
    told = Told(gather, finds_end=finds_end)
    for wait, event in story:
        told.pass_time(told.now + wait)
        told.feed(event)
    told.feed(PromptsOver())
    ended_by = told.now + 2 * (gather.start_timeout_s + gather.key_timeout_s + gather.max_speech_s + 20 + 10)
    told.pass_time(ended_by)
    assert len(told.outcomes) == 1, "exactly one outcome, within the bounds"
    [heard] = told.outcomes
    assert not (heard.keys and heard.speech)
    if told.collector.keys and heard.end is not GatherEnd.KEYS:
        raise AssertionError(f"{told.collector.keys} was typed and is not delivered")


@settings(max_examples=200, deadline=None)
@given(
    gather=st.builds(
        Gather,
        inputs=st.sampled_from([KEYS, BOTH]),
        prompts=st.sampled_from([(), PROMPT]),
        start_timeout_s=st.floats(0.1, 10),
        key_timeout_s=st.floats(0.1, 10),
        min_keys=st.integers(1, 4),
        max_keys=st.none() | st.integers(1, 4),
        barge_in=policies,
    ),
    story=st.lists(st.tuples(st.floats(0, 3), deeds), min_size=1, max_size=20),
)
def test_all_keys_up_to_the_end_are_delivered(gather: Gather, story: list[tuple[float, Event]]) -> None:
    told = Told(gather, finds_end=False)
    for wait, event in story:
        told.pass_time(told.now + wait)
        told.feed(event)
    told.feed(PromptsOver())
    told.pass_time(told.now + 500)
    [heard] = told.outcomes
    until_finish = told.typed.split("#")[0]
    if "#" not in told.typed:
        assert heard.keys == looked_for(gather, told.typed)
    elif until_finish:
        assert heard.keys == until_finish[: gather.max_keys]
