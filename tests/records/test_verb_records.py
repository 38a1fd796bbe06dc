"""Records of verbs: written once, read by account, kind, call and date, and forgotten with the other rows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from offhook.call.facts import VerbRan
from offhook.call.info import new_id
from offhook.call.listing import VerbFilter
from offhook.call.rows import AccountRow
from offhook.call.voice_rows import VerbKind
from offhook.processes.retention import Retention
from offhook.records import forgetting
from offhook.records.database import Database
from offhook.records.fact_codec import decode, encode
from offhook.records.forgetting import forget_verbs
from offhook.records.keeping import Kind
from offhook.records.verb_records import VerbRecords
from tests.records import story
from tests.records.story import after, record


def ran(
    account: AccountRow, kind: VerbKind = VerbKind.SAY, *, seconds: float = 0, call_id: str = ""
) -> VerbRan:
    return VerbRan(
        record_id=new_id(),
        call_id=call_id or new_id(),
        account_sid=account.sid,
        at=after(seconds),
        kind=kind,
        status="completed",
        duration_s=1.25,
        details=(("provider", "espeak"), ("loop", 2), ("voice", None)),
    )


def ids(database: Database, account: AccountRow, **wanted: object) -> list[str]:
    asked = VerbFilter(**{"kind": VerbKind.SAY, **wanted})  # type: ignore[arg-type]
    page = VerbRecords(database).page(account.sid, asked, offset=0, limit=50)
    assert page.total == len(page.rows)
    return [row.record_id for row in page.rows]


def test_a_record_is_read_as_it_was_told(database: Database, account: AccountRow) -> None:
    fact = ran(account)
    record(database, fact, fact)
    row = VerbRecords(database).get(account.sid, VerbKind.SAY, fact.record_id)
    assert row is not None
    assert (row.status, row.duration_s, row.call_id) == ("completed", 1.25, fact.call_id)
    assert dict(row.details) == {"provider": "espeak", "loop": 2, "voice": None}
    assert ids(database, account) == [fact.record_id]


def test_a_record_survives_the_journal(account: AccountRow) -> None:
    fact = ran(account, VerbKind.REFER)
    assert decode(encode(fact)) == fact


def test_each_kind_and_account_has_its_own(database: Database, account: AccountRow) -> None:
    say, play = ran(account), ran(account, VerbKind.PLAY)
    other = story.account(database)
    record(database, say, play, ran(other))
    assert ids(database, account) == [say.record_id]
    assert ids(database, account, kind=VerbKind.PLAY) == [play.record_id]
    records = VerbRecords(database)
    assert records.get(account.sid, VerbKind.PLAY, say.record_id) is None
    assert records.get(other.sid, VerbKind.SAY, say.record_id) is None


def test_a_list_is_narrowed_and_read_a_page_at_a_time(database: Database, account: AccountRow) -> None:
    facts = [ran(account, seconds=minute * 60, call_id=f"{minute % 2:032x}") for minute in range(6)]
    record(database, *facts)
    newest_first = [fact.record_id for fact in reversed(facts)]
    assert ids(database, account) == newest_first
    assert ids(database, account, created_from=after(180)) == newest_first[:3]
    assert ids(database, account, call_id=f"{1:032x}") == newest_first[::2]
    page = VerbRecords(database).page(account.sid, VerbFilter(kind=VerbKind.SAY), offset=4, limit=4)
    assert (page.total, [row.record_id for row in page.rows]) == (6, newest_first[4:])


def test_the_old_are_forgotten_a_few_at_a_time(
    database: Database, account: AccountRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH_ROWS", 3)
    other = story.account(database)
    record(database, *(ran(account, seconds=minute * 60) for minute in range(6)), ran(other))
    assert [forget_verbs(database, account.sid, after(240)) for _ in range(3)] == [3, 1, 0]
    assert len(ids(database, account)) == 2
    assert len(ids(database, other)) == 1


async def test_the_hourly_round_forgets_them_with_the_rows(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    facts = [replace(ran(account), at=now - timedelta(days=days)) for days in (9, 8, 2)]
    record(database, *facts)
    standard = {**dict.fromkeys(Kind, 0), Kind.ROWS: 7}
    done = await Retention(database, standard=standard, recordings=tmp_path).round()
    assert done["rows"] == 2
    assert ids(database, account) == [facts[2].record_id]
