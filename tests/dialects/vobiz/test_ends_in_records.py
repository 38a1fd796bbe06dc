"""What the hangup URL is told of an end, and what the record of the call says of it later, are the same."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.errors import DocumentInvalid
from offhook.call.facts import CallFinished, CallStarted, Fact
from offhook.call.info import CallStatus, Direction, new_id
from offhook.call.rows import CallRow
from offhook.dialects.vobiz.callbacks import CallTold
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.hangup_causes import HangupCause
from offhook.dialects.vobiz.row_cause import cause_of_row
from offhook.interpreter.conference_room import ConferenceRoom
from offhook.interpreter.control import Control
from offhook.interpreter.lifetime import CallBounds
from offhook.interpreter.ports import CallEnd
from offhook.interpreter.rooms_here import LocalMeetings
from offhook.records import migrate
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.ended_column import ended_column, how_ended_of
from offhook.records.entry import Entry
from offhook.records.writer import Writer
from offhook.testing import Followed, Page, ScriptedCall, ScriptedLegs, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Target
from tests.dialects.vobiz.test_hangup_causes import GOLDEN
from tests.records import story

VOBIZ_XML = Vobiz()
APP = "http://app.example"
ANN, BOB = "+15550101", "+15550102"
WAIT = "<Response><Speak>hello</Speak><Wait length='60'/></Response>"
SPEAK = "<Response><Speak>hello</Speak></Response>"
REFUSE = "<Response><Hangup reason='{}'/></Response>"
AWAY = f"<Response><Redirect>{APP}/away</Redirect></Response>"
ASK = f"<Response><Gather action='{APP}/chosen' numDigits='1'><Speak>press</Speak></Gather></Response>"
MEET = "<Response><Conference>team</Conference></Response>"
SLOWLY = "<Response><Wait length='20'/></Response>"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{Path(tmp_path_factory.mktemp('records')) / 'offhook.db'}"
    migrate.upgrade(url)
    opened = Database(url)
    story.account(opened, SOME_CALL.account_sid)
    yield opened
    opened.close()


def row_of(database: Database, facts: list[Fact], call_id: str) -> CallRow:
    """The row of a call as it is read after its facts were written. Calls of scripts share their ids: it gets a new one."""
    kept: list[Fact] = []
    new = new_id()
    for fact in facts:
        if isinstance(fact, CallStarted) and fact.info.call_id == call_id:
            kept.append(replace(fact, info=replace(fact.info, call_id=new), callbacks=(), if_lost=None))
        elif isinstance(fact, CallFinished) and fact.call_id == call_id:
            kept.append(replace(fact, call_id=new, callbacks=()))
    with database.writing() as connection:
        Writer(worker_id="w", instance_id=32 * "0").write(
            connection, [Entry(fact, new_id()) for fact in kept]
        )
    row = Calls(database).get(SOME_CALL.account_sid, new)
    assert row is not None
    return row


@dataclass(frozen=True, kw_only=True)
class End:
    """A call that ends in one way."""

    script: tuple[str, ...] = ()
    pages: dict[str, str | Page] = field(default_factory=dict)
    is_dialled: bool = False
    ordered_at: tuple[float, EndedBy] | None = None
    bounds: CallBounds = field(default_factory=lambda: CallBounds())

    async def happens(self) -> Followed:
        """Live through it."""
        info = replace(SOME_CALL, direction=Direction.OUTBOUND_API) if self.is_dialled else SOME_CALL
        control = Control()
        if self.ordered_at is not None:
            at, by = self.ordered_at
            asyncio.get_running_loop().call_later(at, lambda: control.finish("ended over the API", by))
        return await follow(
            ScriptedCall(*self.script, info=info),
            WebhookStub({f"/{name}": page for name, page in self.pages.items()}),
            dialect=VOBIZ_XML,
            status_callback=lambda: CallTold(VOBIZ_XML, hangup=Target(f"{APP}/hangup")),
            is_dialled=self.is_dialled,
            ring_timeout_s=10,
            control=control,
            bounds=self.bounds,
            retry_s=0,
        )


def voice(page: str | Page, **more: str | Page) -> dict[str, str | Page]:
    return {"voice": page, **more}


ENDS = {
    "the caller": (End(script=("2.0 hangs up",), pages=voice(WAIT)), 4000),
    "the callee": (End(script=("1.0 answers", "2.0 hangs up"), pages=voice(WAIT), is_dialled=True), 4000),
    "given up": (End(script=("1.0 hangs up",), pages=voice(SLOWLY)), 1000),
    "the document is over": (End(pages=voice(SPEAK)), 4010),
    "nothing answered": (End(pages=voice("<Response/>")), 4010),
    "Hangup": (End(pages=voice("<Response><Speak>hello</Speak><Hangup/></Response>")), 4000),
    "Hangup rejects": (End(pages=voice(REFUSE.format("rejected"))), 3020),
    "Hangup is busy": (End(pages=voice(REFUSE.format("busy"))), 3010),
    "Hangup later": (End(pages=voice(f"<Response><Hangup schedule='3'/>{WAIT[10:]}")), 6000),
    "the longest call": (End(pages=voice(WAIT), bounds=CallBounds(talk_s=5)), 6000),
    "the longest ringing": (End(pages=voice(SLOWLY), bounds=CallBounds(ring_s=5)), 6000),
    "REST": (End(pages=voice(WAIT), ordered_at=(3, EndedBy.ORDERED)), 4000),
    "REST, unanswered": (
        End(script=("1.0 rings",), pages=voice(WAIT), is_dialled=True, ordered_at=(3, EndedBy.ORDERED)),
        1000,
    ),
    "answered elsewhere": (
        End(script=("1.0 rings",), pages=voice(WAIT), is_dialled=True, ordered_at=(3, EndedBy.RACE_LOST)),
        9000,
    ),
    "a machine": (
        End(script=("1.0 answers",), pages=voice(WAIT), is_dialled=True, ordered_at=(3, EndedBy.MACHINE)),
        9100,
    ),
    "nobody answers": (End(script=("1.0 rings",), pages=voice(WAIT), is_dialled=True), 6010),
    "busy": (End(script=("1.0 refuses 486",), pages=voice(WAIT), is_dialled=True), 3010),
    "declined": (End(script=("1.0 refuses 603",), pages=voice(WAIT), is_dialled=True), 3110),
    "unknown": (End(script=("1.0 refuses 404",), pages=voice(WAIT), is_dialled=True), 3050),
    "overloaded": (End(script=("1.0 refuses 503",), pages=voice(WAIT), is_dialled=True), 3090),
    "no answer URL": (End(pages=voice(Page(status=500))), 7011),
    "no answer XML": (End(pages=voice("<Response>&</Response>")), 8011),
    "too much of it": (End(pages=voice(f"<Response>{'<Speak>hi</Speak>' * 7000}</Response>")), 8011),
    "no action URL": (End(script=("3.0 key 1",), pages=voice(ASK, chosen=Page(status=503))), 7012),
    "no action XML": (End(script=("3.0 key 1",), pages=voice(ASK, chosen="<html/>")), 8012),
    "no Redirect URL": (End(pages=voice(AWAY, away=Page(status=404))), 7014),
    "no Redirect XML": (End(pages=voice(AWAY, away="{}")), 8014),
    "an action that is none": (End(pages=voice(ASK.replace("http:", "ftp:"))), 7022),
    "a method that is none": (End(pages=voice(ASK.replace("numDigits", "method='PUT' numDigits"))), 7032),
    "a Redirect that is none": (End(pages=voice("<Response><Redirect>away</Redirect></Response>")), 7024),
}


@pytest.mark.parametrize("name", ENDS)
async def test_a_record_says_what_the_hangup_url_was_told(database: Database, name: str) -> None:
    end, code = ENDS[name]
    done = await end.happens()
    [request] = done.end.callbacks
    told = dict(request.parameters)
    found = cause_of_row(row_of(database, done.facts.facts, SOME_CALL.call_id))
    assert in_words(found) == (
        told["HangupCause"],
        told["HangupCauseCode"],
        told["HangupCauseName"],
        told["HangupSource"],
    )
    assert found.code == code


def in_words(cause: HangupCause) -> tuple[str, str, str, str]:
    return cause.text, str(cause.code), cause.name, cause.source.value


DIAL = f"<Response><Dial callbackUrl='{APP}/legs' timeout='8' {{}}><Number>{ANN}</Number><Number>{BOB}</Number></Dial></Response>"


@pytest.mark.parametrize(
    ("attributes", "script", "callees", "codes"),
    [
        ("", (), {ANN: ("1.0 answers", "4.0 hangs up"), BOB: ("0.5 rings",)}, {4000, 9000}),
        ("", ("2.0 hangs up",), {ANN: ("1.0 rings",), BOB: ("1.0 rings",)}, {1000}),
        ("", ("5.0 hangs up",), {ANN: ("1.0 answers",), BOB: ("2.0 refuses 486",)}, {4000, 9000}),
        ("", (), {ANN: ("1.0 refuses 486",), BOB: ("1.0 refuses 480",)}, {3010, 3000}),
        ("", (), {ANN: ("1.0 rings",), BOB: ("1.0 rings",)}, {6010}),
        ("timeLimit='3'", (), {ANN: ("1.0 answers",), BOB: ("2.0 refuses 486",)}, {6000, 9000}),
        (f"confirmSound='{APP}/confirm' confirmKey='1'", (), {ANN: ("1.0 answers",), BOB: ("1.0 rings",)}, {9110, 6010}),
    ],
)  # fmt: skip
async def test_so_it_is_with_the_legs_of_a_dial(
    database: Database,
    attributes: str,
    script: tuple[str, ...],
    callees: dict[str, tuple[str, ...]],
    codes: set[int],
) -> None:
    app = WebhookStub({"/voice": DIAL.format(attributes), "/confirm": SPEAK})
    done = await follow(ScriptedCall(*script), app, dialect=VOBIZ_XML, legs=ScriptedLegs(callees), retry_s=0)
    told = {
        said["DialBLegUUID"].replace("-", ""): (
            said["DialBLegHangupCause"],
            said["DialBLegHangupCauseCode"],
            said["DialBLegHangupCauseName"],
            said["DialBLegHangupSource"],
        )
        for fact in done.facts.facts
        if hasattr(fact, "request") and (said := dict(fact.request.parameters)).get("Event") == "DialHangup"
    }
    kept = {call_id: cause_of_row(row_of(database, done.facts.facts, call_id)) for call_id in told}
    assert {call_id: in_words(cause) for call_id, cause in kept.items()} == told
    assert {cause.code for cause in kept.values()} == codes


async def test_who_is_put_out_of_a_conference_was_kicked_out_where_nothing_follows(
    database: Database,
) -> None:
    meetings = LocalMeetings()
    loop = asyncio.get_running_loop()

    def put_out() -> None:
        [room] = meetings.rooms.all
        assert isinstance(room, ConferenceRoom)
        room.dismiss(SOME_CALL.call_id)

    loop.call_later(2.0, put_out)
    app = WebhookStub({"/voice": MEET})
    done = await follow(
        ScriptedCall(),
        app,
        dialect=VOBIZ_XML,
        meetings=meetings,
        status_callback=lambda: CallTold(VOBIZ_XML, hangup=Target(f"{APP}/hangup")),
    )
    await meetings.rooms.close()
    [request] = done.end.callbacks
    found = cause_of_row(row_of(database, done.facts.facts, SOME_CALL.call_id))
    assert dict(request.parameters)["HangupCauseCode"] == "4030"
    assert (found.code, found.name, found.source.value) == (4030, "Kicked Out", "API Request")


@pytest.mark.parametrize("end", [end for _, _, end, _ in GOLDEN if end is not None])
def test_the_column_keeps_all_that_a_cause_hangs_on(end: CallEnd) -> None:
    assert how_ended_of(json.loads(json.dumps(ended_column(end.how)))) == end.how


def test_an_end_that_only_a_newer_version_knows_is_none() -> None:
    assert how_ended_of({"cause": "abducted"}) is None
    assert how_ended_of({"by": "verb"}) is None
    assert how_ended_of(None) is None
    assert ended_column(None) is None
    here = {"cause": "here", "by": "verb"}
    assert how_ended_of({**here, "mood": "sad"}) == CallEnd(ending=Ending(EndCause.HERE), by=EndedBy.VERB).how


def test_a_call_of_an_older_version_is_judged_by_its_words() -> None:
    row = CallRow(
        call_id=new_id(),
        account_sid=SOME_CALL.account_sid,
        instance_id=32 * "0",
        direction=Direction.OUTBOUND_DIAL,
        from_="a",
        to="b",
        status=CallStatus.CANCELED,
        date_created=story.NOON,
        date_updated=story.NOON,
        start_time=story.NOON,
        reason="somebody else answered first",
    )
    assert cause_of_row(row).code == 9000
    invalid = DocumentInvalid(16801, "no")
    assert CallEnd(ending=Ending(EndCause.HERE), by=EndedBy.APPLICATION, error=invalid).how.failing is None
