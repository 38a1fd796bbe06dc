"""What becomes of the rows of conferences whose worker dies."""

from dataclasses import replace

from offhook.call.listing import ConferenceFilter
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.rows import AccountRow
from offhook.call.voice_rows import ConferenceStatus
from offhook.records.conferences import Conferences
from offhook.records.database import Database
from offhook.records.lost import LostCalls
from offhook.records.workers import Workers
from tests.records.story import NOON, after, record
from tests.records.test_workers import register

LOST, OVER, LIVES = "1" * 32, "2" * 32, "3" * 32
CALL = "a" * 32


def changed(account: AccountRow, conference_id: str, status: ConferenceStatus) -> ConferenceChanged:
    return ConferenceChanged(
        conference_id=conference_id,
        account_sid=account.sid,
        at=NOON,
        friendly_name=conference_id[0],
        status=status,
    )


def came(account: AccountRow, conference_id: str) -> ParticipantChanged:
    return ParticipantChanged(
        conference_id=conference_id,
        call_id=CALL,
        account_sid=account.sid,
        at=NOON,
        is_muted=False,
        is_on_hold=False,
        starts_conference=True,
        ends_conference=False,
    )


def test_the_conferences_of_a_lost_worker_fail_and_nobody_is_in_them(
    database: Database, account: AccountRow
) -> None:
    workers, conferences = Workers(database), Conferences(database)
    register(workers, "dead", index=0)
    register(workers, "alive", index=1)
    present, completed = ConferenceStatus.MODERATOR_PRESENT, ConferenceStatus.COMPLETED
    record(database, changed(account, LOST, present), came(account, LOST), worker_id="dead")
    record(database, changed(account, OVER, completed), worker_id="dead")
    record(database, changed(account, LIVES, present), came(account, LIVES), worker_id="alive")
    LostCalls(database, final_callback=lambda _call: None).close_predecessors(
        worker_index=0, except_worker_id="next"
    )
    statuses = {
        row.conference_id: row.status
        for row in conferences.page(account.sid, ConferenceFilter(), offset=0, limit=9).rows
    }
    assert statuses == {LOST: ConferenceStatus.FAILED, OVER: completed, LIVES: present}
    assert conferences.participants(account.sid, LOST, offset=0, limit=9).total == 0
    assert conferences.participants(account.sid, LIVES, offset=0, limit=9).total == 1
    was_inside = conferences.participant(account.sid, LOST, CALL)
    assert was_inside is not None
    assert was_inside.left_at is not None


def test_a_worker_that_was_only_silent_brings_nobody_back(database: Database, account: AccountRow) -> None:
    workers, conferences, other = Workers(database), Conferences(database), "b" * 32
    register(workers, "silent", index=0)
    inside = came(account, LOST)
    record(database, changed(account, LOST, ConferenceStatus.MODERATOR_PRESENT), inside, worker_id="silent")
    LostCalls(database, final_callback=lambda _call: None).close_predecessors(
        worker_index=0, except_worker_id="next"
    )
    record(database, inside, replace(inside, call_id=other), worker_id="silent")
    assert conferences.participants(account.sid, LOST, offset=0, limit=9).total == 0
    record(database, replace(inside, has_left=True), worker_id="silent")
    left = conferences.participant(account.sid, LOST, CALL)
    assert left is not None
    assert left.left_at == NOON


def test_what_is_over_stays_as_it_is(database: Database, account: AccountRow) -> None:
    record(database, changed(account, OVER, ConferenceStatus.COMPLETED))
    record(database, changed(account, OVER, ConferenceStatus.MODERATOR_PRESENT))
    row = Conferences(database).get(account.sid, OVER)
    assert row is not None
    assert row.status is ConferenceStatus.COMPLETED


def test_who_comes_again_is_inside_again(database: Database, account: AccountRow) -> None:
    conferences, first = Conferences(database), came(account, LIVES)
    left = ParticipantChanged(
        **{name: getattr(first, name) for name in first.__slots__ if name not in ("at", "has_left")},
        at=after(1),
        has_left=True,
    )
    record(database, changed(account, LIVES, ConferenceStatus.MODERATOR_PRESENT), first, left)
    assert conferences.participants(account.sid, LIVES, offset=0, limit=9).total == 0
    record(database, first)
    assert conferences.participants(account.sid, LIVES, offset=0, limit=9).total == 1
