from datetime import UTC, datetime

import pytest

from offhook.call.info import CallStatus, new_id
from offhook.call.listing import GatherFilter
from offhook.call.rows import AccountRow, CallRow, GatherKind, GatherStatus
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.gathers import Gathers
from offhook.records.lost import LostCalls
from offhook.records.outbox import Outbox
from offhook.records.workers import Workers
from offhook.verbs import GatherEnd, Request
from tests.records.story import (
    after,
    arrived,
    finished,
    gather_finished,
    gather_started,
    progressed,
    record,
    started,
    told,
)


def register(
    database: Database, worker_id: str, *, index: int = 0, sip_address: str = "10.0.0.1:5061"
) -> None:
    Workers(database).register(
        worker_id,
        worker_index=index,
        address="http://127.0.0.1:9000",
        sip_address=sip_address,
        call_slots=4,
        free_slots=4,
        build="wheel",
    )


def final_callback(call: CallRow) -> Request | None:
    """What was kept for this case, with the new status."""
    if call.if_lost is None:
        return None
    return Request(call.if_lost.target, (("CallStatus", call.status),))


@pytest.fixture
def poked() -> list[bool]:
    return []


@pytest.fixture
def lost(database: Database, poked: list[bool]) -> LostCalls:
    return LostCalls(database, final_callback=final_callback, poke=lambda: poked.append(True))


def call_of(database: Database, account: AccountRow, call_id: str) -> CallRow:
    call = Calls(database).get(account.sid, call_id)
    assert call is not None
    return call


def test_calls_of_a_worker_before_reach_an_end(
    database: Database, account: AccountRow, lost: LostCalls, poked: list[bool]
) -> None:
    register(database, "old")
    ringing, talking, over, gather_id = new_id(), new_id(), new_id(), new_id()
    record(
        database,
        started(account.sid, ringing),
        started(account.sid, talking, callbacks=(told("ringing"),), if_lost=told("ringing")),
        progressed(account.sid, talking, after(2), CallStatus.IN_PROGRESS),
        gather_started(account.sid, talking, gather_id, after(3)),
        started(account.sid, over),
        finished(account.sid, over, after(1)),
        worker_id="old",
    )
    register(database, "new")

    assert lost.close_predecessors(worker_index=0, except_worker_id="new") == 2

    for call_id in (ringing, talking):
        call = call_of(database, account, call_id)
        assert call.status is CallStatus.FAILED
        assert call.reason == "worker_lost: worker old is gone"
        assert call.end_time is not None
    talked = call_of(database, account, talking)
    assert talked.end_time is not None
    assert talked.duration_s == (talked.end_time - after(2)).total_seconds()
    assert call_of(database, account, ringing).duration_s == 0
    assert call_of(database, account, over).status is CallStatus.COMPLETED
    gather = Gathers(database).get(account.sid, GatherKind.SPEECH, gather_id)
    assert gather is not None
    assert (gather.status, gather.reason) == (GatherStatus.FAILED, "process_lost")
    assert gather.ended_by is GatherEnd.PROCESS_LOST
    assert poked == [True]


def test_the_customer_is_told_of_the_end_after_all_else(
    database: Database, account: AccountRow, lost: LostCalls
) -> None:
    register(database, "old")
    ringing = started(
        account.sid, new_id(), datetime.now(UTC), callbacks=(told("ringing"),), if_lost=told("ringing")
    )
    record(database, ringing, worker_id="old")
    lost.close_predecessors(worker_index=0, except_worker_id="new")
    outbox = Outbox(database)
    (first,) = outbox.claim(10, 60)
    outbox.report(arrived(first))
    (last,) = outbox.claim(10, 60)
    assert (first.request, last.seq) == (told("ringing"), 2)
    assert last.request == Request(told("ringing").target, (("CallStatus", "failed"),))


def test_closing_again_finds_nothing(
    database: Database, account: AccountRow, lost: LostCalls, poked: list[bool]
) -> None:
    register(database, "old")
    record(
        database,
        started(account.sid, new_id(), callbacks=(told("ringing"),), if_lost=told("ringing")),
        worker_id="old",
    )
    assert lost.close_predecessors(worker_index=0, except_worker_id="new") == 1
    assert lost.close_predecessors(worker_index=0, except_worker_id="new") == 0
    assert poked == [True]


def test_other_workers_keep_their_calls(database: Database, account: AccountRow, lost: LostCalls) -> None:
    register(database, "neighbour", index=1)
    register(database, "elsewhere", sip_address="10.0.0.2:5061")
    register(database, "new")
    calls = {}
    for worker_id in ("neighbour", "elsewhere", "new"):
        calls[worker_id] = new_id()
        record(database, started(account.sid, calls[worker_id]), worker_id=worker_id)
    closed = lost.close_predecessors(worker_index=0, except_worker_id="new", sip_address="10.0.0.1:5061")
    assert closed == 0
    assert lost.close_expired(lease_s=60) == 0
    assert {call_of(database, account, call_id).status for call_id in calls.values()} == {CallStatus.RINGING}


def test_a_worker_whose_lease_ran_out_loses_its_calls_and_learns_it(
    database: Database, account: AccountRow, lost: LostCalls
) -> None:
    register(database, "silent")
    call_id, gather_id = new_id(), new_id()
    record(
        database,
        started(account.sid, call_id),
        gather_started(account.sid, call_id, gather_id),
        worker_id="silent",
    )
    assert lost.close_expired(lease_s=-1) == 1
    assert not Workers(database).renew("silent", free_slots=4)
    assert Workers(database).alive(3600) == ()

    record(
        database,
        gather_finished(account.sid, call_id, gather_id),
        finished(account.sid, call_id, after(5), callbacks=(told("completed"),)),
        worker_id="silent",
    )
    assert call_of(database, account, call_id).status is CallStatus.FAILED
    page = Gathers(database).page(account.sid, GatherFilter(kind=GatherKind.SPEECH), offset=0, limit=10)
    assert [row.reason for row in page.rows] == ["process_lost"]
    assert Outbox(database).claim(10, 60) == ()
