"""Several voices, on a virtual clock: who speaks when one fails, hangs, or rests, and what the records tell of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from offhook.call.facts import VerbRan
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.prompts import PromptStore
from offhook.interpreter.voices import Voices
from offhook.speech.pcm import duration_s
from offhook.speech.voice import VoiceOptions
from offhook.testing import FakeVoice, Followed, ScriptedCall, SilentDecoder, WebhookStub, follow
from offhook.verbs import Say

RCML = Rcml(instance_id=32 * "0")
LEFT, UNKNOWN = 13512, 13513


def voices(*known: FakeVoice) -> Voices:
    return Voices({voice.name: voice for voice in known}, [voice.name for voice in known])


async def said(call: ScriptedCall, speaks: Voices, *texts: str) -> Followed:
    says = "".join(f"<Say>{text}</Say>" for text in texts)
    return await follow(
        call, WebhookStub({"/voice": f"<Response>{says}</Response>"}), dialect=RCML, voice=speaks
    )


def asked(voice: FakeVoice) -> list[str]:
    return [text for _, text, _ in voice.asked]


def providers(done: Followed) -> list[object]:
    return [dict(ran.details)["provider"] for ran in done.facts.of(VerbRan)]


async def length_of(speaks: Voices, text: str, options: VoiceOptions = VoiceOptions()) -> float:  # noqa: B008
    return sum([duration_s(pcm) async for pcm in speaks.speak(text, options)])


class OneAtATime(FakeVoice):
    """Makes one sentence after another, so that it begins late with those to come."""

    def __init__(self, late_s: float) -> None:
        super().__init__("first")
        self._late_s = late_s

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        if not text.startswith("The first"):
            await asyncio.sleep(self._late_s)
        async for pcm in super().speak(text, options):
            yield pcm


class TestInACall:
    async def test_the_next_one_speaks_and_the_customer_is_told_once(self) -> None:
        call, first, second = ScriptedCall(), FakeVoice("first", fails_at="H"), FakeVoice("second")
        done = await said(call, voices(first, second), "Hello.", "How are you?")
        assert [line.split(" ", 1)[1] for line in call.heard] == [
            "Hello. starts",
            "Hello. ends",
            "How are you? starts",
            "How are you? ends",
        ]
        [told] = done.notifications
        assert (told.code, told.is_error) == (LEFT, False)
        assert told.message == "the voice 'first' was left for 'second': broke"
        assert providers(done) == ["second", "second"]

    async def test_one_that_says_nothing_is_left_after_a_second_and_a_half(self) -> None:
        call, first, second = ScriptedCall(), FakeVoice("first", hangs_at="Hello"), FakeVoice("second")
        done = await said(call, voices(first, second), "Hello.")
        assert call.heard == ["1.5 Hello. starts", "2.1 Hello. ends"]
        assert [told.code for told in done.notifications] == [LEFT]
        assert first.under_way == 0

    async def test_who_says_nothing_is_waited_for_once_and_not_with_each_sentence(self) -> None:
        call, first, second = ScriptedCall(), FakeVoice("first", hangs_at="Say"), FakeVoice("second")
        await said(call, voices(first, second), "Say one. Say two. Say three.")
        assert call.heard == [
            "1.5 Say one. Say two. Say three. starts",
            "4.1 Say one. Say two. Say three. ends",
        ]
        assert asked(second) == ["Say one.", "Say two.", "Say three."]
        assert first.under_way == 0

    async def test_one_that_sends_a_little_again_and_again_is_left_as_well(self) -> None:
        call, first, second = ScriptedCall(), FakeVoice("first", pace=10.0), FakeVoice("second")
        done = await said(call, voices(first, second), "Hello there.")
        assert [told.code for told in done.notifications] == [LEFT]
        assert call.heard[-1] == "3.7 Hello there. ends"

    async def test_only_what_was_not_heard_is_spoken_by_the_next(self) -> None:
        call = ScriptedCall()
        first, second = FakeVoice("first", fails_at="Three"), FakeVoice("second")
        done = await said(call, voices(first, second), "One. Two. Three. Four.")
        assert asked(second)[0] == "Three."
        assert set(asked(second)) <= {"Three.", "Four."}
        assert call.heard == ["0.0 One. Two. Three. Four. starts", "1.9 One. Two. Three. Four. ends"]
        assert providers(done) in (["first, second"], ["first, second, first"])

    async def test_one_that_stops_in_the_middle_is_left_once_its_sound_has_run_out(self) -> None:
        call = ScriptedCall()
        first, second = FakeVoice("first", hangs_at="Stop"), FakeVoice("second")
        await said(call, voices(first, second), "Ten long words. Stop here.")
        assert [line.replace("Ten long words. Stop here.", "it") for line in call.heard] == [
            "0.0 it starts",
            "1.6 it falls silent",
            "3.0 it goes on at 1.5 s",
            "4.0 it ends",
        ]
        assert asked(second) == ["Stop here."]

    async def test_where_all_fail_the_verb_does_as_ever(self) -> None:
        call = ScriptedCall()
        first, second = FakeVoice("first", fails_at="o"), FakeVoice("second", fails_at="o")
        done = await said(call, voices(first, second), "o")
        assert [told.code for told in done.notifications if told.is_error][:1] == [13500]
        assert done.facts.of(VerbRan)[0].status == "failed"

    async def test_who_failed_three_times_rests_for_half_a_minute(self) -> None:
        first, second = FakeVoice("first", fails_at="x"), FakeVoice("second")
        speaks = voices(first, second)
        pauses = "<Pause length='12'/>".join("<Say>x</Say>" for _ in range(7))
        done = await follow(
            ScriptedCall(),
            WebhookStub({"/voice": f"<Response>{pauses}</Response>"}),
            dialect=RCML,
            voice=speaks,
        )
        at = [round(moment) for moment, _, _ in first.asked]
        assert at == [0, 12, 24, 60]  # three failures, rest until 54, tried again, rest
        assert len(second.asked) == 7
        assert [told.code for told in done.notifications] == [LEFT]


class TestWhoSpeaks:
    async def test_names_of_the_application_s_own_go_to_whom_they_belong_alone(self) -> None:
        first, second = FakeVoice("first", fails_at="Hi"), FakeVoice("second")
        own = VoiceOptions(language="de", voice="Joanna", model="neural", extra=(("style", "sad"),))
        await length_of(voices(first, second), "Hi", own)
        assert first.asked[0][2] == own
        assert second.asked[0][2] == VoiceOptions(language="de")
        await length_of(voices(first, second), "Hi", VoiceOptions(voice="woman"))
        assert second.asked[1][2].voice == "woman"

    async def test_those_that_are_asked_for_come_first_in_any_case_and_then_the_others(self) -> None:
        first, second, third = FakeVoice("first"), FakeVoice("second", fails_at="Hi"), FakeVoice("third")
        await length_of(voices(first, second, third), "Hi", VoiceOptions(vendors=("SECOND", "Third")))
        assert [len(voice.asked) for voice in (first, second, third)] == [0, 1, 1]

    async def test_one_that_is_not_there_is_told_and_its_names_are_for_nobody_else(
        self, tmp_path: Path
    ) -> None:
        first = FakeVoice("first")
        store = PromptStore(
            fetch=WebhookStub({}), voice=voices(first), decoder=SilentDecoder(), folder=tmp_path
        )
        async with store.ready(Say(text="Hi", vendors=("nobody",), voice="Joanna")) as audio:
            assert audio.spoken is not None
            [(code, vendor, message)] = audio.spoken.notices
        assert (code, vendor) == (UNKNOWN, "nobody")
        assert message == "there is no voice 'nobody' on this server; there is first"
        assert first.asked[-1][2].voice == ""


class TestASentenceThatBreaksOff:
    async def test_is_taken_up_at_a_word_not_heard_yet(self) -> None:
        text = "The first part of a long sentence is heard, and the rest of it is not."
        first, second = FakeVoice("first", fails_at="and the rest"), FakeVoice("second")
        await length_of(voices(first, second), text)
        [rest] = asked(second)
        assert text.endswith(f" {rest}")
        assert len(rest) < len(text) - 40

    async def test_is_taken_up_in_plain_words_where_it_had_marks(self) -> None:
        text = "<speak>The first part of a <emphasis>long</emphasis> sentence is heard, not the rest.</speak>"
        first, second = FakeVoice("first", fails_at="not the"), FakeVoice("second")
        await length_of(voices(first, second), text, VoiceOptions(is_ssml=True))
        [(_, rest, options)] = second.asked
        assert not options.is_ssml
        assert "first part" not in rest


@pytest.mark.parametrize("late_s", [2.0, 4.0])
async def test_a_voice_that_speaks_one_sentence_after_another_is_not_left_for_that(late_s: float) -> None:
    first, second = OneAtATime(late_s), FakeVoice("second")
    text = "The first sentence is so long that it lasts. Second is long as well. Third."
    await said(ScriptedCall(), voices(first, second), text)
    assert not second.asked
