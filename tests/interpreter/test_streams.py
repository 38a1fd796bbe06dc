"""Streams on the virtual clock: what an application is sent, what is played of what it sends, and how a stream ends."""

import asyncio
import base64
import json
from collections.abc import Coroutine
from datetime import datetime
from typing import Any

import pytest

from offhook.call.facts import NewsTold, VerbRan
from offhook.call.voice_rows import VerbKind
from offhook.dialects.vobiz.callbacks import CallTold
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.stream_talk import VobizStreams
from offhook.interpreter.control import Control
from offhook.interpreter.stream import STREAM_FAILED
from offhook.interpreter.stream_connection import NOT_UNDERSTOOD
from offhook.interpreter.stream_ports import StreamBroke
from offhook.speech import mu_law
from offhook.testing import Followed, ScriptedCall, ScriptedLines, WebhookStub, follow
from offhook.testing.scripted_lines import BREAKS, CLOSES, GOES_ON, STALLS, Script, ScriptedLine
from offhook.testing.virtual_clock import run_virtually
from offhook.verbs import Target

STATUS = 'statusCallbackUrl="http://app.example/status"'
AWAITED = (
    f'<Stream bidirectional="true" keepCallAlive="true" {STATUS} {{more}}>wss://app.example/audio</Stream>'
)
LATE_S = 0.15
"""A scripted caller tells how far a sound has come at its end only, and ends are looked for five times a second."""


def document(inside: str) -> str:
    return f"<Response>{inside}</Response>"


def awaited(more: str = "", then: str = "<Speak>bye</Speak>") -> str:
    return document(AWAITED.format(more=more) + then)


def said(event: str, **more: Any) -> str:
    return json.dumps({"event": event, **more})


def play(seconds: float, kind: str = "audio/x-l16", rate: int = 8000) -> str:
    payload = base64.b64encode(bytes(round(seconds * rate) * (1 if "mulaw" in kind else 2))).decode()
    return said("playAudio", media={"contentType": kind, "sampleRate": rate, "payload": payload})


class Course:
    """One call whose document is `page`; lines lead to `scripts`, one after another."""

    def __init__(
        self, page: str, *scripts: Script | StreamBroke, caller: tuple[str, ...] = (), **deeds: Any
    ) -> None:
        self.lines = ScriptedLines(*scripts)
        self.control = Control()
        self._deeds = deeds
        self.done, self.call = run_virtually(self._run(page, caller))

    def _run(self, page: str, caller: tuple[str, ...]) -> Coroutine[Any, Any, tuple[Followed, ScriptedCall]]:
        async def course() -> tuple[Followed, ScriptedCall]:
            call = ScriptedCall(*caller)
            dialect = Vobiz()
            ordered = [
                asyncio.get_running_loop().call_later(at, deed, self.control)
                for at, deed in self._deeds.get("at", ())
            ]
            done = await follow(
                call,
                WebhookStub({"/voice": page}),
                dialect=dialect,
                control=self.control,
                status_callback=lambda: CallTold(dialect, hangup=Target("http://app.example/hangup")),
                stream_lines=self.lines,
                stream_languages={"vobiz": VobizStreams()},
            )
            for deed in ordered:
                deed.cancel()
            return done, call

        return course()

    @property
    def line(self) -> ScriptedLine:
        [line] = self.lines.lines
        return line

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.line.events if event["event"] == name]

    @property
    def told(self) -> list[dict[str, str]]:
        """What the status callback was told."""
        return [dict(news.request.parameters) for news in self.done.facts.of(NewsTold)]

    @property
    def told_events(self) -> list[str]:
        return [one["Event"] for one in self.told]

    @property
    def heard(self) -> list[str]:
        """What the caller heard. That a sound is silent before it ends is no news: it waits for more to come."""
        return [line for line in self.call.heard if not line.endswith("stream falls silent")]

    @property
    def times(self) -> list[float]:
        """When each sound of the stream began and ended, one after another."""
        return [float(line.split()[0]) for line in self.heard if " stream " in line]

    @property
    def hangup(self) -> dict[str, str]:
        [request] = self.done.end.callbacks
        return dict(request.parameters)


def test_an_application_hears_the_caller_until_it_says_stop_and_the_next_element_runs() -> None:
    course = Course(awaited(), ((1.0, said("stop")),), caller=("0.5 says 0.2", "0.7 key 5"))
    start, media, [key] = course.events("start"), course.events("media"), course.events("dtmf")
    assert start == [
        {
            "sequenceNumber": 0,
            "event": "start",
            "start": {
                "callId": "01234567-89ab-cdef-0123-456789abcdef",
                "streamId": start[0]["start"]["streamId"],
                "accountId": "AC00000000000000000000000000000001",
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 8000},
            },
            "extra_headers": "{}",
        }
    ]
    assert len(media) == pytest.approx(50, abs=1)
    assert [one["media"]["chunk"] for one in media] == list(range(1, len(media) + 1))
    assert [one["sequenceNumber"] for one in course.line.events] == list(range(len(course.line.events)))
    assert {len(base64.b64decode(one["media"]["payload"])) for one in media} == {320}
    loud = [one for one in media if any(base64.b64decode(one["media"]["payload"]))]
    assert len(loud) == pytest.approx(10, abs=1)
    assert (key["dtmf"]["digit"], key["dtmf"]["track"]) == ("5", "inbound")
    assert course.line.events[-1]["event"] == "stop"
    assert course.heard == ["1.0 bye starts", "1.3 bye ends"]
    assert course.told_events == ["StartStream", "StopStream"]
    assert course.hangup["HangupCauseName"] == "End Of XML Instructions"
    assert not course.line.is_open
    assert course.control.streams.all() == ()


def test_the_status_callback_has_the_parameters_of_its_page() -> None:
    course = Course(awaited(), ((0.5, said("checkpoint", name="one")), (1.0, said("stop"))))
    start, played, stop = course.told
    stream_id = course.events("start")[0]["start"]["streamId"]
    assert start["ServiceURL"] == "wss://app.example/audio"
    assert {one["StreamID"] for one in course.told} == {stream_id}
    assert played["Name"] == "one"
    assert "Name" not in start
    assert "ServiceURL" not in stop
    assert {(one["Error"], one["CallStatus"], one["status_callback_method"]) for one in course.told} == {
        ("", "in-progress", "POST")
    }
    assert start["status_callback_url"] == "http://app.example/status"
    assert start["Timestamp"] == "2026-01-01 12:00:00"
    assert start["From"] == "15550100"


def test_what_it_sends_is_played_and_a_checkpoint_told_once_all_before_it_was() -> None:
    script = [
        (0.5, play(1.0)),
        (0.5, said("checkpoint", name="greeting")),
        (0.6, play(0.5)),
        (4.0, said("stop")),
    ]
    course = Course(awaited(), script)
    [played] = course.events("playedStream")
    assert played["name"] == "greeting"
    [at] = [at for at, message in course.line.heard if "playedStream" in str(message)]
    assert at == pytest.approx(1.6, abs=LATE_S)
    assert course.times == pytest.approx([0.5, 2.1], abs=LATE_S)
    assert course.told_events == ["StartStream", "PlayedStream", "StopStream"]


@pytest.mark.parametrize(
    ("kind", "rate"), [("audio/x-l16", 16_000), ("audio/x-l16", 24_000), ("audio/x-mulaw", 8000)]
)
def test_it_may_send_in_any_format(kind: str, rate: int) -> None:
    course = Course(awaited(), ((0.5, play(1.0, kind, rate)), (3.0, said("stop"))))
    assert course.times == pytest.approx([0.5, 1.6], abs=LATE_S)


def test_sound_that_comes_piece_by_piece_is_one_sound() -> None:
    pieces = [(0.5 + 0.02 * number, play(0.02)) for number in range(100)]
    course = Course(awaited(), (*pieces, (4.0, said("stop"))))
    assert course.heard[0] == "0.5 stream starts"
    assert sum("stream" in line for line in course.heard) == 2
    assert course.heard[1].endswith("stream ends")
    assert float(course.heard[1].split()[0]) == pytest.approx(2.5, abs=0.25)


def test_clear_silences_at_once_and_its_checkpoints_are_not_told() -> None:
    script = [
        (0.5, play(10.0)),
        (0.5, said("checkpoint", name="never")),
        (2.0, said("clearAudio")),
        (3.0, play(0.5)),
        (3.0, said("checkpoint", name="second")),
        (5.0, said("stop")),
    ]
    course = Course(awaited(), script)
    assert course.heard[1] == "2.0 stream stops"
    assert course.times == pytest.approx([0.5, 2.0, 3.0, 3.6], abs=LATE_S)
    assert [one["name"] for one in course.events("playedStream")] == ["second"]
    assert len(course.events("clearedAudio")) == 1
    assert course.told_events == ["StartStream", "ClearedAudio", "PlayedStream", "StopStream"]


@pytest.mark.parametrize("times", [1, 20])
def test_clear_in_the_moment_in_which_sound_comes_harms_nobody(times: int) -> None:
    deeds = times * (play(0.1), said("checkpoint", name="never"), said("clearAudio"))
    at_once = [
        (0.5 + place * 1e-12, deed) for place, deed in enumerate(deeds)
    ]  # in this order, in one moment
    course = Course(
        awaited(), [*at_once, (1.0, play(0.5)), (1.0, said("checkpoint", name="heard")), (3.0, said("stop"))]
    )
    assert [one["name"] for one in course.events("playedStream")] == ["heard"]
    assert len(course.events("clearedAudio")) == times
    assert course.told_events[-1] == "StopStream"


def test_clear_with_nothing_to_clear_and_a_checkpoint_with_nothing_before_are_answered_at_once() -> None:
    course = Course(
        awaited(), ((0.5, said("clearAudio")), (0.5, said("checkpoint", name=7)), (1.0, said("stop")))
    )
    assert [one["name"] for one in course.events("playedStream")] == ["7"]
    assert len(course.events("clearedAudio")) == 1


def test_it_may_press_keys() -> None:
    course = Course(awaited(), ((0.5, said("sendDTMF", dtmf="12#")), (2.0, said("stop"))))
    assert course.call.keys_sent == ["1", "2", "#"]


def test_keys_follow_each_other_and_too_many_are_passed_over() -> None:
    pressed = [(0.5, said("sendDTMF", dtmf="12")), (0.5, said("sendDTMF", dtmf="34"))]
    course = Course(awaited(), (*pressed, (4.0, said("stop"))))
    assert course.call.keys_sent == ["1", "2", "3", "4"]
    flooded = Course(awaited(), (*(30 * ((0.5, said("sendDTMF", dtmf="1")),)), (9.0, said("stop"))))
    assert 20 <= len(flooded.call.keys_sent) <= 22
    assert len(flooded.done.notifications) == 1


def test_a_status_callback_is_not_flooded() -> None:
    course = Course(awaited(), (*(300 * ((0.5, said("clearAudio")),)), (2.5, said("stop"))))
    assert len(course.events("clearedAudio")) == 300
    assert course.told_events == ["StartStream", *(50 * ["ClearedAudio"]), "StopStream"]


def test_one_in_the_background_runs_beside_the_document_and_ends_with_the_call() -> None:
    page = document(
        f'<Stream {STATUS}>wss://app.example/audio</Stream><Speak>hello</Speak><Wait length="2"/>'
    )
    course = Course(page, ())
    assert course.heard == ["0.0 hello starts", "0.5 hello ends"]
    assert len(course.events("media")) == pytest.approx(125, abs=2)
    assert course.told_events == ["StartStream", "StopStream"]
    assert course.told[-1]["CallStatus"] == "completed"
    assert not course.line.is_open


def test_several_run_at_once_and_not_more_than_a_call_may_have() -> None:
    page = document(9 * "<Stream>wss://app.example/audio</Stream>" + '<Wait length="1"/>')
    course = Course(page, *(9 * ((),)))
    assert len(course.lines.lines) == 8
    [refused] = course.done.notifications
    assert refused.code == STREAM_FAILED
    assert "8 streams" in refused.message


def test_one_in_one_direction_plays_nothing_and_says_so() -> None:
    page = document('<Stream>wss://app.example/audio</Stream><Wait length="2"/>')
    course = Course(page, ((0.5, play(1.0)), (0.6, play(1.0)), (1.0, said("stop"))))
    assert course.heard == []
    [told] = course.done.notifications
    assert (told.code, told.is_error) == (NOT_UNDERSTOOD, False)
    assert "both directions" in told.message
    assert len(course.events("media")) == pytest.approx(50, abs=1)


def test_its_time_is_up() -> None:
    course = Course(awaited('streamTimeout="3"'), ())
    assert course.heard == ["3.0 bye starts", "3.3 bye ends"]
    assert course.told_events == ["StartStream", "StopStream"]


def test_it_can_be_seen_and_ended_from_outside() -> None:
    seen: list[tuple[str, bool]] = []

    def look(control: Control) -> None:
        [running] = control.streams.all()
        seen.append((running.verb.url, running.is_connected))
        assert control.streams.one(running.verb.stream_id) is running
        assert control.streams.stop(running.verb.stream_id)
        assert not control.streams.stop("0" * 32)

    course = Course(awaited(), (), at=((2.0, look),))
    assert seen == [("wss://app.example/audio", True)]
    assert course.heard == ["2.0 bye starts", "2.3 bye ends"]
    assert course.told_events == ["StartStream", "StopStream"]


def test_a_caller_who_leaves_ends_it() -> None:
    course = Course(awaited(), ((0.5, play(9.0)),), caller=("2.0 hangs up",))
    assert course.heard[-1] == "2.0 stream stops"
    assert course.told_events == ["StartStream", "StopStream"]
    assert course.hangup["HangupSource"] == "Caller"
    assert not course.line.is_open


def test_an_application_that_closes_is_told_as_dropped_and_not_asked_again() -> None:
    course = Course(awaited('maxRetries="3"'), ((1.0, CLOSES),), ())
    assert len(course.lines.lines) == 1
    assert course.told_events == ["StartStream", "DroppedStream"]
    assert course.heard[0] == "1.0 bye starts"
    assert course.done.notifications == []


def test_a_connection_that_breaks_is_made_again_as_often_as_wanted() -> None:
    broken: Script = ((1.0, BREAKS),)
    course = Course(awaited('maxRetries="2"'), broken, StreamBroke("no connection"), broken)
    first, second = course.lines.lines
    assert first.events[0]["start"]["streamId"] == second.events[0]["start"]["streamId"]
    assert second.events[0]["sequenceNumber"] == 0
    assert course.told_events == ["StartStream", "StartStream", "DroppedStream"]
    assert course.told[-1]["Error"]
    # 1.0 s connected, 0.5 s of pause, refused, 1.0 s of pause, 1.0 s connected
    assert course.heard[0] == "3.5 bye starts"
    [notice] = course.done.notifications
    assert (notice.code, "wss://app.example/audio" in notice.message) == (STREAM_FAILED, True)


def test_what_cannot_be_reached_is_told_and_the_next_element_runs() -> None:
    course = Course(awaited(), StreamBroke("10.0.0.1 is a private address", is_lasting=True))
    assert course.told_events == ["DroppedStream"]
    assert course.told[0]["Error"] == "10.0.0.1 is a private address"
    assert course.heard[0] == "0.0 bye starts"
    lasting = Course(awaited('maxRetries="9"'), StreamBroke("never", is_lasting=True), ())
    assert lasting.lines.lines == []


def test_an_application_that_does_not_read_is_degraded_and_then_dropped() -> None:
    course = Course(awaited(), ((1.0, STALLS),))
    assert course.told_events == ["StartStream", *(3 * ["DegradedStream"]), "DroppedStream"]
    assert course.told[1]["Error"] == "connection degraded"
    assert "too slow" in course.told[-1]["Error"]
    assert float(course.heard[0].split()[0]) == pytest.approx(11.0, abs=0.6)


def test_ten_seconds_wait_of_both_tracks_too() -> None:
    stream = f'<Stream audioTrack="both" {STATUS}>wss://app.example/audio</Stream><Wait length="30"/>'
    course = Course(document(stream), ((1.0, STALLS),))
    assert course.told_events[-1] == "DroppedStream"
    began, ended = (datetime.fromisoformat(course.told[at]["Timestamp"]) for at in (0, -1))
    assert (ended - began).total_seconds() == pytest.approx(11.0, abs=1.0)


def test_an_application_that_reads_again_in_time_misses_nothing() -> None:
    course = Course(awaited(), ((1.0, STALLS), (6.0, GOES_ON), (8.0, said("stop"))))
    assert course.told_events == ["StartStream", "DegradedStream", "StopStream"]
    chunks = [one["media"]["chunk"] for one in course.events("media")]
    assert chunks == list(range(1, len(chunks) + 1))
    assert len(chunks) == pytest.approx(400, abs=2)


def test_both_tracks_are_told_apart_and_kept_in_step() -> None:
    page = document(
        '<Stream audioTrack="both" contentType="audio/x-mulaw;rate=8000">wss://app.example/audio</Stream>'
        '<Speak>0123456789</Speak><Wait length="1"/>'
    )
    course = Course(page, ())
    assert course.events("start")[0]["start"]["tracks"] == ["inbound", "outbound"]
    sounds = {
        track: [
            mu_law.decode(base64.b64decode(one["media"]["payload"]))
            for one in course.events("media")
            if one["media"]["track"] == track
        ]
        for track in ("inbound", "outbound")
    }
    assert len(sounds["inbound"]) == len(sounds["outbound"])
    assert {len(sound) for sound in sounds["outbound"]} == {320}
    assert not any(any(sound) for sound in sounds["inbound"])
    played_s = float(course.heard[1].split()[0])
    loud = [number for number, sound in enumerate(sounds["outbound"]) if any(sound)]
    assert len(loud) == pytest.approx(played_s * 50, abs=4)
    assert loud == list(range(loud[0], loud[0] + len(loud)))


def test_16_khz_has_frames_of_640_bytes() -> None:
    course = Course(awaited('contentType="audio/x-l16;rate=16000"'), ((2.0, said("stop")),))
    media = course.events("media")
    assert {len(base64.b64decode(one["media"]["payload"])) for one in media} == {640}
    assert 95 <= len(media) <= 100


NONSENSE = [
    "no JSON",
    "[]",
    b"\xff\xfe",
    said("play"),
    said("playAudio"),
    said("playAudio", media={"contentType": "audio/mpeg", "payload": ""}),
    said("playAudio", media={"contentType": "audio/x-l16", "sampleRate": 44100, "payload": ""}),
    said("playAudio", media={"contentType": "audio/x-l16", "sampleRate": 5000 * "8", "payload": ""}),
    said("playAudio", media={"contentType": "audio/x-l16", "sampleRate": 8000, "payload": "%%%"}),
    said("checkpoint"),
    said("sendDTMF", dtmf="hello"),
    said("stop", streamId="01234567-89ab-cdef-0123-456789abcdef"),
]


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_nonsense_is_passed_over_and_told_once(nonsense: str | bytes) -> None:
    course = Course(awaited(), ((0.5, nonsense), (0.6, nonsense), (1.0, said("stop"))))
    [told] = course.done.notifications
    assert told.code == NOT_UNDERSTOOD
    assert course.heard[0] == "1.0 bye starts"


def test_complaints_have_an_end() -> None:
    nonsense = [(0.5, said(f"nonsense {number}")) for number in range(300)]
    course = Course(awaited(), (*nonsense, (1.0, said("stop"))))
    assert len(course.done.notifications) == 100


def test_more_than_can_wait_is_left_out_and_told() -> None:
    course = Course(awaited(), ((0.5, play(100.0)), (0.5, play(100.0)), (110.0, said("stop"))))
    [told] = course.done.notifications
    assert "left out" in told.message
    assert course.times == pytest.approx([0.5, 100.6], abs=LATE_S)


def test_extra_headers_are_told_as_it_begins() -> None:
    course = Course(awaited('extraHeaders="session=abc,user=7"'), ((0.5, said("stop")),))
    assert json.loads(course.events("start")[0]["extra_headers"]) == {"session": "abc", "user": "7"}


def test_a_stream_may_begin_before_the_answer_and_goes_on_after_it() -> None:
    early = "<PreAnswer><Stream bidirectional='true'>wss://app.example/audio</Stream><Wait length='2'/></PreAnswer>"
    rings = Course(document(f"{early}<Hangup reason='busy'/>"), ((0.5, play(0.6)),), caller=("0.5 says 1",))
    assert (rings.call.rejected_with, rings.call.is_answered) == (486, False)
    assert rings.times[0] == pytest.approx(0.5, abs=LATE_S)
    assert rings.events("media")
    answered = Course(document(f"{early}<Speak>hello</Speak><Wait length='3'/>"), ())
    media = [at for at, message in answered.line.heard if json.loads(message)["event"] == "media"]
    assert media[-1] - media[0] > 4.0


def records(course: Course) -> list[tuple[object, ...]]:
    """Of each stream that is over: its status, its end, why, and how long it lasted."""
    ran = [fact for fact in course.done.facts.of(VerbRan) if fact.kind is VerbKind.STREAM]
    return [
        (one.status, dict(one.details)["end"], one.reason, pytest.approx(one.duration_s, abs=0.3))
        for one in ran
    ]


def test_a_stream_leaves_one_record_however_it_ends() -> None:
    ordered = Course(awaited(), ((2.0, said("stop")),))
    assert records(ordered) == [("stopped", "application", "", 2.0)]
    [record] = ordered.done.facts.of(VerbRan)[:1]
    [start] = ordered.events("start")
    assert record.record_id == start["start"]["streamId"].replace("-", "")
    late = Course(awaited('streamTimeout="3"'), ())
    assert records(late) == [("stopped", "time_limit", "", 3.0)]
    gone = Course(awaited(), (), caller=("4.0 hangs up",))
    assert records(gone) == [("stopped", "hang_up", "", 4.0)]
    beside = document("<Stream>wss://app.example/audio</Stream><Wait length='5'/>")
    assert records(Course(beside, ())) == [("stopped", "hang_up", "", 5.0)]
    broken = Course(awaited(), StreamBroke("nobody was there", is_lasting=True))
    assert records(broken) == [("failed", "broken", "nobody was there", 0.0)]
