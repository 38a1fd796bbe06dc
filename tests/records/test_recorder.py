import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
import structlog.testing

from offhook.call.ending import EndCause, EndedBy
from offhook.call.errors import Asked
from offhook.call.exchange import Exchange, Reply
from offhook.call.how_ended import Failing, HowEnded
from offhook.call.info import CallStatus, new_id
from offhook.call.listing import CallFilter, GatherFilter, NotificationFilter
from offhook.call.rows import AccountRow, CallRow, GatherKind, GatherRow, GatherStatus, NotificationRow
from offhook.interpreter import ports
from offhook.records import migrate
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.fact_codec import decode, encode
from offhook.records.gathers import Gathers
from offhook.records.notifications import Notifications
from offhook.records.outbox import Outbox
from offhook.records.recorder import Recorder
from offhook.verbs import Gathered, GatherEnd, Method, Request, Target
from tests.records.story import (
    INSTANCE,
    after,
    finished,
    gather,
    gather_finished,
    gather_started,
    notified,
    progressed,
    record,
    started,
    told,
)
from tests.records.story import account as keep_account


@pytest.fixture
def recorder(database: Database) -> Iterator[ports.Recorder]:
    recorder = Recorder(database, worker_id="worker-1", instance_id=INSTANCE)
    yield recorder
    recorder.close()


def all_calls(database: Database, account_sid: str) -> tuple[CallRow, ...]:
    return Calls(database).page(account_sid, CallFilter(), offset=0, limit=1000).rows


def all_gathers(
    database: Database, account_sid: str, kind: GatherKind = GatherKind.SPEECH
) -> tuple[GatherRow, ...]:
    return Gathers(database).page(account_sid, GatherFilter(kind=kind), offset=0, limit=1000).rows


def all_notifications(database: Database, account_sid: str) -> tuple[NotificationRow, ...]:
    return Notifications(database).page(account_sid, NotificationFilter(), offset=0, limit=1000).rows


def test_a_call_from_ring_to_hang_up_is_one_row(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id, after(0), caller_name="Ada", metadata='{"order": 7}'),
        progressed(account.sid, call_id, after(2), CallStatus.IN_PROGRESS),
        finished(account.sid, call_id, after(9.5), duration_s=7.5, ring_duration_s=2.0, sip_status=200),
    )
    (call,) = all_calls(database, account.sid)
    assert (call.call_id, call.instance_id, call.worker_id) == (call_id, INSTANCE, "worker-1")
    assert (call.from_, call.to, call.caller_name) == ("+15550001", "+15550002", "Ada")
    assert call.metadata == '{"order": 7}'
    assert call.status is CallStatus.COMPLETED
    assert (call.date_created, call.start_time, call.end_time) == (after(0), after(2), after(9.5))
    assert (call.answered_at, call.date_updated) == (after(2), after(9.5))
    assert (call.duration_s, call.ring_duration_s, call.sip_status) == (7.5, 2.0, 200)


def test_a_call_that_is_not_answered_starts_when_it_came(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id, after(0)),
        finished(account.sid, call_id, after(30), status=CallStatus.NO_ANSWER, ring_duration_s=30.0),
    )
    (call,) = all_calls(database, account.sid)
    assert (call.start_time, call.answered_at, call.status) == (after(0), None, CallStatus.NO_ANSWER)


@pytest.mark.parametrize(
    "ended",
    [
        None,
        HowEnded(cause=EndCause.FAR_END),
        HowEnded(cause=EndCause.BROKEN, is_for_silence=True),
        HowEnded(
            cause=EndCause.HERE,
            by=EndedBy.APPLICATION,
            sip_status=500,
            failing=Failing.INVALID,
            asked=Asked.REDIRECT,
            code=16801,
        ),
    ],
)
def test_how_a_call_ended_is_kept(database: Database, account: AccountRow, ended: HowEnded | None) -> None:
    last = finished(account.sid, call_id := new_id(), after(3), ended=ended)
    record(database, started(account.sid, call_id), decode(encode(last)))
    (call,) = all_calls(database, account.sid)
    assert call.ended == ended


def test_a_final_status_stays(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id),
        finished(account.sid, call_id, after(1), status=CallStatus.BUSY, reason="486 Busy Here"),
        progressed(account.sid, call_id, after(2), CallStatus.IN_PROGRESS, told("in-progress")),
        finished(account.sid, call_id, after(3), callbacks=(told("completed"),)),
    )
    (call,) = all_calls(database, account.sid)
    assert (call.status, call.reason, call.end_time) == (CallStatus.BUSY, "486 Busy Here", after(1))
    assert Outbox(database).claim(10, 60) == ()


def test_the_second_answer_moves_nothing(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id),
        progressed(account.sid, call_id, after(1), CallStatus.IN_PROGRESS),
        progressed(account.sid, call_id, after(5), CallStatus.IN_PROGRESS),
    )
    (call,) = all_calls(database, account.sid)
    assert (call.answered_at, call.start_time) == (after(1), after(1))


def test_a_gather_is_no_record_before_its_end(database: Database, account: AccountRow) -> None:
    gather_id = new_id()
    record(database, gather_started(account.sid, "c" * 32, gather_id))
    assert all_gathers(database, account.sid) == ()
    assert Gathers(database).get(account.sid, GatherKind.SPEECH, gather_id) is None

    record(database, gather_finished(account.sid, "c" * 32, gather_id, after(4)))
    (row,) = all_gathers(database, account.sid)
    assert (row.gather_id, row.status, row.reason) == (gather_id, GatherStatus.COMPLETED, "")
    assert (row.date_created, row.duration_s, row.ended_by) == (after(4), 3.0, GatherEnd.SPEECH)
    assert (row.speech, row.confidence, row.hints) == ("hello", 0.9, ("hello", "world"))
    assert Gathers(database).get(account.sid, GatherKind.SPEECH, gather_id) == row
    assert Gathers(database).get(account.sid, GatherKind.DTMF, gather_id) is None


def test_a_gather_ends_once(database: Database, account: AccountRow) -> None:
    gather_id = new_id()
    record(
        database,
        gather_started(account.sid, "c" * 32, gather_id),
        gather_finished(account.sid, "c" * 32, gather_id, after(1)),
        gather_finished(account.sid, "c" * 32, gather_id, after(2), gathered=Gathered(end=GatherEnd.HANG_UP)),
        *gather(account.sid, "c" * 32, after(3)),
    )
    page = Gathers(database).page(account.sid, GatherFilter(kind=GatherKind.SPEECH), offset=0, limit=10)
    assert page.total == 2
    assert [row.date_created for row in page.rows] == [after(3), after(1)]


def test_keys_alone_stand_in_a_list_of_their_own(database: Database, account: AccountRow) -> None:
    pressed = Gathered(end=GatherEnd.KEYS, keys="42")
    record(
        database,
        *gather(account.sid, "c" * 32, is_speech=False, provider="", gathered=pressed, max_keys=2),
        *gather(account.sid, "c" * 32),
    )
    (keys,) = all_gathers(database, account.sid, GatherKind.DTMF)
    (speech,) = all_gathers(database, account.sid)
    assert (keys.keys, keys.max_keys, keys.finish_keys, speech.keys) == ("42", 2, "#", "")


def test_rows_of_one_instant_get_dates_that_grow(database: Database, account: AccountRow) -> None:
    calls = [new_id() for _ in range(5)]
    record(database, *(started(account.sid, call_id) for call_id in calls))
    rows = all_calls(database, account.sid)
    assert [row.call_id for row in rows] == calls[::-1]
    assert [row.date_created for row in rows[::-1]] == [after(n / 1000) for n in range(5)]


def test_no_call_ends_before_it_began(database: Database, account: AccountRow) -> None:
    calls = [new_id() for _ in range(5)]
    record(database, *(started(account.sid, call_id) for call_id in calls))
    for call_id in calls:
        record(
            database,
            progressed(account.sid, call_id, after(0.001), CallStatus.IN_PROGRESS),
            finished(account.sid, call_id, after(0.002)),
        )
    for row in all_calls(database, account.sid):
        assert row.end_time is not None
        assert row.date_created <= row.start_time <= row.end_time


def test_a_clock_that_goes_back_does_not_turn_the_order(database: Database, account: AccountRow) -> None:
    first, second = new_id(), new_id()
    record(database, started(account.sid, first, after(60)), started(account.sid, second, after(0)))
    assert [row.call_id for row in all_calls(database, account.sid)] == [second, first]
    assert all_calls(database, account.sid)[0].date_created == after(60.001)


def test_recorders_that_write_together_leave_no_gap(database: Database) -> None:
    accounts = [keep_account(database) for _ in range(2)]
    recorders = [Recorder(database, worker_id=f"w{n}", instance_id=INSTANCE) for n in range(3)]
    for number in range(120):
        sid = accounts[number % 2].sid
        recorder = recorders[number % 3]
        call_id = new_id()
        for fact in (
            started(sid, call_id),
            *gather(sid, call_id),
            *gather(sid, call_id, is_speech=False),
            notified(sid, call_id),
        ):
            recorder.emit(fact)
    assert all(recorder.close() for recorder in recorders)
    for account in accounts:
        for rows in (
            all_calls(database, account.sid),
            all_gathers(database, account.sid),
            all_gathers(database, account.sid, GatherKind.DTMF),
            all_notifications(database, account.sid),
        ):
            assert len(rows) == 60
            dates = [row.date_created for row in rows]
            assert dates == sorted(set(dates), reverse=True)


async def test_settle_returns_when_the_fact_can_be_read(
    database: Database, account: AccountRow, recorder: ports.Recorder
) -> None:
    call_id = new_id()
    recorder.emit(started(account.sid, call_id))
    await asyncio.wait_for(recorder.settle(finished(account.sid, call_id, after(1))), 10)
    call = Calls(database).get(account.sid, call_id)
    assert call is not None
    assert call.status is CallStatus.COMPLETED


async def test_settle_returns_for_a_fact_that_cannot_be_written(
    database: Database, recorder: ports.Recorder
) -> None:
    with structlog.testing.capture_logs() as logs:
        unwritable = started("AC" + "0" * 32, new_id(), from_="+15550777")
        await asyncio.wait_for(recorder.settle(unwritable), 10)
    (entry,) = logs
    assert (entry["event"], entry["fact"]) == ("fact.unwritable", "CallStarted")
    assert "+15550777" not in entry["error"]


def test_a_fact_that_cannot_be_written_spares_the_others(database: Database, account: AccountRow) -> None:
    twice, alone = new_id(), new_id()
    with structlog.testing.capture_logs() as logs:
        record(
            database,
            started(account.sid, twice),
            started("AC" + "0" * 32, new_id()),
            started("AC" + "1" * 32, new_id()),
            notified(account.sid, twice),
            started(account.sid, alone, after(2)),
        )
    assert [entry["event"] for entry in logs] == ["fact.unwritable", "fact.unwritable"]
    assert [call.call_id for call in all_calls(database, account.sid)] == [alone, twice]
    assert len(all_notifications(database, account.sid)) == 1


def test_text_that_no_database_keeps_is_kept_with_a_mark(database: Database, account: AccountRow) -> None:
    record(database, started(account.sid, new_id(), from_="a\x00b\ud800c", to="x" * 5000))
    (call,) = all_calls(database, account.sid)
    assert (call.from_, len(call.to)) == ("a\ufffdb\ufffdc", 512)


def test_callbacks_are_poked_after_they_can_be_claimed(database: Database, account: AccountRow) -> None:
    seen: list[Any] = []
    poked = threading.Event()

    def poke() -> None:
        seen.append(Outbox(database).claim(10, 60))
        poked.set()

    recorder = Recorder(database, worker_id="w", instance_id=INSTANCE, poke=poke)
    recorder.emit(started(account.sid, new_id()))
    recorder.emit(started(account.sid, new_id(), callbacks=(told("ringing"),)))
    assert poked.wait(10)
    recorder.emit(started(account.sid, new_id()))
    recorder.close()
    ((item,),) = seen
    assert item.request == told("ringing")


def test_what_is_told_should_the_call_be_lost_stays_with_it(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id, if_lost=told("failed")),
        progressed(account.sid, call_id, after(1), CallStatus.IN_PROGRESS),
    )
    (call,) = all_calls(database, account.sid)
    assert call.if_lost == told("failed")


def test_nothing_is_dropped_while_the_database_cannot_be_written(empty_url: str) -> None:
    has_failed = threading.Event()

    def watch(_logger: Any, _name: str, entry: Any) -> Any:
        if entry["event"] == "records.away":
            has_failed.set()
        raise structlog.DropEvent

    database = Database(empty_url)
    before = structlog.get_config()
    structlog.configure(processors=[watch])
    try:
        recorder = Recorder(database, worker_id="w", instance_id=INSTANCE)
        account_sid, calls = "AC" + "1" * 32, [new_id() for _ in range(200)]
        for number, call_id in enumerate(calls):
            recorder.emit(notified(account_sid, call_id, after(number)))
        assert has_failed.wait(10)
        migrate.upgrade(empty_url)
        assert recorder.close()
    finally:
        structlog.configure(**before)
    rows = all_notifications(database, account_sid)
    assert [row.call_id for row in rows] == calls[::-1]
    database.close()


def test_closing_does_not_wait_for_ever(empty_url: str) -> None:
    database = Database(empty_url)
    recorder = Recorder(database, worker_id="w", instance_id=INSTANCE)
    recorder.emit(notified("AC" + "1" * 32, new_id()))
    assert not recorder.close(timeout_s=0.05)
    assert recorder.close(timeout_s=10)
    database.close()


async def test_a_closed_recorder_takes_nothing_and_says_so(database: Database, account: AccountRow) -> None:
    recorder = Recorder(database, worker_id="w", instance_id=INSTANCE)
    recorder.close()
    with structlog.testing.capture_logs() as logs:
        await recorder.settle(started(account.sid, new_id()))
    assert [entry["event"] for entry in logs] == ["fact.lost"]
    assert all_calls(database, account.sid) == ()


def test_a_notification_keeps_what_was_said_within_limits(database: Database, account: AccountRow) -> None:
    request = Request(Target("http://app.example/voice", Method.GET), (("To", "+1 555"), ("Digits", "1&2")))
    reply = Reply(
        url="http://app.example/voice",
        status=500,
        headers=(("Content-Type", "text/html"), ("X-A", "b")),
        body=b"\xff\x00" + "ü".encode() * 9000,
    )
    record(database, notified(account.sid, "c" * 32, exchange=Exchange(request, reply)))
    record(database, notified(account.sid, "c" * 32, is_error=False, exchange=Exchange(request)))
    warning, error = all_notifications(database, account.sid)
    assert (error.request_url, error.request_method) == ("http://app.example/voice", "GET")
    assert error.request_variables == "To=%2B1+555&Digits=1%262"
    assert error.response_headers == "Content-Type: text/html\nX-A: b"
    assert (error.response_body[:3], len(error.response_body)) == ("\ufffd\ufffdü", 4096)
    assert (error.is_error, warning.is_error, warning.response_body) == (True, False, "")
