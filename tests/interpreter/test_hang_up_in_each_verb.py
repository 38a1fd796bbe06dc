"""A caller who hangs up in the middle of each verb: the application is told once where it wants that, and nothing is left."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from offhook.call.facts import (
    CallFinished,
    CallProgressed,
    CallStarted,
    GatherFinished,
    GatherStarted,
    VerbRan,
)
from offhook.call.info import CallStatus
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.voice_rows import ConferenceStatus
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.rooms_here import LocalMeetings
from offhook.testing import Followed, Page, ScriptedCall, ScriptedLegs, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import GatherEnd

RCML = Rcml(instance_id=32 * "0")
ANN, GUEST = "+15550101", "+15550109"
LATE = ("next", "after")
"""What stands behind the verb, and in the answer of its action: nobody is there to hear either."""
PAGES: dict[str, str | Page] = {
    "/done": "<Response><Say>after</Say></Response>",
    "/screening": "<Response><Gather><Say>0123456789</Say></Gather></Response>",
    "/announcement": "<Response><Say>01234567890123456789</Say></Response>",
    "/wait": "<Response><Say>wait</Say><Pause length='2'/></Response>",
    "/slow": Page(body="<Response><Say>after</Say></Response>", after_s=5.0),
    "/tone.wav": Page(body=b"RIFF", content_type="audio/wav"),
}
WAITS = "<Response><Enqueue action='guest' waitUrl='wait'>help</Enqueue></Response>"
TAKES = "<Response><Pause length='3'/><Dial action='guest'><Queue>help</Queue></Dial></Response>"
MODERATES = "<Response><Dial><Conference endConferenceOnExit='true'>room</Conference></Dial></Response>"


@dataclass(frozen=True)
class Left:
    """Somebody hangs up in the middle of a verb."""

    verb: str
    at: float
    """Seconds after the call came."""
    told: Mapping[str, str] | None = None
    """What the action is told besides CallStatus; None where it is not asked."""
    guest: str = ""
    """The document of another caller, who stays for longer."""
    legs: tuple[str, ...] = ()
    """How the legs that were dialled ended."""
    script: tuple[str, ...] = ("1.0 rings", "3.0 answers")
    """How who is dialled behaves."""
    more: tuple[str, ...] = field(default=())
    """What else the caller does, or what the far end does."""


DIAL = f"<Dial action='done'>{ANN}</Dial>"
TAPED = f"<Dial action='done' record='true'>{ANN}</Dial>"
SCREENED = f"<Dial action='done'><Number url='screening'>{ANN}</Number></Dial>"
RECORD = "<Record action='done' transcribe='true' transcribeCallback='words'/>"
CONFERENCE = "<Dial action='done' record='true'><Conference waitUrl='wait' {}>room</Conference></Dial>"
ENQUEUE = "<Enqueue action='done' waitUrl='wait'>help</Enqueue>"
DEQUEUE = "<Dial action='done' record='true'><Queue url='announcement'>help</Queue></Dial>"
GATHER = "<Gather action='done' actionOnEmptyResult='true' input='dtmf speech'><Say>0123456789</Say></Gather>"

CASES = {
    "say": Left(f"<Say>{6 * '0123456789'}</Say>", 0.5),
    "say without end": Left("<Say loop='0'>0123456789</Say>", 2.5),
    "play": Left("<Play loop='0'>tone.wav</Play>", 0.5),
    "pause": Left("<Say>hello</Say><Pause length='9'/>", 3.0),
    "gather while it speaks": Left(GATHER, 0.5),
    "gather while it listens": Left(GATHER, 3.0),
    "gather after a key": Left(GATHER, 3.0, more=("2.0 key 1",)),
    "gather while they speak": Left(GATHER, 2.5, more=("2.0 says 2",)),
    "dial before it rings": Left(DIAL, 0.5, {"DialCallStatus": "canceled"}, legs=("canceled",)),
    "dial while it rings": Left(
        DIAL, 2.0, {"DialCallStatus": "canceled", "DialRingDuration": "2"}, legs=("canceled",)
    ),
    "dial the moment it is answered": Left(DIAL, 3.0, {}, legs=("completed",)),
    "dial while they talk": Left(
        DIAL,
        8.0,
        {"DialCallStatus": "completed", "DialCallDuration": "5", "DialRingDuration": "3"},
        legs=("completed",),
    ),
    "dial while it is recorded": Left(
        TAPED, 8.0, {"DialCallStatus": "completed", "RecordingDuration": "5.0"}, legs=("completed",)
    ),
    "screening": Left(
        SCREENED,
        5.0,
        {"DialCallStatus": "canceled", "DialRingDuration": "3", "DialSipResponseCode": "200"},
        legs=("completed",),
    ),
    "record while it beeps": Left(RECORD, 0.1, {"RecordingDuration": "0.0", "Digits": "hangup"}),
    "record": Left(RECORD, 3.3, {"RecordingDuration": "3.0", "Digits": "hangup"}),
    "record while they speak": Left(RECORD, 3.3, {"Digits": "hangup"}, more=("2.0 says 9",)),
    "conference that waits": Left(CONFERENCE.format("startConferenceOnEnter='false'"), 3.5, {}),
    "conference alone": Left(CONFERENCE.format(""), 3.0, {"RecordingDuration": "3.0"}),
    "conference of two": Left(CONFERENCE.format(""), 3.0, {}, guest=MODERATES),
    "enqueue while it waits": Left(ENQUEUE, 5.0, {"QueueResult": "hangup", "QueueTime": "5"}),
    "enqueue while they talk": Left(ENQUEUE, 9.0, {"QueueResult": "bridged", "QueueTime": "3"}, guest=TAKES),
    "queue where nobody waits": Left(DEQUEUE, 5.0, {"DialCallStatus": "canceled"}),
    "queue while it is announced": Left(DEQUEUE, 1.0, {"DialCallStatus": "canceled"}, guest=WAITS),
    "queue while they talk": Left(DEQUEUE, 6.0, {"DialCallStatus": "completed"}, guest=WAITS),
    "hold": Left("<Hold holdMusic='tone.wav'/><Pause length='9'/>", 4.0),
    "resume": Left("<Hold holdMusic='tone.wav'/><Resume action='slow'/>", 0.5),
    "refer of which nothing is told": Left(
        "<Refer action='done'>sip:bob@example.com</Refer>",
        3.0,
        {"ReferSipResponseCode": "202"},
        more=("0.0 reports nothing",),
    ),
    "redirect": Left("<Say>hello</Say><Redirect>slow</Redirect>", 2.0),
    "sms": Left("<Say>hello</Say><Sms to='+15550102' action='slow'>text</Sms>", 2.0),
    "email": Left(
        "<Say>hello</Say><Email from='a@example.com' to='b@example.com' subject='s'>text</Email>"
        "<Pause length='9'/>",
        2.0,
    ),
    "the action of a gather": Left(
        "<Gather action='slow' numDigits='1'><Say>press</Say></Gather>", 2.0, more=("1.0 key 1",)
    ),
}
EACH = pytest.mark.parametrize("left", CASES.values(), ids=CASES)


@dataclass
class Over:
    """What came of it."""

    caller: Followed
    everybody: list[Followed]
    call: ScriptedCall
    app: WebhookStub

    @property
    def actions(self) -> list[dict[str, str]]:
        """What the action of the caller's verb was told, each time."""
        asked = [request for request in self.app.requests if request.target.url.endswith("/done")]
        return [dict(request.parameters) for request in asked]


async def hangs_up(left: Left, at: float, folder: Path) -> Over:
    """Live through the call of somebody who hangs up then, and that of their guest."""
    document = f"<Response>{left.verb}<Say>next</Say></Response>"
    pages = {**PAGES, "/voice": document, "/other": left.guest, "/guest": "<Response/>"}
    app, meetings = WebhookStub(pages), LocalMeetings()
    running = []
    if left.guest:
        info = replace(SOME_CALL, call_id=32 * "f", from_=GUEST)
        guest = ScriptedCall("40.0 hangs up", info=info)
        living = follow(guest, app, dialect=RCML, first="/other", meetings=meetings, recordings=folder)
        running.append(asyncio.create_task(living))
    call = ScriptedCall(*left.more, f"{at} hangs up")
    legs = ScriptedLegs({ANN: left.script})
    caller = await follow(call, app, dialect=RCML, meetings=meetings, legs=legs, recordings=folder)
    everybody = [caller, *await asyncio.gather(*running)]
    await meetings.rooms.close()
    return Over(caller, everybody, call, app)


def told(over: Over, *kinds: type) -> list[object]:
    return [fact for one in over.everybody for fact in one.facts.facts if isinstance(fact, kinds)]


def nothing_is_left(over: Over, folder: Path) -> None:
    """Whatever began has ended, once."""
    calls = [fact for one in over.everybody for fact in one.facts.of(CallStarted)]
    for started in calls:
        of_call = [
            fact
            for fact in told(over, CallStarted, CallProgressed, CallFinished)
            if getattr(fact, "call_id", None) == started.info.call_id or fact is started
        ]
        finals = [fact for fact in of_call if isinstance(fact, CallFinished)]
        assert len(finals) == 1, "exactly one last fact"
        assert of_call[-1] is finals[0], "and nothing after it"
    gathers = [fact.gather_id for one in over.everybody for fact in one.facts.of(GatherStarted)]
    assert gathers == [fact.gather_id for one in over.everybody for fact in one.facts.of(GatherFinished)]
    recordings = [fact for one in over.everybody for fact in one.facts.of(RecordingFinished)]
    begun = {
        fact.recording_id: fact.file for one in over.everybody for fact in one.facts.of(RecordingStarted)
    }
    assert sorted(begun) == sorted(fact.recording_id for fact in recordings)
    kept = sorted(begun[fact.recording_id] for fact in recordings if fact.duration_s)
    assert sorted(path.name for path in folder.iterdir()) == kept, "a file for each recording, and no other"
    rooms = {
        fact.conference_id: fact.status for one in over.everybody for fact in one.facts.of(ConferenceChanged)
    }
    assert set(rooms.values()) <= {ConferenceStatus.COMPLETED}
    inside = {
        (fact.conference_id, fact.call_id): fact.has_left
        for one in over.everybody
        for fact in one.facts.of(ParticipantChanged)
    }
    assert all(inside.values())
    assert not [line for line in over.call.heard if any(word in line for word in LATE)]
    assert asyncio.all_tasks() == {asyncio.current_task()}, "no task goes on without its call"


@EACH
async def test_the_action_is_told_and_every_row_is_closed(left: Left, tmp_path: Path) -> None:
    over = await hangs_up(left, left.at, tmp_path)
    assert over.caller.end.status is CallStatus.COMPLETED
    assert over.caller.end.duration_s == pytest.approx(left.at, abs=0.01)
    wanted = [] if left.told is None else [{**left.told, "CallStatus": "completed"}]
    told_of = [
        {name: value for name, value in action.items() if name in expected}
        for action, expected in zip(over.actions, wanted, strict=True)
    ]
    assert told_of == wanted
    legs = [fact for fact in over.caller.facts.of(CallFinished) if fact is not over.caller.end]
    assert tuple(fact.status.value for fact in legs) == left.legs
    nothing_is_left(over, tmp_path)


@EACH
@pytest.mark.parametrize("at", [0.0, 0.3, 3.0, 3.02, 4.98])
async def test_nothing_is_left_whenever_they_go(left: Left, at: float, tmp_path: Path) -> None:
    over = await hangs_up(left, at, tmp_path)
    assert over.caller.end.status in (CallStatus.COMPLETED, CallStatus.CANCELED)
    assert len(over.actions) <= 1
    assert all(action["CallStatus"] == "completed" for action in over.actions)
    nothing_is_left(over, tmp_path)


@pytest.mark.parametrize("verb", ["gather while it speaks", "gather while it listens"])
async def test_the_record_of_a_gather_that_was_cut_short_says_so(verb: str, tmp_path: Path) -> None:
    over = await hangs_up(CASES[verb], CASES[verb].at, tmp_path)
    assert [fact.gathered.end for fact in over.caller.facts.of(GatherFinished)] == [GatherEnd.HANG_UP]


async def test_the_record_of_a_text_that_was_cut_short_says_so(tmp_path: Path) -> None:
    over = await hangs_up(CASES["say"], CASES["say"].at, tmp_path)
    assert [(fact.status, fact.reason) for fact in over.caller.facts.of(VerbRan)] == [("failed", "hang_up")]


async def test_the_words_of_who_left_are_told_as_those_of_a_call_that_is_over(tmp_path: Path) -> None:
    over = await hangs_up(CASES["record"], CASES["record"].at, tmp_path)
    [asked] = over.caller.facts.of(TranscriptionAsked)
    assert dict(asked.callback_parameters)["CallStatus"] == "completed"
