"""What a call's timeline tells: whole calls on the virtual clock, and the bounds of what is kept."""

import asyncio
import threading
from datetime import timedelta
from typing import Any

import pytest

from offhook.call.ending import EndCause, Ending
from offhook.call.ending_words import why_ended
from offhook.call.facts import CallFinished, TimelineKept
from offhook.call.info import CallStatus
from offhook.call.timeline import FIRST_EVENTS, LAST_EVENTS, MOST_CHARS, Event, Timeline
from offhook.dialects.rcml.dialect import Rcml
from offhook.speech.recogniser import Final, Partial
from offhook.testing import FakeRecogniser, Followed, Page, ScriptedCall, WebhookStub, follow
from offhook.testing.follow import BEGINNING

RCML = Rcml(instance_id=32 * "0")
KEYS = '<Response><Gather numDigits="2" action="chosen"><Say>1234567890</Say></Gather></Response>'
BYE = "<Response><Say>bye</Say></Response>"


def application(**pages: str | Page | tuple[str | Page, ...]) -> WebhookStub:
    return WebhookStub({f"/{name}": page for name, page in pages.items()})


def events_of(done: Followed) -> list[Event]:
    return [event for part in done.facts.of(TimelineKept) for event in part.events]


def of(done: Followed, kind: str) -> list[dict[str, Any]]:
    return [{"ms": at, **facts} for at, its_kind, facts in events_of(done) if its_kind == kind]


class TestCalls:
    async def test_a_call_with_keys_tells_its_whole_story_in_order(self) -> None:
        call = ScriptedCall("0.5 key 4", "1.0 key 2")
        done = await follow(call, application(voice=Page(body=KEYS, after_s=0.25), chosen=BYE), dialect=RCML)
        url = "http://app.example"
        assert events_of(done) == [
            (0, "began", {"at": "2026-01-01T12:00:00.000+00:00"}),
            (0, "status", {"status": "ringing"}),
            (
                250,
                "webhook",
                {"method": "POST", "url": f"{url}/voice", "status": 200, "took_ms": 250.0, "body": KEYS},
            ),
            (250, "status", {"status": "in-progress"}),
            (250, "verb", {"verb": "Gather", "line": 1, "about": "keys"}),
            (250, "sound", {"label": "1234567890", "length_s": 1.0}),
            (500, "key", {"key": "4", "is_heard": True}),
            (500, "silenced", {"label": "1234567890"}),
            (1000, "key", {"key": "2", "is_heard": True}),
            (1000, "verb_over", {"verb": "Gather", "outcome": "keys 42"}),
            (
                1000,
                "webhook",
                {"method": "POST", "url": f"{url}/chosen", "status": 200, "took_ms": 0.0, "body": BYE},
            ),
            (1000, "verb", {"verb": "Say", "line": 1}),
            (1000, "sound", {"label": "bye", "length_s": 0.3}),
            (1300, "verb_over", {"verb": "Say", "outcome": "done"}),
            (
                1300,
                "ended",
                {"status": "completed", "cause": "here", "sip_status": None, "sip_reason": "", "reason": ""},
            ),
        ]

    async def test_the_timeline_is_kept_before_the_call_is_finished(self) -> None:
        done = await follow(ScriptedCall(), application(voice=BYE), dialect=RCML)
        assert [type(fact) for fact in done.facts.facts[-2:]] == [TimelineKept, CallFinished]

    async def test_speech_is_told_with_what_was_heard(self) -> None:
        voice = KEYS.replace("<Gather", '<Gather input="dtmf speech" partialResultCallback="partly"')
        heard = Final("sales", 0.8)
        done = await follow(
            ScriptedCall("1.5 says 0.6"),
            application(voice=voice, chosen=BYE, partly=""),
            dialect=RCML,
            recogniser=FakeRecogniser(events=((1.6, Partial("sa")), (2.0, Partial("sales")), (2.4, heard))),
        )
        assert of(done, "verb_over")[0]["outcome"] == 'heard "sales", confidence 0.80'
        assert [event["text"] for event in of(done, "partial")] == ["sa", "sales"]

    async def test_each_try_of_a_webhook_is_told_with_its_number_and_its_fault(self) -> None:
        voice = (Page(status=503, body="too busy"), Page(status=503), BYE)
        done = await follow(ScriptedCall(), application(voice=voice), dialect=RCML)
        tries = of(done, "webhook")
        assert [(event["status"], event.get("try")) for event in tries] == [(503, None), (503, 2), (200, 3)]
        assert "answered 503" in tries[0]["error"]
        assert tries[0]["body"] == "too busy"
        assert tries[0]["ms"] < tries[1]["ms"] < tries[2]["ms"]

    async def test_another_question_is_counted_anew(self) -> None:
        voice = (Page(status=503), "<Response><Redirect>next</Redirect></Response>")
        done = await follow(ScriptedCall(), application(voice=voice, next=BYE), dialect=RCML)
        assert [event.get("try") for event in of(done, "webhook")] == [None, 2, None]

    async def test_credentials_of_urls_are_not_told(self) -> None:
        app = WebhookStub(
            {
                "/voice": "<Response><Redirect>http://me:secret@app.example/next</Redirect></Response>",
                "/next": "<Response><Play>http://me:secret@app.example/a.wav</Play></Response>",
                "/a.wav": Page(body="1.0 s", content_type="audio/wav"),
            }
        )
        done = await follow(ScriptedCall(), app, dialect=RCML)
        told = [facts for _, kind, facts in events_of(done) if kind != "webhook"]
        told += [{**event, "body": ""} for event in of(done, "webhook")]
        assert of(done, "sound")[0]["label"] == "http://app.example/a.wav"
        assert "secret" not in str(told)

    async def test_a_hang_up_in_a_verb_is_told_of_the_verb_and_of_the_call(self) -> None:
        done = await follow(ScriptedCall("2.0 hangs up"), application(voice=KEYS), dialect=RCML)
        assert of(done, "verb_over")[0]["outcome"] == "cut short: the call ended"
        [ended] = of(done, "ended")
        assert (ended["ms"], ended["cause"]) == (2000, "far_end")

    async def test_a_key_that_nobody_waits_for_is_told_as_such(self) -> None:
        voice = "<Response><Pause length='2'/><Say>x</Say></Response>"
        done = await follow(ScriptedCall("1.0 key 5"), application(voice=voice), dialect=RCML)
        assert of(done, "key") == [{"ms": 1000, "key": "5", "is_heard": False}]

    async def test_a_long_call_is_kept_every_few_seconds_while_there_is_news(self) -> None:
        pauses = "".join("<Pause length='4'/>" for _ in range(5))
        voice = f"<Response><Say>x</Say>{pauses}<Pause length='300'/></Response>"
        done = await follow(ScriptedCall(), application(voice=voice), dialect=RCML)
        parts = done.facts.of(TimelineKept)
        assert [part.chunk for part in parts] == list(range(len(parts)))
        # At 5 s, then 5 s after the first news since, and at the end; nothing for five minutes of pause.
        assert [event[0] for part in parts for event in part.events] == sorted(
            event[0] for event in events_of(done)
        )
        assert 4 <= len(parts) <= 7
        assert parts[0].at == BEGINNING + timedelta(seconds=5)

    async def test_a_sound_without_end_is_told_once(self) -> None:
        voice = '<Response><Say loop="0">0123456789</Say></Response>'
        done = await follow(ScriptedCall("600.0 hangs up"), application(voice=voice), dialect=RCML)
        assert len(of(done, "sound")) == 1
        assert len(done.facts.of(TimelineKept)) == 2

    async def test_a_stopped_server_leaves_the_timeline_too(self) -> None:
        call = ScriptedCall()
        app = application(voice="<Response><Pause length='100'/><Say>x</Say></Response>")
        living = asyncio.create_task(follow(call, app, dialect=RCML))
        await asyncio.sleep(1)
        living.cancel()
        with pytest.raises(asyncio.CancelledError):
            await living
        assert call.timeline.take(is_last=True) == []


class TestBounds:
    def test_the_first_and_the_last_events_stay_and_those_between_are_counted(self) -> None:
        now = [0.0]
        timeline, kept = Timeline(lambda: now[0]), []
        for number in range(1_800):
            now[0] = number / 10
            timeline.note("key", key=str(number))
        kept += timeline.take()
        assert len(kept) == FIRST_EVENTS
        for number in range(1_800, 3_000):
            now[0] = number / 10
            timeline.note("key", key=str(number))
        assert timeline.take() == []
        end = timeline.take(is_last=True)
        missing = 3_000 - FIRST_EVENTS - LAST_EVENTS
        assert end[0] == (end[1][0], "left_out", {"events": missing})
        assert [facts["key"] for _, _, facts in kept] == [str(number) for number in range(FIRST_EVENTS)]
        assert [facts["key"] for _, _, facts in end[1:]] == [
            str(number) for number in range(3_000 - LAST_EVENTS, 3_000)
        ]

    def test_long_texts_are_cut_and_the_whole_stays_below_64_kb(self) -> None:
        timeline = Timeline(lambda: 0.0)
        for _ in range(1_000):
            timeline.note("webhook", body="x" * 100_000, url="u")
        kept = timeline.take() + timeline.take(is_last=True)
        assert {len(str(facts["body"])) for _, kind, facts in kept if kind == "webhook"} == {MOST_CHARS}
        assert 50_000 < sum(len(str(event)) for event in kept) < 70_000

    def test_threads_may_note_side_by_side(self) -> None:
        timeline, taken = Timeline(lambda: 0.0), []

        def note_many() -> None:
            for number in range(90):
                timeline.note_here("sip", {"n": number})

        threads = [threading.Thread(target=note_many) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            taken += timeline.take()
        taken += timeline.take(is_last=True)
        assert sorted(facts["n"] for _, _, facts in taken) == sorted(4 * list(range(90)))  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("ending", "reason", "status", "sentence"),
    [
        (Ending(EndCause.FAR_END), "", CallStatus.COMPLETED, "The far end hung up."),
        (Ending(EndCause.HERE), "", CallStatus.COMPLETED, "Offhook hung up."),
        (
            Ending(EndCause.HERE),
            "max_duration: the call lasted 60 s, the most that it may last",
            CallStatus.COMPLETED,
            "Offhook hung up. The call lasted 60 s, the most that it may last (max_duration).",
        ),
        (
            Ending(EndCause.ABANDONED, 487),
            "the caller gave up before the answer",
            CallStatus.CANCELED,
            "The caller gave up before the answer.",
        ),
        (
            Ending(EndCause.REFUSED, 486, "Busy Here"),
            "Busy Here",
            CallStatus.BUSY,
            "The far end refused the call with 486 (the line is busy). Busy Here.",
        ),
        (Ending(EndCause.REFUSED, 499), "", CallStatus.FAILED, "The far end refused the call with 499."),
        (
            Ending(EndCause.HERE, 408, "no answer within 20 s"),
            "no answer within 20 s",
            CallStatus.NO_ANSWER,
            "Nobody answered, and Offhook stopped ringing. No answer within 20 s.",
        ),
        (
            Ending(EndCause.BROKEN, None, ""),
            "media_timeout: no audio packets came for 60 s",
            CallStatus.COMPLETED,
            "The call broke. No audio packets came for 60 s (media_timeout).",
        ),
        (
            None,
            "worker_lost: worker 12 is gone",
            CallStatus.FAILED,
            "Nobody saw how the call ended. Worker 12 is gone (worker_lost).",
        ),
        (None, "", CallStatus.IN_PROGRESS, "The call is not over."),
    ],
)
def test_the_cause_of_the_end_is_said_in_words(
    ending: Ending | None, reason: str, status: CallStatus, sentence: str
) -> None:
    assert why_ended(ending, reason, status) == sentence
