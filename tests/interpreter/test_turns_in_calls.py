"""Turn taking as callers hear it: scripted callers, the real run loop, a clock that does not wait."""

import asyncio
from collections.abc import AsyncIterator

from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.call.errors import ProviderError
from offhook.call.exchange import Reply
from offhook.call.facts import TimelineKept
from offhook.dialects.rcml.dialect import Rcml
from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from offhook.speech.recogniser import FailureKind, Final, Partial, SpeechEnded, SpeechEvent, SpeechFailed
from offhook.speech.recognisers import Recognisers
from offhook.speech.voice import VoiceOptions
from offhook.testing import (
    FakeRecogniser,
    FakeVoice,
    Followed,
    Page,
    ScriptedCall,
    WebhookStub,
    follow,
    run_virtually,
)
from offhook.verbs import (
    BargeIn,
    Continuous,
    Document,
    Gather,
    Gathered,
    GatherEnd,
    Input,
    Pause,
    Play,
    Say,
    Target,
    VoiceDetection,
)

KEYS, SPEECH = Input.KEYS, Input.SPEECH
HEARD = Target("http://app.example/heard")
HELLO = Say(text="0123456789" * 5)
"""Five seconds."""


class Asks(Rcml):
    """The first document is one gather."""

    def __init__(self, gather: Gather) -> None:
        super().__init__(instance_id=32 * "0")
        self._gather = gather

    def read(self, reply: Reply) -> Document:
        return Document((self._gather,)) if reply.url.endswith("/voice") else super().read(reply)


def asking(**fields: object) -> Gather:
    known: dict[str, object] = {
        "inputs": frozenset({KEYS, SPEECH}),
        "prompts": (HELLO,),
        "action": HEARD,
        "start_timeout_s": 3.0,
        "key_timeout_s": 2.0,
        "speech_end_timeout_s": 1.0,
        "act_on_empty": True,
    }
    return Gather(**{**known, **fields})  # type: ignore[arg-type]


async def ask(
    gather: Gather, *script: str, recogniser: FakeRecogniser | None = None
) -> tuple[ScriptedCall, Gathered]:
    """What the caller heard, and what was gathered."""
    call = ScriptedCall(*script)
    app = WebhookStub(
        {"/voice": "", "/heard": "<Response/>", "/beep.wav": Page(body="1 s", content_type="audio/wav")}
    )
    done = await follow(call, app, dialect=Asks(gather), recogniser=recogniser)
    [finished] = done.gathers
    return call, finished.gathered


def heard_as(call: ScriptedCall) -> list[str]:
    """What was heard, with the long prompt's name short."""
    return [line.replace(HELLO.text, "hello") for line in call.heard]


class Listens(FakeRecogniser):
    """Understands one word of a list in each utterance, once it is asked for it."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self._words = list(words)

    def listen(self, options):  # type: ignore[no-untyped-def]
        text = self._words.pop(0) if self._words else ""
        self.at_finish = (Final(text),) if text else ()
        return super().listen(options)


class TestPrompts:
    async def test_after_a_cough_the_prompt_goes_on_a_little_before_where_it_was(self) -> None:
        call, gathered = await ask(asking(), "2.0 says 0.06")
        assert heard_as(call) == [
            "0.0 hello starts",
            "2.1 hello stops",
            "2.9 hello goes on at 1.8 s",
            "6.2 hello ends",
        ]
        assert gathered.end is GatherEnd.NO_INPUT

    async def test_only_what_is_left_is_heard_of_several(self) -> None:
        prompts = (
            Say(text="0123456789"),
            Pause(length_s=2.0),
            Play(url="http://app.example/beep.wav", loop=2),
        )
        call, _ = await ask(asking(prompts=prompts), "1.5 says 0.06", "5.0 says 0.06")
        beep = "http://app.example/beep.wav"
        assert call.heard == [
            "0.0 0123456789 starts",
            "1.0 0123456789 ends",
            f"3.9 {beep} starts",
            f"4.9 {beep} ends",
            f"4.9 {beep} starts",
            f"5.1 {beep} stops",
            f"5.9 {beep} goes on at 0.1 s",
            f"6.8 {beep} ends",
        ]

    async def test_speech_stops_it_for_good(self) -> None:
        call, gathered = await ask(asking(), "2.0 says 0.8", recogniser=FakeRecogniser.that_hears("sales"))
        assert heard_as(call) == ["0.0 hello starts", "2.1 hello stops"]
        assert gathered == Gathered(end=GatherEnd.SPEECH, speech="sales")

    async def test_without_barge_in_both_inputs_wait_for_its_end(self) -> None:
        quiet = BargeIn(on_keys=False, on_speech=False)
        call, gathered = await ask(asking(barge_in=quiet, max_keys=2), "1.0 says 1", "2.0 key 4", "2.2 key 2")
        assert heard_as(call) == ["0.0 hello starts", "5.0 hello ends"]
        assert gathered == Gathered(end=GatherEnd.KEYS, keys="42")

    async def test_speech_that_waited_is_understood_at_its_end(self) -> None:
        recogniser = FakeRecogniser.that_hears("sales")
        call, gathered = await ask(
            asking(barge_in=BargeIn(on_speech=False)), "1.0 says 1", recogniser=recogniser
        )
        assert heard_as(call) == ["0.0 hello starts", "5.0 hello ends"]
        assert gathered.speech == "sales"
        assert call.ending is not None

    async def test_noise_that_waited_is_followed_by_another_hearing(self) -> None:
        recogniser = Listens("", "sales")
        _, gathered = await ask(
            asking(barge_in=BargeIn(on_speech=False)), "1.0 says 1", "6.0 says 1", recogniser=recogniser
        )
        assert (gathered.speech, len(recogniser.asked)) == ("sales", 2)

    async def test_words_are_counted_with_partials_that_nobody_else_is_told(self) -> None:
        recogniser = FakeRecogniser(
            events=((1.5, Partial("I")), (2.5, Partial("I want"))), at_finish=(Final("I want sales"),)
        )
        call, gathered = await ask(
            asking(barge_in=BargeIn(words=2), inputs=frozenset({SPEECH})), "1.0 says 2", recogniser=recogniser
        )
        assert heard_as(call) == ["0.0 hello starts", "2.5 hello stops"]
        assert gathered.speech == "I want sales"
        assert recogniser.asked[0].partials

    async def test_a_voice_that_does_not_last_does_not_silence(self) -> None:
        call, _ = await ask(asking(barge_in=BargeIn(voice_s=0.5)), "1.0 says 0.3", "3.0 says 0.9")
        assert heard_as(call)[:2] == ["0.0 hello starts", "3.5 hello stops"]

    async def test_who_may_not_be_heard_during_prompts_is_heard_after_them(self) -> None:
        recogniser = FakeRecogniser.that_hears("sales")
        gather = asking(listens_during_prompts=False)
        call, gathered = await ask(gather, "1.0 says 1", "6.0 says 1", recogniser=recogniser)
        assert heard_as(call) == ["0.0 hello starts", "5.0 hello ends"]
        assert gathered.speech == "sales"
        [recognition] = recogniser.heard
        assert 90 < recognition.frames < 160, "only what came after the prompts"

    async def test_keys_are_live_then_all_the_same(self) -> None:
        recogniser = FakeRecogniser.that_hears("sales")
        call, gathered = await ask(asking(listens_during_prompts=False), "1.0 key 1", recogniser=recogniser)
        assert heard_as(call) == ["0.0 hello starts", "1.0 hello stops"]
        assert (gathered.keys, recogniser.asked) == ("1", [])


class TestContinuousSpeech:
    CONTINUOUS = Continuous(pause_s=2.5, end_key="#")

    async def test_stretches_are_joined_until_nobody_goes_on(self) -> None:
        recogniser = Listens("one", "two", "three")
        gather = asking(prompts=(), continuous=self.CONTINUOUS)
        _, gathered = await ask(gather, "1.0 says 1", "4.0 says 1", "6.5 says 1", recogniser=recogniser)
        assert gathered == Gathered(end=GatherEnd.SPEECH, speech="one two three")

    async def test_no_frame_is_lost_between_two_hearings(self) -> None:
        recogniser = Listens("one", "two")
        gather = asking(prompts=(), continuous=self.CONTINUOUS)
        await ask(gather, "1.0 says 1", "4.0 says 1", recogniser=recogniser)
        first, second = (recognition.frames for recognition in recogniser.heard[:2])
        assert 145 <= first <= 160, "from the beginning to a second after the first stretch"
        assert 140 <= second <= 160, "to a second after the second"

    async def test_the_end_key_ends_it(self) -> None:
        gather = asking(prompts=(), continuous=self.CONTINUOUS)
        _, gathered = await ask(gather, "1.0 says 1", "2.2 key #", recogniser=Listens("one"))
        assert gathered.speech == "one"


class TestNoise:
    async def test_a_line_that_clicks_for_ever_delays_the_prompts_and_does_not_keep_them_from_their_end(
        self,
    ) -> None:
        call, gathered = await ask(asking(), *(f"{second}.5 says 0.06" for second in range(120)))
        last = heard_as(call)[-1]
        assert last.endswith("hello ends")
        assert float(last.split()[0]) < 90.0
        assert gathered.end is not GatherEnd.SPEECH


class TestGatedRecogniser:
    async def test_it_is_asked_only_once_somebody_speaks_and_hears_what_came_before(self) -> None:
        recogniser = FakeRecogniser.that_hears("sales")
        gather = asking(
            prompts=(),
            voice_detection=VoiceDetection(gates_recogniser=True, voice_s=0.3),
            start_timeout_s=9.0,
        )
        _, gathered = await ask(gather, "1.0 says 0.15", "5.0 says 1", recogniser=recogniser)
        assert gathered.speech == "sales"
        [recognition] = recogniser.heard
        assert 100 < recognition.frames < 180, "a second before, what was said, and the silence after it"

    async def test_nobody_is_asked_where_nobody_speaks(self) -> None:
        recogniser = FakeRecogniser.that_hears("sales")
        gather = asking(prompts=(), voice_detection=VoiceDetection(gates_recogniser=True, voice_s=0.3))
        _, gathered = await ask(gather, "1.0 says 0.06", recogniser=recogniser)
        assert (gathered.end, recogniser.asked) == (GatherEnd.NO_INPUT, [])


class BreaksOff(FakeVoice):
    """Speaks for a second and breaks."""

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        yield bytes(SAMPLE_RATE_HZ * SAMPLE_BYTES)
        await asyncio.sleep(0.5)
        raise ProviderError("voice", "the voice broke", retryable=True)


class TestFaults:
    async def test_a_prompt_that_breaks_off_ends_the_gather_with_what_was_typed(self) -> None:
        call = ScriptedCall("0.5 key 7")
        app = WebhookStub({"/voice": ""})
        gather = asking(barge_in=BargeIn(on_keys=False))
        done = await follow(call, app, dialect=Asks(gather), voice=BreaksOff())
        [finished] = done.gathers
        assert (finished.gathered.end, finished.gathered.keys) == (GatherEnd.PROMPT_FAILED, "7")

    async def test_a_recogniser_that_says_nothing_to_a_cough_is_not_left_for_that(self) -> None:
        first, second = (FakeRecogniser(name=name, at_finish=(Final(name),)) for name in ("first", "second"))
        both = Recognisers({"first": first, "second": second}, ("first", "second"))
        gather = asking(partials_to=Target("http://app.example/so-far"))
        app = WebhookStub({"/voice": "", "/heard": "<Response/>"})
        call = ScriptedCall("1.0 says 0.06", "8.0 says 1")
        [finished] = (await follow(call, app, dialect=Asks(gather), recognisers=both)).gathers
        assert (finished.gathered.speech, finished.switches) == ("first", ())
        assert second.asked == []

    async def test_a_recogniser_that_fails_after_a_key_changes_nothing(self) -> None:
        failing = FakeRecogniser(events=((1.5, SpeechFailed(FailureKind.BROKEN, "gone")),))
        _, gathered = await ask(asking(), "1.0 key 1", "2.0 key 2", recogniser=failing)
        assert gathered == Gathered(end=GatherEnd.KEYS, keys="12")

    async def test_a_key_that_comes_with_the_end_of_the_prompts_counts(self) -> None:
        quiet = BargeIn(on_keys=False, on_speech=False)
        _, gathered = await ask(asking(barge_in=quiet, max_keys=2), "4.9 key 1", "5.0 key 2")
        assert gathered == Gathered(end=GatherEnd.KEYS, keys="12")


deeds = st.one_of(
    st.builds("key {}".format, st.sampled_from("0123456789*#")),
    st.builds("says {}".format, st.sampled_from(["0.1", "0.3", "1", "4"])),
)
scripts = st.lists(st.tuples(st.integers(1, 25), deeds), max_size=8)
recognitions: st.SearchStrategy[SpeechEvent] = st.one_of(
    st.builds(Partial, st.sampled_from(["a", "a b", ""])),
    st.builds(Final, st.sampled_from(["a", "b c", ""])),
    st.just(SpeechEnded()),
    st.just(SpeechFailed(FailureKind.BROKEN, "gone")),
)


def typed_of(done: Followed) -> str:
    events = [event for part in done.facts.of(TimelineKept) for event in part.events]
    return "".join(str(facts["key"]) for _, kind, facts in events if kind == "key" and facts["is_heard"])


@settings(max_examples=60, deadline=None)
@given(
    gather=st.builds(
        asking,
        inputs=st.sampled_from([frozenset({KEYS}), frozenset({KEYS, SPEECH})]),
        finish_keys=st.just(frozenset()),
        min_keys=st.integers(1, 3),
        barge_in=st.builds(
            BargeIn,
            on_keys=st.booleans(),
            on_speech=st.booleans(),
            words=st.integers(0, 2),
            voice_s=st.sampled_from([0.0, 0.2]),
            resumes=st.booleans(),
        ),
        listens_during_prompts=st.booleans(),
        continuous=st.sampled_from([None, Continuous(pause_s=1.5)]),
    ),
    script=scripts,
    events=st.lists(st.tuples(st.floats(0, 8), recognitions), max_size=5),
)
def test_whatever_happens_keys_are_delivered_and_nothing_is_played_after_the_outcome(
    gather: Gather, script: list[tuple[int, str]], events: list[tuple[float, SpeechEvent]]
) -> None:
    lines, at = [], 0
    for tenths, deed in script:
        at += tenths
        lines.append(f"{at / 10 + 0.003:.3f} {deed}")
    recogniser = FakeRecogniser(events=tuple(events), at_finish=(Final("end"),))

    async def go() -> tuple[ScriptedCall, Followed, WebhookStub]:
        call = ScriptedCall(*lines)
        app = WebhookStub({"/voice": "", "/heard": "<Response><Say>over</Say></Response>"})
        return call, await follow(call, app, dialect=Asks(gather), recogniser=recogniser), app

    call, done, app = run_virtually(go())
    [finished] = done.gathers
    typed = typed_of(done)
    assert finished.gathered.keys == typed
    assert bool(typed) == (finished.gathered.end is GatherEnd.KEYS)
    told = heard_as(call)
    assert sum(line.endswith("over starts") for line in told) == 1
    after = told[next(at for at, line in enumerate(told) if line.endswith("over starts")) :]
    assert [line.split(" ", 1)[1] for line in after] == ["over starts", "over ends"]
    assert len([request for request in app.requests if request.target == HEARD]) == 1
    policy = gather.barge_in
    if not policy.on_keys and not policy.on_speech:
        assert told[:2] == ["0.0 hello starts", "5.0 hello ends"]


async def test_a_recogniser_that_may_take_long_for_its_last_words_is_waited_for() -> None:
    slow = FakeRecogniser(at_finish=(Final("sales"),), latency_s=4.0, last_words_s=6.0)
    _, gathered = await ask(asking(prompts=()), "0.5 says 1", recogniser=slow)
    assert gathered.speech == "sales"
    hasty = FakeRecogniser(at_finish=(Final("sales"),), latency_s=4.0)
    _, gathered = await ask(asking(prompts=()), "0.5 says 1", recogniser=hasty)
    assert gathered.end is GatherEnd.RECOGNISER_FAILED
