"""What contradicts itself in the records is found, and set right where it can be."""

from sqlalchemy import delete, select, update

from offhook.call.info import CallStatus, new_id
from offhook.call.rows import AccountRow, CallRow, GatherStatus, RoomKind
from offhook.records.calls import Calls
from offhook.records.contradictions import Contradiction, Kind
from offhook.records.database import Database
from offhook.records.outbox import Outbox
from offhook.records.reconciling import Reconciling
from offhook.records.rooms import Rooms
from offhook.records.tables import calls, gathers, outbox, workers
from offhook.verbs import Request
from tests.records.story import after, finished, gather_started, record, started, told
from tests.records.test_lost_calls import register

LEASE_S = 10.0


def final_callback(call: CallRow) -> Request | None:
    return call.if_lost


def reconciling(database: Database) -> Reconciling:
    return Reconciling(database, lease_s=LEASE_S, final_callback=final_callback)


def found(database: Database, account_sid: str | None = None) -> tuple[Contradiction, ...]:
    return reconciling(database).find(ended_since=after(-60), account_sid=account_sid)


def kinds(database: Database) -> list[Kind]:
    return [one.kind for one in found(database)]


def silence(database: Database, worker_id: str) -> None:
    """The worker was last heard of long ago."""
    with database.writing() as connection:
        connection.execute(
            update(workers).where(workers.c.worker_id == worker_id).values(renewed_at=after(0))
        )


def test_nothing_is_wrong_with_calls_that_run_and_calls_that_are_over(
    database: Database, account: AccountRow
) -> None:
    register(database, "worker-1")
    running, over = new_id(), new_id()
    record(
        database,
        started(account.sid, running, if_lost=told("failed")),
        gather_started(account.sid, running, new_id()),
        started(account.sid, over, if_lost=told("failed")),
        finished(account.sid, over, after(5), callbacks=(told("completed"),)),
    )
    Rooms(database, lease_s=LEASE_S).claim(account.sid, RoomKind.CONFERENCE, "standup", "worker-1")
    Outbox(database).claim(10, 60)
    assert found(database) == ()


def test_a_call_of_a_silent_worker_is_ended_as_the_reaper_does_it(
    database: Database, account: AccountRow
) -> None:
    register(database, "worker-1")
    call_id, gather_id = new_id(), new_id()
    record(
        database,
        started(account.sid, call_id, if_lost=told("failed")),
        gather_started(account.sid, call_id, gather_id),
    )
    silence(database, "worker-1")
    [lost] = found(database)
    assert (lost.kind, lost.call_id) == (Kind.CALL_WITHOUT_END, call_id)
    assert "worker-1 was last heard of at 2026-03-09 12:00:00 UTC" in lost.words
    reconciling(database).cure([lost])
    assert found(database) == ()
    call = Calls(database).get(account.sid, call_id)
    assert call is not None
    assert call.status is CallStatus.FAILED
    assert call.reason.startswith("worker_lost")
    [callback] = Outbox(database).claim(10, 60)
    assert callback.request == told("failed")


def test_a_worker_that_is_known_to_live_keeps_its_calls(database: Database, account: AccountRow) -> None:
    register(database, "worker-1")
    record(database, started(account.sid, new_id()))
    silence(database, "worker-1")
    reconciling(database).cure(found(database), living=["worker-1"])
    assert kinds(database) == [Kind.CALL_WITHOUT_END]


def test_a_call_whose_worker_nobody_knows_is_ended_too(database: Database, account: AccountRow) -> None:
    call_id = new_id()
    record(database, started(account.sid, call_id), worker_id="never-seen")
    [lost] = found(database)
    assert lost.words.endswith("its worker never-seen is unknown")
    reconciling(database).cure([lost])
    assert found(database) == ()


def test_a_last_callback_that_was_never_made_is_made_where_it_is_known(
    database: Database, account: AccountRow
) -> None:
    failed, completed, untold = new_id(), new_id(), new_id()
    for call_id, status in ((failed, CallStatus.FAILED), (completed, CallStatus.COMPLETED)):
        record(
            database,
            started(account.sid, call_id, if_lost=told("failed"), callbacks=(told("ringing"),)),
            finished(account.sid, call_id, after(5), status=status),
        )
    record(database, started(account.sid, untold, callbacks=()), finished(account.sid, untold, after(5)))
    missing = {one.id: one.is_curable for one in found(database)}
    assert missing == {failed: True, completed: False}
    reconciling(database).cure(found(database))
    assert [one.id for one in found(database)] == [completed]
    with database.reading() as connection:
        urls = connection.execute(select(outbox.c.url).where(outbox.c.call_id == failed)).scalars().all()
    assert sorted(urls) == ["http://app.example/failed", "http://app.example/ringing"]


def test_callbacks_of_calls_that_ended_long_ago_are_not_missed(
    database: Database, account: AccountRow
) -> None:
    call_id = new_id()
    record(
        database,
        started(account.sid, call_id, if_lost=told("failed")),
        finished(account.sid, call_id, after(5)),
    )
    assert reconciling(database).find(ended_since=after(6)) == ()
    assert len(reconciling(database).find(ended_since=after(5))) == 1


def test_a_gather_of_an_ended_call_is_ended(database: Database, account: AccountRow) -> None:
    call_id, gather_id = new_id(), new_id()
    record(
        database,
        started(account.sid, call_id),
        gather_started(account.sid, call_id, gather_id),
        finished(account.sid, call_id, after(5)),
    )
    [open_gather] = found(database)
    assert (open_gather.kind, open_gather.id) == (Kind.GATHER_WITHOUT_END, gather_id)
    reconciling(database).cure([open_gather])
    with database.reading() as connection:
        row = connection.execute(select(gathers).where(gathers.c.gather_id == gather_id)).one()
    assert (row.status, row.reason, row.date_created) == (GatherStatus.FAILED, "process_lost", after(5))
    assert found(database) == ()


def test_a_callback_that_no_dispatcher_reports_on_is_due_again(
    database: Database, account: AccountRow
) -> None:
    call_id = new_id()
    register(database, "worker-1")
    record(database, started(account.sid, call_id, callbacks=(told("ringing"),)))
    outbox_of = Outbox(database)
    [item] = outbox_of.claim(10, 60)
    assert found(database) == ()
    with database.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.id == item.id).values(lease_until=after(0)))
    [stuck] = found(database)
    assert (stuck.kind, stuck.id) == (Kind.CALLBACK_STUCK, item.id)
    reconciling(database).cure([stuck])
    assert [again.id for again in outbox_of.claim(10, 60)] == [item.id]


def test_a_room_of_a_worker_that_is_gone_is_closed(database: Database, account: AccountRow) -> None:
    register(database, "worker-1")
    rooms = Rooms(database, lease_s=LEASE_S)
    rooms.claim(account.sid, RoomKind.CONFERENCE, "standup", "worker-1")
    with database.writing() as connection:
        connection.execute(delete(workers))
    [room] = found(database)
    assert room.kind is Kind.ROOM_WITHOUT_OWNER
    assert "'standup'" in room.words
    reconciling(database).cure([room])
    assert found(database) == ()


def test_one_account_sees_its_own_alone(database: Database, account: AccountRow) -> None:
    record(database, started(account.sid, new_id()))
    assert len(found(database, account.sid)) == 1
    assert found(database, "AC" + 32 * "0") == ()
    with database.writing() as connection:
        assert connection.execute(select(calls.c.call_id)).one()
