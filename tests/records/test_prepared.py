"""Statements that skip most of SQLAlchemy's way still fail as all others do, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from offhook.call.errors import RecordsAway
from offhook.call.info import new_id
from offhook.records.database import Database
from offhook.records.inserting import insert_once
from offhook.records.tables import call_timelines

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _chunk(**changes: object) -> dict[str, object]:
    row = {
        "call_id": new_id(),
        "chunk": 0,
        "account_sid": "AC" + 32 * "0",
        "at": AT,
        "events": [[0, "began", {}]],
    }
    return row | changes


def test_a_second_time_changes_nothing(database: Database) -> None:
    row = _chunk()
    with database.writing() as connection:
        assert insert_once(connection, call_timelines, row)
        assert not insert_once(connection, call_timelines, row | {"events": []})
        [kept] = connection.execute(call_timelines.select().where(call_timelines.c.call_id == row["call_id"]))
    assert (kept.at, kept.events) == (AT, [[0, "began", {}]])


def test_a_row_that_is_wrong_is_the_statements_fault(database: Database) -> None:
    with pytest.raises(IntegrityError), database.writing() as connection:
        insert_once(connection, call_timelines, _chunk(at=None))


def test_a_table_that_is_gone_is_the_databases(database: Database) -> None:
    with pytest.raises(RecordsAway, match="call_timelines"), database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE call_timelines")
        insert_once(connection, call_timelines, _chunk())


def test_what_a_statement_says_is_not_shown_in_its_error(database: Database) -> None:
    with pytest.raises(IntegrityError) as caught, database.writing() as connection:
        insert_once(connection, call_timelines, _chunk(at=None, events=["a secret"]))
    assert "a secret" not in str(caught.value).partition("DETAIL")[0]
