"""Whole calls: a document and what the caller does go in, requests and sounds come out."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from offhook.call.errors import ProviderError
from offhook.call.facts import CallProgressed, CallStarted
from offhook.call.info import CallStatus
from offhook.dialects.rcml.callbacks import ProgressCallback, StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.speech.recogniser import FailureKind, Final, Partial, RecogniserCapabilities, SpeechFailed
from offhook.speech.voice import VoiceOptions
from offhook.testing import FakeRecogniser, Page, ScriptedCall, WebhookStub, follow
from offhook.verbs import GatherEnd

RCML = Rcml(instance_id=32 * "0")
GATHER = """<Response>
  <Gather input="dtmf speech" action="heard" preTimeout="5" postTimeout="1" hints="sales, support">
    <Say>1234567890</Say>
  </Gather>
  <Say>no</Say>
</Response>"""
OVER = "<Response><Say>bye</Say></Response>"


def application(**pages: str | Page | tuple[str | Page, ...]) -> WebhookStub:
    return WebhookStub({f"/{name}": page for name, page in pages.items()})


class TestVerbs:
    async def test_say_play_and_pause_follow_each_other_and_the_end_hangs_up(self) -> None:
        call = ScriptedCall()
        app = application(
            voice="<Response><Say>hello</Say><Pause length='2'/><Play>sound.wav</Play></Response>",
            **{"sound.wav": Page(body="1.5 s", content_type="audio/wav")},
        )
        done = await follow(call, app, dialect=RCML)
        assert call.heard == [
            "0.0 hello starts",
            "0.5 hello ends",
            "2.5 http://app.example/sound.wav starts",
            "4.0 http://app.example/sound.wav ends",
        ]
        assert (done.end.status, done.end.reason, done.end.duration_s) == (CallStatus.COMPLETED, "", 4.0)

    async def test_say_repeats(self) -> None:
        call = ScriptedCall()
        await follow(call, application(voice='<Response><Say loop="3">hi</Say></Response>'), dialect=RCML)
        assert len(call.heard) == 6

    async def test_loop_0_goes_on_until_the_caller_hangs_up(self) -> None:
        call = ScriptedCall("60.05 hangs up")
        app = application(voice='<Response><Say loop="0">0123456789</Say><Say>never</Say></Response>')
        done = await follow(call, app, dialect=RCML)
        assert len(call.heard) == 122
        assert done.end.duration_s == pytest.approx(60.05)

    async def test_redirect_leaves_the_document(self) -> None:
        call = ScriptedCall()
        app = application(
            voice="<Response><Redirect method='GET'>next</Redirect><Say>never</Say></Response>", next=OVER
        )
        await follow(call, app, dialect=RCML)
        assert call.heard == ["0.0 bye starts", "0.3 bye ends"]

    async def test_hangup_ends_the_call_and_nothing_after_it_runs(self) -> None:
        call = ScriptedCall()
        app = application(voice="<Response><Say>a</Say><Hangup/><Say>never</Say></Response>")
        done = await follow(call, app, dialect=RCML)
        assert call.heard == ["0.0 a starts", "0.1 a ends"]
        assert done.end.status is CallStatus.COMPLETED

    @pytest.mark.parametrize(
        ("reason", "sip", "status"), [("busy", 486, CallStatus.BUSY), ("rejected", 603, CallStatus.FAILED)]
    )
    async def test_reject_refuses_a_ringing_call(self, reason: str, sip: int, status: CallStatus) -> None:
        call = ScriptedCall()
        app = application(voice=f'<Response><Reject reason="{reason}"/></Response>')
        done = await follow(call, app, dialect=RCML)
        assert call.rejected_with == sip
        assert (done.end.status, done.end.sip_status) == (status, sip)
        assert not call.is_answered

    async def test_reject_after_the_answer_is_passed_over(self) -> None:
        call = ScriptedCall()
        app = application(voice="<Response><Say>a</Say><Reject/><Say>b</Say></Response>")
        await follow(call, app, dialect=RCML)
        assert call.rejected_with is None
        assert [line.split()[1] for line in call.heard] == ["a", "a", "b", "b"]

    async def test_a_pause_first_lets_the_call_ring(self) -> None:
        call = ScriptedCall()
        app = application(voice="<Response><Pause length='3'/><Reject reason='busy'/></Response>")
        done = await follow(call, app, dialect=RCML)
        assert call.rejected_with == 486
        assert done.end.ring_duration_s == 3.0

    async def test_an_empty_document_refuses_the_call_and_says_why(self) -> None:
        call = ScriptedCall()
        done = await follow(call, application(voice="<Response/>"), dialect=RCML)
        assert call.rejected_with == 603
        assert done.end.reason == "no verb answered the call"


class TestGather:
    async def test_speech_is_posted_to_the_action(self) -> None:
        call = ScriptedCall("1.5 says 0.6")
        app = application(voice=GATHER, heard=OVER)
        done = await follow(
            call, app, dialect=RCML, recogniser=FakeRecogniser.that_hears("sales", confidence=0.8)
        )
        heard = app.posted("/heard")
        assert (heard["SpeechResult"], heard["Digits"], heard["CallStatus"]) == ("sales", "", "in-progress")
        [gather] = done.gathers
        assert (gather.gathered.end, gather.gathered.speech) == (GatherEnd.SPEECH, "sales")

    async def test_speech_cuts_the_prompt_short(self) -> None:
        call = ScriptedCall("0.3 says 0.5")
        app = application(voice=GATHER, heard=OVER)
        await follow(call, app, dialect=RCML, recogniser=FakeRecogniser.that_hears("sales"))
        [stopped] = [line for line in call.heard if "stops" in line]
        assert stopped in ("0.4 1234567890 stops", "0.5 1234567890 stops")

    async def test_the_action_comes_post_timeout_after_the_last_voiced_frame(self) -> None:
        call = ScriptedCall("1.5 says 0.6")
        app = application(voice=GATHER, heard=OVER)
        await follow(call, app, dialect=RCML, recogniser=FakeRecogniser.that_hears("sales"))
        said_bye = next(float(line.split()[0]) for line in call.heard if "bye starts" in line)
        assert said_bye == pytest.approx(2.1 + 1.0, abs=0.25)  # the detector hangs on for a few frames

    async def test_a_key_cuts_the_prompt_short_and_wins_over_speech(self) -> None:
        call = ScriptedCall("0.3 says 0.4", "0.8 key 1", "1.0 key #")
        app = application(voice=GATHER, heard=OVER)
        await follow(call, app, dialect=RCML, recogniser=FakeRecogniser.that_hears("sales"))
        heard = app.posted("/heard")
        assert (heard["Digits"], heard["SpeechResult"]) == ("1", "")

    async def test_nothing_heard_goes_on_with_the_next_verb(self) -> None:
        call = ScriptedCall()
        app = application(voice=GATHER, heard=OVER)
        done = await follow(call, app, dialect=RCML)
        assert "6.0 no starts" in call.heard
        assert [request.target.url for request in app.requests] == ["http://app.example/voice"]
        assert done.gathers[0].gathered.end is GatherEnd.NO_INPUT

    async def test_nothing_heard_is_posted_where_the_document_asks_for_it(self) -> None:
        call = ScriptedCall()
        app = application(voice=GATHER.replace("<Gather", '<Gather actionOnEmptyResult="true"'), heard=OVER)
        await follow(call, app, dialect=RCML)
        assert app.posted("/heard")["SpeechResult"] == ""

    async def test_partial_results_are_told_in_order(self) -> None:
        call = ScriptedCall("0.2 says 1.0")
        recogniser = FakeRecogniser(
            events=((0.6, Partial("sa")), (0.8, Partial("sales")), (1.2, Final("sales"))),
        )
        app = application(
            voice=GATHER.replace("<Gather", '<Gather partialResultCallback="partly"'), heard=OVER, partly=""
        )
        done = await follow(call, app, dialect=RCML, recogniser=recogniser)
        told = [dict(request.parameters)["UnstableSpeechResult"] for request in done.partials.requests]
        assert told == ["sa", "sales"]
        assert recogniser.asked[0].partials
        assert recogniser.asked[0].hints == ("sales", "support")

    @pytest.mark.parametrize(
        ("kind", "end"),
        [
            (FailureKind.NEEDS_MODEL, GatherEnd.NEEDS_MODEL),
            (FailureKind.BROKEN, GatherEnd.RECOGNISER_FAILED),
        ],
    )
    async def test_a_recogniser_that_fails_leaves_the_keys(self, kind: FailureKind, end: GatherEnd) -> None:
        failing = FakeRecogniser(events=((0.1, SpeechFailed(kind, "why")),))
        app = application(voice=GATHER, heard=OVER)
        done = await follow(ScriptedCall("2.0 key 7", "2.5 key #"), app, dialect=RCML, recogniser=failing)
        assert app.posted("/heard")["Digits"] == "7"
        app = application(voice=GATHER, heard=OVER)
        done = await follow(ScriptedCall("2.0 says 0.5"), app, dialect=RCML, recogniser=failing)
        assert (done.gathers[0].gathered.end, done.gathers[0].gathered.detail) == (end, "why")

    async def test_keys_only_never_wakes_the_recogniser(self) -> None:
        recogniser = FakeRecogniser()
        app = application(voice="<Response><Gather><Say>1</Say></Gather></Response>")
        done = await follow(ScriptedCall("0.5 says 1"), app, dialect=RCML, recogniser=recogniser)
        assert recogniser.asked == []
        assert done.gathers[0].gathered.end is GatherEnd.NO_INPUT


class TestHangUp:
    """The caller leaves in the middle of each verb: the call ends at that moment, with one last fact."""

    @pytest.mark.parametrize(
        "verb",
        [
            "<Say>0123456789012345678901234567890123456789</Say>",
            "<Play>sound.wav</Play>",
            "<Pause length='20'/>",
            "<Gather><Say>0123456789012345678901234567890123456789</Say></Gather>",
            "<Gather input='speech' preTimeout='30'/>",
            "<Gather timeout='30'/>",
            "<Redirect>slow</Redirect>",
        ],
    )
    async def test_in_the_middle_of(self, verb: str) -> None:
        call = ScriptedCall("2.0 hangs up")
        app = application(
            voice=f"<Response><Say>0</Say>{verb}<Say>never</Say></Response>",
            slow=Page(body=OVER, after_s=5.0),
            **{"sound.wav": Page(body="30 s", content_type="audio/wav")},
        )
        done = await follow(call, app, dialect=RCML)
        assert done.end.status is CallStatus.COMPLETED
        assert done.end.duration_s == pytest.approx(2.0)
        assert not any("never" in line for line in call.heard)
        assert all(gather.gathered.end is GatherEnd.HANG_UP for gather in done.gathers)
        assert len(done.gathers) == verb.count("<Gather")

    async def test_before_the_answer(self) -> None:
        call = ScriptedCall("2.0 hangs up")
        done = await follow(call, application(voice=Page(body=OVER, after_s=5.0)), dialect=RCML)
        assert done.end.status is CallStatus.CANCELED
        assert done.end.ring_duration_s == 2.0
        assert done.end.duration_s == 0.0

    async def test_what_was_typed_is_kept(self) -> None:
        call = ScriptedCall("1.0 key 4", "1.5 key 2", "2.0 hangs up")
        done = await follow(call, application(voice="<Response><Gather/></Response>"), dialect=RCML)
        assert done.gathers[0].gathered.keys == "42"

    async def test_while_the_action_is_asked_it_is_still_told(self) -> None:
        call = ScriptedCall("1.0 key 4", "2.0 hangs up")
        app = application(
            voice='<Response><Gather numDigits="1" action="heard"/></Response>',
            heard=Page(body=OVER, after_s=3.0),
        )
        done = await follow(call, app, dialect=RCML)
        assert app.posted("/heard")["Digits"] == "4"
        assert done.end.duration_s == pytest.approx(2.0)


BROKEN_PAGES = {
    "404": Page(status=404),
    "500": Page(status=500, body="oops"),
    "no XML": Page(body="<Response><Say>hello</Response>"),
    "HTML": Page(body="<html><body>Error</body></html>", content_type="text/html"),
    "JSON": Page(body="{}", content_type="application/json"),
    "DOCTYPE": Page(body='<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>'),
}


class TestFailures:
    @pytest.mark.parametrize("kind", BROKEN_PAGES)
    async def test_a_first_document_that_fails_without_a_fallback_refuses_the_call(self, kind: str) -> None:
        call = ScriptedCall()
        done = await follow(call, application(voice=BROKEN_PAGES[kind]), dialect=RCML)
        assert call.rejected_with == (404 if kind == "404" else 500)
        assert done.end.status is CallStatus.FAILED
        assert done.end.reason
        assert [notification.is_error for notification in done.notifications] == [True]
        exchange = done.notifications[0].exchange
        assert exchange is not None
        assert exchange.request.target.url == "http://app.example/voice"

    @pytest.mark.parametrize("kind", BROKEN_PAGES)
    async def test_a_first_document_that_fails_calls_the_fallback(self, kind: str) -> None:
        call = ScriptedCall()
        app = application(voice=BROKEN_PAGES[kind], fallback=OVER)
        done = await follow(call, app, dialect=RCML, fallback="/fallback", retry_s=0)
        assert call.heard == ["0.0 bye starts", "0.3 bye ends"]
        told = app.posted("/fallback")
        assert told["ErrorUrl"] == "http://app.example/voice"
        assert int(told["ErrorCode"]) == done.notifications[0].code
        assert (done.end.status, done.end.reason) == (CallStatus.COMPLETED, "")

    @pytest.mark.parametrize("kind", BROKEN_PAGES)
    async def test_a_later_document_that_fails_calls_the_fallback_too(self, kind: str) -> None:
        call = ScriptedCall("0.5 key 1")
        app = application(
            voice='<Response><Gather numDigits="1" action="heard"/></Response>',
            heard=BROKEN_PAGES[kind],
            fallback=OVER,
        )
        await follow(call, app, dialect=RCML, fallback="/fallback", retry_s=0)
        assert call.heard == ["0.5 bye starts", "0.8 bye ends"]
        assert app.posted("/fallback")["ErrorUrl"] == "http://app.example/heard"

    @pytest.mark.parametrize("kind", BROKEN_PAGES)
    async def test_a_later_document_that_fails_without_a_fallback_is_apologised_for(self, kind: str) -> None:
        call = ScriptedCall("0.5 key 1")
        app = application(
            voice='<Response><Gather numDigits="1" action="heard"/></Response>', heard=BROKEN_PAGES[kind]
        )
        done = await follow(call, app, dialect=RCML, retry_s=0)
        assert call.heard == ["0.5 sorry starts", "1.0 sorry ends"]
        assert done.end.status is CallStatus.COMPLETED
        assert "heard" in done.end.reason or "Line" in done.end.reason or done.end.reason

    async def test_a_fallback_that_fails_too_gives_up_and_tells_both(self) -> None:
        call = ScriptedCall()
        app = application(voice=Page(status=500), fallback=Page(status=404))
        done = await follow(call, app, dialect=RCML, fallback="/fallback")
        assert call.rejected_with == 404
        assert len(done.notifications) == 2

    async def test_a_fallback_that_leads_back_to_the_failure_is_not_followed_for_ever(self) -> None:
        call = ScriptedCall()
        app = application(voice=Page(status=500), fallback="<Response><Redirect>voice</Redirect></Response>")
        done = await follow(call, app, dialect=RCML, fallback="/fallback", retry_s=0)
        assert len(app.requests) == 3
        assert call.heard == ["0.0 sorry starts", "0.5 sorry ends"]
        assert done.end.reason

    @pytest.mark.parametrize(
        "page", [Page(status=404), Page(body="<html/>", content_type="text/html"), Page(body="")]
    )
    async def test_a_sound_that_cannot_be_had_is_told_and_apologised_for(self, page: Page) -> None:
        call = ScriptedCall()
        app = application(
            voice="<Response><Play>sound.wav</Play><Say>never</Say></Response>", **{"sound.wav": page}
        )
        done = await follow(call, app, dialect=RCML)
        assert call.heard == ["0.0 sorry starts", "0.5 sorry ends"]
        [notification] = done.notifications
        assert "http://app.example/sound.wav" in notification.message

    async def test_a_nested_sound_that_cannot_be_had_fails_the_gather(self) -> None:
        call = ScriptedCall()
        app = application(voice="<Response><Gather><Play>sound.wav</Play></Gather></Response>", fallback=OVER)
        done = await follow(call, app, dialect=RCML, fallback="/fallback")
        assert done.gathers[0].gathered.end is GatherEnd.PROMPT_FAILED
        assert call.heard == ["0.0 bye starts", "0.3 bye ends"]

    async def test_without_a_voice_the_apology_is_a_tone(self) -> None:
        class Mute:
            name = "mute"

            async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
                raise ProviderError("mute", "no voice today", retryable=True)
                yield b""

            async def close(self) -> None: ...

        call = ScriptedCall()
        done = await follow(call, application(voice=OVER), dialect=RCML, voice=Mute())
        assert call.heard == ["0.0 tone starts", "1.0 tone ends"]
        assert "no voice today" in done.end.reason

    async def test_slips_of_a_document_are_warnings_and_the_call_goes_on(self) -> None:
        call = ScriptedCall()
        app = application(voice='<Response>\n<Say loop="many">a</Say>\n<say>b</say></Response>')
        done = await follow(call, app, dialect=RCML)
        assert call.heard == ["0.0 a starts", "0.1 a ends"]
        assert [(note.code, note.is_error) for note in done.notifications] == [(13510, False), (12200, False)]
        assert "Line 2" in done.notifications[0].message
        assert "Did you mean <Say>?" in done.notifications[1].message

    async def test_a_bug_of_ours_ends_the_call_with_an_apology_and_a_reason(self) -> None:
        class Broken(FakeRecogniser):
            @property
            def capabilities(self) -> RecogniserCapabilities:
                raise ZeroDivisionError

            @capabilities.setter
            def capabilities(self, _: RecogniserCapabilities) -> None:
                pass

        call = ScriptedCall()
        done = await follow(call, application(voice=GATHER), dialect=RCML, recogniser=Broken())
        assert call.heard == ["0.0 sorry starts", "0.5 sorry ends"]
        assert done.end.reason == "internal error: ZeroDivisionError"
        assert done.gathers[0].gathered.end is GatherEnd.CANCELLED


class TestStates:
    async def test_a_number_is_told_each_state_once(self) -> None:
        app = application(voice=OVER, state="")
        done = await follow(
            ScriptedCall(),
            app,
            dialect=RCML,
            status_callback=lambda: StateCallback(RCML, app.target("/state")),
        )
        told = [
            dict(callback.parameters)["CallStatus"]
            for fact in done.facts.facts
            if isinstance(fact, CallStarted | CallProgressed | type(done.end))
            for callback in fact.callbacks
        ]
        assert told == ["ringing", "in-progress", "completed"]

    @pytest.mark.parametrize(
        ("script", "status", "events"),
        [
            (("1.0 rings", "3.0 answers"), CallStatus.COMPLETED, "initiated ringing answered completed"),
            (("1.0 rings", "2.0 refuses 486"), CallStatus.BUSY, "initiated ringing completed"),
            (("1.0 refuses 404",), CallStatus.FAILED, "initiated completed"),
            (("1.0 refuses 480",), CallStatus.NO_ANSWER, "initiated completed"),
            (("1.0 rings",), CallStatus.NO_ANSWER, "initiated ringing completed"),
        ],
    )
    async def test_a_dialled_call_is_told_its_events(
        self, script: tuple[str, ...], status: CallStatus, events: str
    ) -> None:
        app = application(voice=OVER)
        names = frozenset({"initiated", "ringing", "answered", "completed"})
        done = await follow(
            ScriptedCall(*script),
            app,
            dialect=RCML,
            is_dialled=True,
            ring_timeout_s=20.0,
            status_callback=lambda: ProgressCallback(RCML, app.target("/state"), names),
        )
        assert done.end.status is status
        told = [
            dict(callback.parameters)["CallStatus"]
            for fact in done.facts.facts
            if isinstance(fact, CallStarted | CallProgressed | type(done.end))
            for callback in fact.callbacks
        ]
        assert " ".join(told) == events

    async def test_stopping_the_server_ends_the_call_with_a_reason(self) -> None:
        call = ScriptedCall()
        living = asyncio.create_task(
            follow(call, application(voice="<Response><Pause length='100'/></Response>"), dialect=RCML)
        )
        await asyncio.sleep(5)
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living
        assert call.ending is not None
