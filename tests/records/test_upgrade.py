"""An installation of the version before, with rows in all its tables, comes to this version and back unharmed."""

from typing import Any

import pytest
from sqlalchemy import MetaData, insert, inspect, select, text

from offhook.call.info import CallStatus
from offhook.call.listing import CallFilter, GatherFilter, NotificationFilter, NumberFilter
from offhook.call.rows import GatherKind
from offhook.records import migrate
from offhook.records.accounts import Accounts
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.gathers import Gathers
from offhook.records.notifications import Notifications
from offhook.records.numbers import Numbers
from offhook.records.outbox import Outbox
from offhook.records.workers import Workers
from tests.records.story import after, finished, record, started

BEFORE = "0002"
ACCOUNT, CHILD = f"AC{'a' * 32}", f"AC{'b' * 32}"
DONE, RUNNING = "c" * 32, "d" * 32
AT = 1_772_000_000_000
DATES = {"date_created": AT, "date_updated": AT}


def account(sid: str, parent: str | None) -> dict[str, Any]:
    return {
        "sid": sid,
        "auth_id": f"MA{sid[2:20].upper()}",
        "friendly_name": "Grüße 😀",
        "email_address": None if parent else "ops@example.com",
        "type": "Full",
        "status": "active",
        "role": "Administrator",
        "auth_token": "0123456789abcdef0123456789abcdef",
        "organization_sid": f"OR{'e' * 32}",
        "parent_sid": parent,
        **DATES,
    }


def call(call_id: str, seq: int, status: str, **fields: Any) -> dict[str, Any]:
    return {
        "call_id": call_id,
        "account_sid": ACCOUNT,
        "seq": seq,
        "instance_id": "f" * 32,
        "worker_id": "worker-1",
        "direction": "inbound",
        "from_": "+4930123456",
        "to": "sip:1000@example.com",
        "status": status,
        "start_time": AT,
        "reason": "",
        **DATES,
        "date_created": AT + seq,
        **fields,
    }


def gather(gather_id: str, kind: str, seq: int | None, **fields: Any) -> dict[str, Any]:
    return {
        "gather_id": gather_id * 32,
        "account_sid": ACCOUNT,
        "seq": seq,
        "call_id": DONE,
        "kind": kind,
        "provider": "embedded",
        "language": "en-US",
        "start_timeout_s": 5.0,
        "key_timeout_s": 2.5,
        "speech_end_timeout_s": 1.0,
        "hints": ["yes", "no"],
        "act_on_empty": False,
        "finish_keys": "#",
        "max_keys": None,
        "status": "completed" if seq else "in-progress",
        "reason": "",
        "ended_by": "speech" if seq else None,
        "duration_s": 1.25,
        "keys": "12",
        "speech": "yes please",
        "confidence": 0.93,
        "started_at": AT,
        "date_created": AT + seq if seq else None,
        **fields,
    }


ROWS: dict[str, list[dict[str, Any]]] = {
    "installation": [{"id": 1, "instance_id": "f" * 32, "created": AT}],
    "accounts": [account(ACCOUNT, None), account(CHILD, ACCOUNT)],
    "incoming_phone_numbers": [
        {
            "sid": f"PN{'1' * 32}",
            "account_sid": ACCOUNT,
            "phone_number": "+4930999",
            "friendly_name": "Hotline",
            "is_sip": False,
            "voice_url": "http://app.example/voice",
            "voice_method": "POST",
            "voice_fallback_method": "POST",
            "status_callback_method": "POST",
            "voice_caller_id_lookup": False,
            "api_version": "2012-04-24",
            **DATES,
        }
    ],
    "calls": [
        call(
            DONE,
            1,
            "completed",
            answered_at=AT,
            end_time=AT + 9000,
            duration_s=9.0,
            ring_duration_s=0.5,
            sip_status=200,
            if_lost_url="http://app.example/status",
            if_lost_method="POST",
            if_lost_parameters=[["CallStatus", "failed"]],
        ),
        call(RUNNING, 2, "in-progress"),
    ],
    "gathers": [
        gather("1", "speech", 1),
        gather("2", "dtmf", 1),
        gather("3", "speech", None, status="running"),
    ],
    "notifications": [
        {
            "notification_id": "4" * 32,
            "account_sid": ACCOUNT,
            "seq": 1,
            "call_id": DONE,
            "code": 11206,
            "message": "The application answered 500",
            "log": 0,
            "request_url": "http://app.example/voice",
            "request_method": "POST",
            "request_variables": "From=%2B4930123456",
            "response_headers": "",
            "response_body": "oops",
            "date_created": AT,
        }
    ],
    "outbox": [
        {
            "id": number * 32,
            "account_sid": ACCOUNT,
            "call_id": DONE,
            "seq": seq,
            "kind": "call-status",
            "url": "http://app.example/status",
            "method": "POST",
            "parameters": [["CallStatus", "completed"]],
            "attempt": 1,
            "next_at": AT,
            "state": state,
            "created": AT,
        }
        for seq, (number, state) in enumerate([("5", "done"), ("6", "pending")], 1)
    ],
    "workers": [
        {
            "worker_id": "worker-1",
            "worker_index": 0,
            "address": "127.0.0.1:1",
            "sip_address": "127.0.0.1:5060",
            "call_slots": 4,
            "free_slots": 3,
            "build": "wheel",
            "started_at": AT,
            "renewed_at": AT,
            "is_draining": False,
        }
    ],
    "rooms": [
        {
            "account_sid": ACCOUNT,
            "kind": "conference",
            "name_key": "7" * 64,
            "name": "daily",
            "room_id": "8" * 32,
            "worker_id": "worker-1",
            "claimed_at": AT,
        }
    ],
    "sequences": [
        {"account_sid": ACCOUNT, "list": name, "last_seq": last, "last_at": AT + last}
        for name, last in (("calls", 2), ("gathers-speech", 1), ("gathers-dtmf", 1), ("notifications", 1))
    ],
}


def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows, as the tables of the moment have them."""
    with database.reading() as connection:
        tables = MetaData()
        tables.reflect(connection)
        return {
            table.name: sorted((dict(row._mapping) for row in connection.execute(select(table))), key=repr)
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }


@pytest.fixture
def old(empty_url: str) -> str:
    """The URL of a database of the version before."""
    migrate.upgrade(empty_url, BEFORE)
    database = Database(empty_url)
    with database.writing() as connection:
        tables = MetaData()
        tables.reflect(connection)
        assert set(ROWS) == set(tables.tables) - {"alembic_version"}
        for table in tables.sorted_tables:
            for row in ROWS.get(table.name, []):
                connection.execute(insert(table), row)
    database.close()
    return empty_url


def test_rows_are_unharmed_there_and_back(old: str) -> None:
    database = Database(old)
    before = everything(database)
    assert all(before.values())
    for _ in range(2):
        migrate.upgrade(old)
        now = everything(database)
        for name, rows in before.items():
            kept = [{column: row[column] for column in rows[0]} for row in now[name]]
            assert sorted(kept, key=repr) == rows, name
        migrate.downgrade(old, BEFORE)
        assert everything(database) == before
    database.close()


def test_they_can_be_read_and_the_lists_go_on(old: str) -> None:
    migrate.upgrade(old)
    database = Database(old)
    own = Accounts(database).get(ACCOUNT)
    assert own is not None
    assert (own.friendly_name, own.auth_token) == ("Grüße 😀", "0123456789abcdef0123456789abcdef")
    [number] = Numbers(database).page(ACCOUNT, NumberFilter(), offset=0, limit=9).rows
    assert number.phone_number == "+4930999"
    calls = Calls(database)
    page = calls.page(ACCOUNT, CallFilter(), offset=0, limit=9)
    assert [(row.call_id, row.status) for row in page.rows] == [
        (RUNNING, CallStatus.IN_PROGRESS),
        (DONE, CallStatus.COMPLETED),
    ]
    assert page.rows[1].if_lost is not None
    for kind in GatherKind:
        [gathered] = Gathers(database).page(ACCOUNT, GatherFilter(kind=kind), offset=0, limit=9).rows
        assert (gathered.speech, gathered.hints) == ("yes please", ("yes", "no"))
    assert Notifications(database).page(ACCOUNT, NotificationFilter(), offset=0, limit=9).total == 1
    assert [item.id for item in Outbox(database).claim(9, 30)] == ["6" * 32]
    assert Workers(database).get("worker-1") is not None
    record(database, started(ACCOUNT, "9" * 32, after(0)), finished(ACCOUNT, "9" * 32, after(1)))
    assert calls.page(ACCOUNT, CallFilter(), offset=0, limit=9).total == 3
    database.close()


def test_each_step_can_be_gone_up_and_down(empty_url: str) -> None:
    database = Database(empty_url)
    shapes: dict[str, Any] = {}

    def shape() -> Any:
        with database.reading() as connection:
            inspector = inspect(connection)
            return {
                name: (
                    sorted(str(column["name"]) for column in inspector.get_columns(name)),
                    sorted(str(index["name"]) for index in inspector.get_indexes(name)),
                )
                for name in inspector.get_table_names()
                if name != "alembic_version"
            }

    steps = ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009"]
    assert steps[-1] == migrate.head()
    for revision in steps:
        migrate.upgrade(empty_url, revision)
        shapes[revision] = shape()
    for revision in reversed(steps[:-1]):
        migrate.downgrade(empty_url, revision)
        assert shape() == shapes[revision]
    migrate.upgrade(empty_url)
    assert shape() == shapes[steps[-1]]
    database.close()


def test_a_database_of_a_newer_version_is_told_apart(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert migrate.current(empty_url) == "9999"
    assert not migrate.is_known("9999")
    assert migrate.is_known(BEFORE)
