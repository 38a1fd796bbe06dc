"""What metrics count in rows."""

from datetime import UTC, datetime, timedelta

from offhook.call.info import CallStatus, new_id
from offhook.call.rows import AccountRow
from offhook.records.database import Database
from offhook.records.outbox import Outbox
from offhook.records.tallies import Tallies
from tests.records import story


def test_running_calls_are_counted_by_their_state(database: Database, account: AccountRow) -> None:
    tallies = Tallies(database)
    assert tallies.running_calls() == {"queued": 0, "ringing": 0, "in-progress": 0}
    ringing, talking, over = new_id(), new_id(), new_id()
    story.record(
        database,
        story.started(account.sid, ringing),
        story.started(account.sid, talking),
        story.progressed(account.sid, talking, story.after(1), CallStatus.IN_PROGRESS),
        story.started(account.sid, over),
        story.finished(account.sid, over, story.after(2)),
    )
    assert tallies.running_calls() == {"queued": 0, "ringing": 1, "in-progress": 1}


def test_callbacks_are_counted_until_they_arrived(database: Database, account: AccountRow) -> None:
    tallies, outbox, call_id = Tallies(database), Outbox(database), new_id()
    assert tallies.outbox_oldest_s() == 0.0
    made = datetime.now(UTC) - timedelta(seconds=90)
    first, second = (story.told(name) for name in ("ringing", "in-progress"))
    story.record(database, story.started(account.sid, call_id, made, callbacks=(first, second)))
    assert sum(tallies.outbox_depth().values()) == 2
    assert 89 < tallies.outbox_oldest_s() < 89 + 60
    while items := outbox.claim(10, 60):
        outbox.report(*(story.arrived(item) for item in items))
    assert set(tallies.outbox_depth().values()) == {0}
    assert tallies.outbox_oldest_s() == 0.0
