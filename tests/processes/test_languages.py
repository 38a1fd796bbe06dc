"""Which dialect runs what, by the name of the language in its row."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import Asked
from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.call.rows import CallRow, NumberRow
from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import TranscriptionRow, TranscriptionStatus
from offhook.config import Settings
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.interpreter.ports import CallEnd, StatusChange
from offhook.processes.auth_ids import AuthIds
from offhook.processes.languages import (
    RCML,
    VOBIZ,
    Languages,
    lost_callback,
    message_request,
    transcription_request,
)
from offhook.records import migrate
from offhook.records.accounts import Accounts
from offhook.records.database import Database
from offhook.rest.ports import NewCall
from offhook.verbs import Gather, Gathered, GatherEnd, Request, Stream, Target
from tests.messaging.some import message

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ACCOUNT = "AC" + 32 * "1"
INFO = CallInfo(
    call_id=32 * "a",
    account_sid=ACCOUNT,
    direction=Direction.INBOUND,
    from_="+15550100",
    to="4711",
    created_at=NOW,
)
NUMBER = NumberRow(
    sid="PN" + 32 * "1",
    account_sid=ACCOUNT,
    phone_number="4711",
    friendly_name="4711",
    voice_url="http://app.example/answer",
    api_version="1",
    date_created=NOW,
    date_updated=NOW,
)
ENDED = StatusChange(
    status=CallStatus.COMPLETED, at=NOW, duration_s=3.0, end=CallEnd(ending=Ending(EndCause.FAR_END))
)
languages = Languages(instance_id=32 * "0", public_url="https://voice.example")


@pytest.mark.parametrize(("name", "kind"), [(None, Rcml), (RCML, Rcml), (VOBIZ, Vobiz), ("klingon", Rcml)])
def test_a_name_means_a_dialect(name: str | None, kind: type) -> None:
    assert isinstance(languages.of(name).dialect, kind)


def test_the_end_of_a_call_is_told_to_the_answer_url_where_no_other_is_named() -> None:
    told = languages.of(VOBIZ).told_by_number(NUMBER)
    assert told is not None
    [request] = told.requests(INFO, ENDED)
    assert (request.target.url, dict(request.parameters)["Event"]) == ("http://app.example/answer", "Hangup")
    other = languages.of(VOBIZ).told_by_number(replace(NUMBER, status_callback="http://app.example/end"))
    assert other is not None
    [request] = other.requests(INFO, ENDED)
    assert request.target == Target("http://app.example/end")
    assert languages.of(RCML).told_by_number(NUMBER) is None


def test_that_a_call_which_was_made_rings_is_told_where_that_is_wanted() -> None:
    asked = NewCall(
        account_sid=ACCOUNT,
        from_="+15550100",
        to="4711",
        application=Target("http://app.example/answer"),
        ring=Target("http://app.example/ring"),
        language=VOBIZ,
    )
    told = languages.of(VOBIZ).told_of_new_call(asked)
    assert told is not None
    info = replace(INFO, direction=Direction.OUTBOUND_API)
    [request] = told.requests(info, StatusChange(status=CallStatus.RINGING, at=NOW))
    assert (request.target.url, dict(request.parameters)["Event"]) == ("http://app.example/ring", "Ring")


def test_a_lost_call_is_told_in_its_language() -> None:
    prepared = Request(
        Target("http://app.example/end"), (("CallStatus", "failed"), ("EndTime", "")), signature=VOBIZ
    )
    row = CallRow(
        call_id=32 * "a",
        account_sid=ACCOUNT,
        instance_id=32 * "0",
        direction=Direction.INBOUND,
        from_="a",
        to="b",
        status=CallStatus.FAILED,
        date_created=NOW,
        date_updated=NOW,
        start_time=NOW,
        end_time=NOW,
        if_lost=prepared,
        language=VOBIZ,
    )
    told = lost_callback(row)
    assert told is not None
    assert (told.signature, dict(told.parameters)["EndTime"]) == (VOBIZ, "2026-11-22 12:00:00")
    other = lost_callback(replace(row, language=None))
    assert other is not None
    assert dict(other.parameters)["EndTime"] == ""


def test_words_are_told_in_the_language_of_their_call() -> None:
    row = TranscriptionRow(
        transcription_id=32 * "b",
        account_sid=ACCOUNT,
        recording_id=32 * "c",
        call_id=32 * "a",
        status=TranscriptionStatus.COMPLETED,
        reason="",
        provider="embedded",
        language="en-US",
        duration_s=2.0,
        text="hello",
        date_created=NOW,
        date_updated=NOW,
    )
    task = TranscriptionTask(
        row=row,
        file=None,
        callback=Target("http://app.example/words"),
        callback_parameters=(("CallUUID", "x"),),
        application_language=VOBIZ,
        lease_until=NOW,
    )
    told = transcription_request(task, row, "https://voice.example")
    assert told is not None
    assert told.signature == "vobiz+plivo"
    assert dict(told.parameters) == {
        "CallUUID": "x",
        "transcription": "hello",
        "transcription_id": "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb",
        "transcription_url": f"https://voice.example/restcomm/2012-04-24/Accounts/{ACCOUNT}/Transcriptions/"
        f"TR{32 * 'b'}.json",
        "recording_id": "cccccccc-cccc-cccc-cccc-cccccccccccc",
    }
    other = transcription_request(replace(task, application_language=None), row, "https://voice.example")
    assert other is not None
    assert dict(other.parameters)["TranscriptionText"] == "hello"


def test_what_the_operator_chose_holds_for_all_that_is_asked_and_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFHOOK_VOBIZ_SIGNATURE", "Vobiz")
    monkeypatch.setenv("OFFHOOK_VOBIZ_NO_INPUT", "REDIRECT")
    monkeypatch.setenv("OFFHOOK_VOBIZ_PLUS", "1")
    chosen = Languages(instance_id=32 * "0", public_url="https://voice.example", settings=Settings())
    vobiz, number = chosen.of(VOBIZ), replace(NUMBER, status_callback="http://app.example/end")
    told = vobiz.told_by_number(number)
    assert told is not None
    asked = vobiz.dialect.request(Target("http://app.example/answer"), (), Asked.FIRST)
    [streams] = chosen.of_streams.values()
    signatures = {asked.signature, told.requests(INFO, ENDED)[0].signature, streams.signature}
    assert signatures == {"vobiz"}
    gather = Gather(action=Target("http://app.example/action"), tells_no_input=True)
    report = vobiz.dialect.report(gather, Gathered(end=GatherEnd.NO_INPUT), INFO)
    assert (report.target, report.is_notice) == (gather.action, False)
    assert dict(vobiz.dialect.standard(INFO, CallStatus.RINGING))["From"] == "+15550100"


@pytest.mark.parametrize(("name", "value"), [("SIGNATURE", "plivo"), ("NO_INPUT", "ask"), ("PLUS", "maybe")])
def test_what_nobody_can_choose_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"OFFHOOK_VOBIZ_{name}", value)
    with pytest.raises(ValidationError, match=f"vobiz_{name.lower()}"):
        Settings()


@pytest.mark.parametrize(("language", "name"), [(VOBIZ, "MessageUUID"), (RCML, "SmsSid"), (None, "SmsSid")])
def test_messages_are_told_in_the_language_of_their_call(language: str | None, name: str) -> None:
    row = message(status_callback=Target("https://app.example/told"), application_language=language)
    request = message_request(row)
    assert request is not None
    assert name in dict(request.parameters)


async def test_requests_name_the_owner_of_an_account_and_streams_the_account(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'offhook.db'}"
    migrate.upgrade(url)
    database = Database(url)
    accounts = Accounts(database)
    first, _, _ = accounts.ensure_first(None, None)
    child = replace(
        first, sid="AC" + 32 * "2", auth_id="MA" + 18 * "X", parent_sid=first.sid, email_address=None
    )
    accounts.create(child)
    ids = AuthIds(accounts)
    named = Languages(instance_id=32 * "0", public_url="https://voice.example", auth_ids=ids)

    async def told(account_sid: str, language: str | None = VOBIZ) -> str:
        info = replace(INFO, account_sid=account_sid, language=language)
        await named.prepare(info)
        return dict(named.of(VOBIZ).dialect.standard(info, CallStatus.RINGING))["ParentAuthID"]

    assert await told(child.sid, None) == child.sid  # nobody has learnt it
    assert await told(first.sid) == await told(child.sid) == first.auth_id
    assert await told("AC" + 32 * "3") == "AC" + 32 * "3"
    [streams] = named.of_streams.values()
    verb = Stream(url="wss://app.example", language=VOBIZ, stream_id=32 * "5")
    for account in (first, child):
        start = json.loads(streams.talk(verb, replace(INFO, account_sid=account.sid)).begun() or "")
        assert start["start"]["accountId"] == account.auth_id
    database.close()
