"""Recognisers that fail, stall or refuse: the next one hears it all, and to who listens it is one utterance."""

import asyncio
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.attempt import LAST_WORDS_S, STALL_S
from offhook.speech.hearing import PRE_ROLL_S, Switch
from offhook.speech.kept_frames import KeptFrames
from offhook.speech.recogniser import FailureKind, Final, Partial, SpeechEnded, SpeechFailed, SpeechStarted
from offhook.speech.recogniser_notices import LEFT, NOT_THERE, OPTION_PASSED_OVER
from offhook.testing import FakeRecogniser
from offhook.verbs.recogniser_options import RecogniserOptions
from tests.hearing.speaker import (
    CLOSED,
    NO_MODEL,
    PARTIALS,
    REFUSED,
    frame,
    frames,
    recognisers,
    speaking,
)

SALES = (Final("sales", 0.9),)


def second(**how: object) -> FakeRecogniser:
    return FakeRecogniser(name="second", at_finish=SALES, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("failure", [REFUSED, CLOSED, NO_MODEL])
@pytest.mark.parametrize("after", [0, 1, 150])
async def test_who_fails_is_left_and_the_next_hears_every_frame(failure: SpeechFailed, after: int) -> None:
    first, other = FakeRecogniser(name="first", fails=(after, failure)), second()
    notices: list[tuple[int, str]] = []
    async with speaking(recognisers(first, other), notices=notices) as speaker:
        await speaker.says(4.0)
        assert await speaker.ends() == [*SALES, SpeechEnded()]
        assert speaker.hearing.vendor == "second"
        assert speaker.hearing.switches == (Switch("first", failure.detail),)
    assert other.heard[0].audio == frames(0, 200)
    assert notices == [(LEFT, f"the recogniser 'first' was left for the next one: {failure.detail}")]


async def test_words_come_within_a_second_and_a_half_of_the_failure() -> None:
    first, other = FakeRecogniser(name="first", is_silent=True), second(frame_s=0.002)
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(5.0, voiced=False)
        await speaker.ends()
        words_at = next(at for at, event in speaker.events if isinstance(event, Final))
        assert 5.0 + LAST_WORDS_S <= words_at <= 5.0 + LAST_WORDS_S + 1.5
        by = speaker.hearing.last_words_by
        assert by is not None
        assert by >= words_at
    assert other.heard[0].audio == frames(0, 250)


async def test_what_was_told_as_final_stays_and_is_not_heard_again() -> None:
    first = FakeRecogniser(
        name="first", events=((1.0, Final("I want")), (1.5, Partial("sal"))), fails=(100, CLOSED)
    )
    other = second()
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(2.5)
        assert await speaker.ends() == [Final("I want"), Partial("sal"), *SALES, SpeechEnded()]
    assert first.heard[0].audio == frames(0, 100)
    [heard_again] = other.heard
    assert heard_again.audio == frames(50, 125)


async def test_who_falls_silent_while_somebody_goes_on_speaking_is_left() -> None:
    first, other = FakeRecogniser(name="first", events=((0.5, Partial("I")),)), second()
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(0.5 + STALL_S + 0.1)
        assert [left.vendor for left in speaker.hearing.switches] == ["first"]
        assert await speaker.ends() == [Partial("I"), *SALES, SpeechEnded()]
    assert other.heard[0].audio == frames(0, 180)


async def test_who_never_says_anything_is_left_even_where_the_voice_is_told_once() -> None:
    first, other = FakeRecogniser(name="first", is_silent=True), second()
    async with speaking(recognisers(first, other)) as speaker:
        speaker.hearing.open()
        await speaker.says(STALL_S - 0.1, voiced=False)
        assert not speaker.hearing.switches
        await speaker.says(0.2, voiced=False)
        assert speaker.hearing.switches == (Switch("first", "it said nothing for 3 s while somebody spoke"),)


@pytest.mark.parametrize(
    ("first", "options"),
    [
        (FakeRecogniser(name="first", is_silent=True, free_speech=False), PARTIALS),
        (FakeRecogniser(name="first", is_silent=True, partials=False), PARTIALS),
        (FakeRecogniser(name="first", is_silent=True), RecogniserOptions()),
    ],
    ids=["only hints", "no partials", "none wanted"],
)
async def test_who_may_rightly_be_silent_is_not_left_before_the_end(
    first: FakeRecogniser, options: RecogniserOptions
) -> None:
    async with speaking(recognisers(first, second()), options) as speaker:
        await speaker.says(STALL_S * 3)
        assert speaker.hearing.switches == ()
        assert await speaker.ends() == [*SALES, SpeechEnded()]


async def test_a_pause_of_the_speaker_is_no_stall() -> None:
    first = FakeRecogniser(name="first", events=((0.5, Partial("sal")),), at_finish=SALES)
    async with speaking(recognisers(first, second())) as speaker:
        await speaker.says(0.6)
        await speaker.says(STALL_S * 2, voiced=False)
        assert await speaker.ends() == [Partial("sal"), *SALES, SpeechEnded()]
        assert speaker.hearing.switches == ()


async def test_who_said_its_words_and_never_ends_is_not_left() -> None:
    first = FakeRecogniser(name="first", events=((0.5, Final("sales")),), is_silent=False)
    other = second()
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(0.4)
        await speaker.says(1.0, voiced=False)
        first.heard[0].is_silent = True
        assert await speaker.ends() == [Final("sales"), SpeechEnded()]
    assert other.heard == []


async def test_all_fail_and_the_last_failure_is_told() -> None:
    first, other = (
        FakeRecogniser(name="first", fails=(0, REFUSED)),
        FakeRecogniser(name="b", fails=(10, CLOSED)),
    )
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(1.0)
        await speaker.is_over.wait()
        assert speaker.told == [CLOSED]
        assert speaker.hearing.switches == (Switch("first", REFUSED.detail),)
        assert speaker.hearing.vendor == "b"


async def test_partial_words_that_were_told_are_not_told_again() -> None:
    first = FakeRecogniser(
        name="first", events=((0.2, SpeechStarted()), (0.3, Partial("I want"))), fails=(25, CLOSED)
    )
    other = second(
        events=(
            (0.0, SpeechStarted()),
            (0.0, Partial("I")),
            (0.0, Partial("I want")),
            (0.0, Partial("I want to")),
        )
    )
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(1.0)
        assert await speaker.ends() == [
            SpeechStarted(),
            Partial("I want"),
            Partial("I want to"),
            *SALES,
            SpeechEnded(),
        ]


async def test_of_a_very_long_utterance_the_last_half_minute_is_heard_again() -> None:
    first, other = FakeRecogniser(name="first", fails=(2000, CLOSED)), second(frame_s=0.0001)
    async with speaking(recognisers(first, other)) as speaker:
        await speaker.says(40.0, voiced=False)
        await speaker.says(1.0, voiced=False)
        await speaker.ends()
    assert other.heard[0].audio == frames(500, 2050)


async def test_a_recogniser_with_a_fault_is_left_like_any_other() -> None:
    class Broken(FakeRecogniser):
        def listen(self, options: RecogniserOptions) -> NoReturn:
            raise ImportError("its library is missing")

    async with speaking(recognisers(Broken(name="first"), second())) as speaker:
        await speaker.says(0.2)
        assert await speaker.ends() == [*SALES, SpeechEnded()]
        assert speaker.hearing.switches == (Switch("first", "ImportError: its library is missing"),)


class TestBreakers:
    async def test_who_failed_three_times_is_passed_over_tried_after_its_rest_and_taken_back(self) -> None:
        first, other = FakeRecogniser(name="first", at_finish=SALES, fails=(5, CLOSED)), second()
        those = recognisers(first, other)

        async def once() -> str:
            async with speaking(those) as speaker:
                await speaker.says(0.2)
                assert (await speaker.ends())[0] == SALES[0]
                return speaker.hearing.switches[0].why if speaker.hearing.switches else speaker.hearing.vendor

        assert [await once() for _ in range(3)] == [CLOSED.detail] * 3
        assert (await once()).startswith(
            "passed over, for it failed 3 times in a row; it is tried again in 30 s"
        )
        assert len(first.asked) == 3
        await asyncio.sleep(30)
        assert await once() == CLOSED.detail
        assert (await once()).startswith("passed over, for it failed 4 times in a row")
        await asyncio.sleep(30)
        first.fails = None
        assert await once() == "first"
        assert await once() == "first"

    @pytest.mark.parametrize("failure", [NO_MODEL, SpeechFailed(FailureKind.BAD_REQUEST, "600 hints")])
    async def test_what_is_not_its_fault_opens_no_breaker(self, failure: SpeechFailed) -> None:
        first = FakeRecogniser(name="first", fails=(0, failure))
        those = recognisers(first, second())
        for _ in range(5):
            async with speaking(those) as speaker:
                await speaker.ends()
        assert len(first.asked) == 5

    async def test_where_all_rest_the_first_is_tried_all_the_same(self) -> None:
        first, other = (
            FakeRecogniser(name="first", fails=(0, CLOSED)),
            FakeRecogniser(name="b", fails=(0, REFUSED)),
        )
        those = recognisers(first, other)
        for _ in range(3):
            async with speaking(those) as speaker:
                await speaker.is_over.wait()
        first.fails, first.at_finish = None, SALES
        async with speaking(those) as speaker:
            assert await speaker.ends() == [*SALES, SpeechEnded()]
            assert speaker.hearing.vendor == "first"
            assert speaker.hearing.switches == ()

    async def test_slowness_counts_only_where_the_next_one_finds_words(self) -> None:
        first = FakeRecogniser(name="first", is_silent=True)
        mute = FakeRecogniser(name="second")
        those = recognisers(first, mute)
        for _ in range(4):
            async with speaking(those) as speaker:
                await speaker.ends()
        assert len(first.asked) == 4
        those = recognisers(first, second())
        for _ in range(4):
            async with speaking(those) as speaker:
                await speaker.ends()
        assert len(first.asked) == 4 + 3

    async def test_a_try_that_is_broken_off_leaves_it_to_the_next(self) -> None:
        first = FakeRecogniser(name="first", at_finish=SALES, fails=(0, CLOSED))
        those = recognisers(first, second())
        for _ in range(3):
            async with speaking(those) as speaker:
                await speaker.ends()
        await asyncio.sleep(30)
        first.fails = None
        async with speaking(those) as speaker:
            await speaker.says(0.1)
        async with speaking(those) as speaker:
            await speaker.ends()
            assert speaker.hearing.vendor == "first"


class TestWaitingForVoice:
    async def test_nothing_is_asked_before_somebody_speaks_and_no_first_sound_is_lost(self) -> None:
        only = second()
        async with speaking(recognisers(only), waits_for_voice=True) as speaker:
            await speaker.says(3.0, voiced=False)
            assert only.asked == []
            await speaker.says(0.5)
            assert await speaker.ends() == [*SALES, SpeechEnded()]
        assert only.heard[0].audio == frames(151 - round(PRE_ROLL_S * 50), 175)

    async def test_where_nobody_spoke_nobody_is_asked(self) -> None:
        only = second()
        async with speaking(recognisers(only), waits_for_voice=True) as speaker:
            await speaker.says(1.0, voiced=False)
            assert await speaker.ends() == [SpeechEnded()]
        assert only.asked == []


class TestNotices:
    async def test_options_are_told_once_by_their_own_names(self) -> None:
        notices: list[tuple[int, str]] = []
        options = RecogniserOptions(hints=("a",), hints_boost=3.0, punctuation=True)
        only = FakeRecogniser(name="only", options=frozenset(("hints", "punctuation")))
        async with speaking(recognisers(only), options, notices=notices) as speaker:
            await speaker.ends()
        told = "the recogniser 'only' cannot honour hintsBoost; it heard without"
        assert notices == [(OPTION_PASSED_OVER, told)]

    async def test_a_name_that_is_not_there_is_told_and_the_others_are_asked(self) -> None:
        notices: list[tuple[int, str]] = []
        aws = FakeRecogniser(name="aws", at_finish=SALES)
        those = recognisers(FakeRecogniser(name="google"), aws)
        async with speaking(those, names=("Nuance", "Polly", "AWS"), notices=notices) as speaker:
            assert speaker.hearing.vendor == "aws"
            await speaker.ends()
        assert notices == [(NOT_THERE, "recogniser 'nuance' is not configured; there are: google, aws")]
        assert those.first_of(("nuance", "Polly")) == "aws"
        assert those.first_of(("nuance",)) == "google"

    async def test_where_no_name_is_there_those_of_the_settings_are_asked(self) -> None:
        async with speaking(recognisers(second()), names=("nuance",)) as speaker:
            assert await speaker.ends() == [*SALES, SpeechEnded()]


Step = tuple[str, int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 40)),
        st.tuples(st.just("take"), st.integers(0, 60)),
        st.tuples(st.just("final"), st.just(0)),
        st.tuples(st.just("switch"), st.just(0)),
    ),
    max_size=40,
)


@given(steps=STEPS, most=st.integers(20, 100))
def test_each_recogniser_hears_every_kept_frame_after_the_last_final_once_and_in_order(
    steps: list[Step], most: int
) -> None:
    kept = KeptFrames(most)
    spoken, covered, heard, dropped = 0, 0, [], 0
    for step, count in [*steps, ("switch", 0), ("take", 10_000)]:
        match step:
            case "say":
                for _ in range(count):
                    kept.add(frame(spoken))
                    spoken += 1
            case "take":
                for _ in range(count):
                    if (taken := kept.take()) is None:
                        break
                    heard.append(taken)
            case "final":
                covered = max(covered, int.from_bytes(heard[-1][:4], "big") + 1) if heard else covered
                kept.forget_taken()
            case "switch":
                kept.rewind()
                heard = []
        assert heard == sorted(set(heard))
    first = max(covered, spoken - most)
    assert first >= dropped
    assert heard == frames(first, spoken)
