"""Calls that would never end: each is ended, cleanly, with a reason that an operator understands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from offhook.call.ending import EndCause, Ending
from offhook.call.facts import CallProgressed
from offhook.call.info import CallStatus
from offhook.call.port import Audio
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.document_pace import AT_ONCE, DOCUMENT_LOOP, MOST_IN_VAIN
from offhook.interpreter.lifetime import CallBounds
from offhook.interpreter.stall import ANSWER_S, MARGIN_S, StallWatch, VerbStalled
from offhook.speech.recogniser import RecogniserOptions
from offhook.testing import FakeRecogniser, Page, ScriptedCall, WebhookStub, follow
from offhook.testing.fake_speech import FakeRecognition
from offhook.verbs import GatherEnd

RCML = Rcml(instance_id=32 * "0")
CIRCLE = "<Response><Redirect>voice</Redirect></Response>"
BOUNDS = CallBounds(ring_s=180, talk_s=3600)


def application(**pages: str | Page | tuple[str | Page, ...]) -> WebhookStub:
    return WebhookStub({f"/{name}": page for name, page in pages.items()})


class TimedStub(WebhookStub):
    """Notes when it was asked."""

    def __init__(self, pages: dict[str, str | Page | tuple[str | Page, ...]]) -> None:
        super().__init__(pages)
        self.asked_at: list[float] = []

    def _next(self, path: str) -> Page:
        self.asked_at.append(asyncio.get_running_loop().time())
        return super()._next(path)


class DeafCall(ScriptedCall):
    """A call on which no sound ever comes to its end, save the apology where that is not deaf too."""

    def __init__(self, *script: str, apology_too: bool = False) -> None:
        super().__init__(*script)
        self._apology_too = apology_too

    async def play(self, audio: Audio, *, from_s: float = 0.0) -> None:
        if audio.label == "sorry" and not self._apology_too:
            await super().play(audio)
            return
        await asyncio.Event().wait()


class TestLoops:
    async def test_a_redirect_to_itself_costs_a_request_a_second_and_is_ended(self) -> None:
        call, app = ScriptedCall(), TimedStub({"/voice": CIRCLE})
        done = await follow(call, app, dialect=RCML)
        assert len(app.asked_at) == MOST_IN_VAIN + 1
        assert app.asked_at[AT_ONCE] < 0.1
        assert all(after - before >= 0.99 for before, after in pairwise(app.asked_at[AT_ONCE + 1 :]))
        assert done.end.status is CallStatus.COMPLETED
        assert call.heard[-1].endswith("sorry ends")
        assert done.end.reason.startswith(f"document_loop: more than {MOST_IN_VAIN} documents in a row")
        [told] = done.notifications
        assert (told.code, told.is_error, told.message) == (DOCUMENT_LOOP, True, done.end.reason)

    async def test_two_documents_that_lead_to_each_other_are_a_loop_too(self) -> None:
        other = "<Response><Gather timeout='0' action='voice'/><Redirect>voice</Redirect></Response>"
        call, app = ScriptedCall(), TimedStub({"/voice": CIRCLE.replace("voice", "other"), "/other": other})
        done = await follow(call, app, dialect=RCML)
        assert len(app.asked_at) >= MOST_IN_VAIN
        assert done.end.reason.startswith("document_loop: ")

    async def test_a_caller_who_waits_in_a_loop_with_music_is_left_alone(self) -> None:
        loop = "<Response><Pause length='2'/><Redirect>voice</Redirect></Response>"
        call, app = ScriptedCall("900.5 hangs up"), application(voice=loop)
        done = await follow(call, app, dialect=RCML)
        assert len(app.requests) == 451
        assert done.notifications == []

    async def test_who_leaves_while_being_held_back_is_gone_at_once(self) -> None:
        call, app = ScriptedCall("7.5 hangs up"), TimedStub({"/voice": CIRCLE})
        done = await follow(call, app, dialect=RCML)
        assert (done.end.status, done.end.duration_s) == (CallStatus.COMPLETED, 7.5)


class TestBounds:
    async def test_a_call_over_its_maximum_is_hung_up(self) -> None:
        call = ScriptedCall()
        app = application(voice='<Response><Pause length="5"/><Say loop="0">0123456789</Say></Response>')
        done = await follow(call, app, dialect=RCML, bounds=BOUNDS)
        assert (done.end.status, done.end.duration_s) == (CallStatus.COMPLETED, 3600)
        assert done.end.ring_duration_s == 5
        assert done.end.reason == "max_duration: the call lasted 3600 s, the most that it may last"
        assert call.ending == Ending(EndCause.HERE)

    async def test_a_gather_in_a_call_over_its_maximum_has_its_record(self) -> None:
        call = ScriptedCall("3599 key 1")
        voice = "<Response><Gather timeout='7000' action='heard'/></Response>"
        done = await follow(call, application(voice=voice), dialect=RCML, bounds=BOUNDS)
        [gather] = done.gathers
        assert (gather.gathered.end, gather.gathered.keys) == (GatherEnd.CANCELLED, "1")
        assert done.end.reason.startswith("max_duration: ")

    async def test_a_call_that_nobody_answers_stops_ringing(self) -> None:
        call = ScriptedCall()
        done = await follow(
            call, application(voice="<Response><Pause length='500'/></Response>"), dialect=RCML, bounds=BOUNDS
        )
        assert call.rejected_with == 480
        assert (done.end.status, done.end.ring_duration_s) == (CallStatus.NO_ANSWER, 180)
        assert done.end.reason.startswith("max_ring: no verb answered the call for 180 s")

    async def test_a_dialled_call_is_bounded_from_its_answer(self) -> None:
        call = ScriptedCall("50 answers")
        app = application(voice='<Response><Say loop="0">0123456789</Say></Response>')
        done = await follow(call, app, dialect=RCML, is_dialled=True, bounds=BOUNDS)
        assert (done.end.ring_duration_s, done.end.duration_s) == (50, 3600)

    async def test_without_bounds_a_call_goes_on(self) -> None:
        call = ScriptedCall("100000 hangs up")
        app = application(voice='<Response><Pause length="99990"/><Say loop="0">0123456789</Say></Response>')
        done = await follow(call, app, dialect=RCML)
        assert done.end.reason == ""
        assert done.end.duration_s == 10

    async def test_a_leg_that_broke_says_why(self) -> None:
        call = ScriptedCall()
        silence = Ending(EndCause.BROKEN, reason="media_timeout: no audio packets came for 60 s")
        asyncio.get_running_loop().call_later(3, call._end, silence)
        app = application(voice='<Response><Say loop="0">0123456789</Say></Response>')
        done = await follow(call, app, dialect=RCML)
        assert (done.end.status, done.end.reason) == (CallStatus.COMPLETED, silence.reason)


class NeverListens(FakeRecogniser):
    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator[FakeRecognition]:
        await asyncio.Event().wait()
        async with super().listen(options) as recognition:
            yield recognition


class MuteCall(ScriptedCall):
    """A call whose answer never comes to anything."""

    async def answer(self) -> None:
        await super().answer()
        await asyncio.Event().wait()


class HeldCall(ScriptedCall):
    """A call whose far end holds it from the first, for longer than an answer may take to bring audio."""

    HELD_S = 3 * ANSWER_S

    async def audible(self) -> None:
        await asyncio.sleep(self.HELD_S)
        await super().audible()


class TestStalls:
    async def test_a_sound_that_does_not_end_is_given_up(self) -> None:
        call = DeafCall()
        app = application(
            voice="<Response><Play>http://user:secret@app.example/sound.wav</Play></Response>",
            **{"sound.wav": Page(body="2.5 s", content_type="audio/wav")},
        )
        done = await follow(call, app, dialect=RCML)
        sound = "the sound 'http://app.example/sound.wav' of 2.5 s"
        assert done.end.reason == f"verb_stalled: Play: {sound} did not end within 12.5 s"
        assert done.end.status is CallStatus.COMPLETED
        [told] = done.notifications
        assert (told.is_error, told.message) == (True, done.end.reason)
        assert call.heard == ["12.5 sorry starts", "13.0 sorry ends"]

    async def test_a_prompt_of_a_gather_that_does_not_end_is_given_up_and_the_record_written(self) -> None:
        call = DeafCall()
        voice = "<Response><Gather timeout='3'><Say>1234567890</Say></Gather></Response>"
        done = await follow(call, application(voice=voice), dialect=RCML)
        assert done.end.reason.startswith("verb_stalled: Gather: the sound '1234567890' of 1.0 s")
        [gather] = done.gathers
        assert gather.gathered.end is GatherEnd.CANCELLED
        assert gather.gathered.detail == "the sound '1234567890' of 1.0 s did not end within 11 s"
        assert done.end.duration_s == pytest.approx(1.0 + MARGIN_S + 0.5)

    async def test_an_apology_that_does_not_end_holds_no_call_either(self) -> None:
        call = DeafCall(apology_too=True)
        done = await follow(call, application(voice="<Response><Say>a</Say></Response>"), dialect=RCML)
        assert done.end.reason.startswith("verb_stalled: Say: ")
        assert call.ending == Ending(EndCause.HERE)

    async def test_a_recogniser_that_never_listens_is_given_up(self) -> None:
        voice = "<Response><Gather input='speech' timeout='12'/></Response>"
        done = await follow(ScriptedCall(), application(voice=voice), dialect=RCML, recogniser=NeverListens())
        [told] = done.gathers
        assert told.gathered.end is GatherEnd.RECOGNISER_FAILED
        assert told.gathered.detail == "it did not begin to listen within 10 s"

    async def test_an_answer_that_brings_no_audio_is_given_up(self) -> None:
        call = MuteCall()
        done = await follow(call, application(voice="<Response><Say>a</Say></Response>"), dialect=RCML)
        assert done.end.reason == (
            f"verb_stalled: Say: the call was answered, and no audio could flow within {ANSWER_S:g} s"
        )
        assert call.ending == Ending(EndCause.HERE)

    async def test_who_holds_the_call_from_the_first_may_do_so_for_long_and_is_in_it(self) -> None:
        call = HeldCall()
        done = await follow(
            call, application(voice="<Response><Say>0123456789</Say></Response>"), dialect=RCML
        )
        assert [fact.status for fact in done.facts.of(CallProgressed)][-1] is CallStatus.IN_PROGRESS
        assert (done.end.status, done.end.reason) == (CallStatus.COMPLETED, "")
        assert done.end.duration_s == HeldCall.HELD_S + 1

    async def test_who_hangs_up_while_he_holds_the_call_from_the_first_was_in_it(self) -> None:
        call = HeldCall("100 hangs up")
        done = await follow(call, application(voice="<Response><Say>a</Say></Response>"), dialect=RCML)
        assert (done.end.status, done.end.duration_s) == (CallStatus.COMPLETED, 100)

    async def test_a_hang_up_while_something_stalls_is_a_hang_up(self) -> None:
        done = await follow(
            DeafCall("5 hangs up"), application(voice="<Response><Say>a</Say></Response>"), dialect=RCML
        )
        assert (done.end.reason, done.end.duration_s) == ("", 5)


class TestStallWatch:
    async def test_the_earliest_of_several_waits_counts_and_is_named(self) -> None:
        watch = StallWatch()
        with pytest.raises(VerbStalled, match="verb_stalled: Say: early within 3 s"):
            async with watch.over("Say"):
                with watch.within(9, "late"), watch.within(3, "early"):
                    await asyncio.Event().wait()
        assert asyncio.get_running_loop().time() == 3

    async def test_what_came_in_time_is_forgotten(self) -> None:
        watch = StallWatch()
        async with watch.over("Say"):
            with watch.within(3, "early"):
                await asyncio.sleep(2)
            await asyncio.sleep(100)

    async def test_one_that_ended_in_time_takes_nothing_from_the_next(self) -> None:
        watch = StallWatch()
        with pytest.raises(VerbStalled, match="verb_stalled: Say: late within 9 s"):
            async with watch.over("Say"):
                with watch.within(3, "early"):
                    await asyncio.sleep(1)
                with watch.within(9, "late"):
                    await asyncio.Event().wait()
        assert asyncio.get_running_loop().time() == 10

    async def test_one_of_an_earlier_verb_ends_no_later_one(self) -> None:
        watch = StallWatch()
        async with watch.over("Say"):
            with watch.within(3, "early"):
                await asyncio.sleep(1)
        async with watch.over("Play"):
            await asyncio.sleep(100)

    async def test_a_timeout_of_somebody_else_passes(self) -> None:
        watch = StallWatch()
        with pytest.raises(TimeoutError):
            async with watch.over("Say"):
                with watch.within(3, "early"):
                    raise TimeoutError
