"""Clients as calls find them: who has a login, and where that phone is now."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from offhook.call.info import new_id
from offhook.call.resource_rows import ClientRow
from offhook.call.rows import AccountRow
from offhook.records.clients import Clients
from offhook.records.database import Database
from offhook.records.resource_tables import client_locations, clients
from offhook.records.sealed_columns import seal_all
from offhook.records.sealing import SecretBox, is_sealed
from offhook.records.secret_keys import SetKeys
from tests.records import story
from tests.records.story import NOON, after

HERE = "sip:ada@192.0.2.7:5060"


def client(account: AccountRow, login: str = "ada", **fields: Any) -> ClientRow:
    """A client that is not kept yet."""
    return ClientRow(
        **{
            "sid": f"CL{new_id()}",
            "account_sid": account.sid,
            "login": login,
            "friendly_name": login,
            "ha1_md5": "0" * 32,
            "ha1_sha256": "1" * 64,
            "password_algorithm": "MD5,SHA-256",
            "api_version": "2012-04-24",
            "date_created": NOON,
            "date_updated": NOON,
            **fields,
        }
    )


def registered(database: Database, sid: str, contact: str, *, for_s: float) -> None:
    """Note that a phone registered."""
    expires_at = datetime.now(UTC) + timedelta(seconds=for_s)
    row = {"client_sid": sid, "contact": contact, "is_fixed": False, "expires_at": expires_at}
    with database.writing() as connection:
        connection.execute(insert(client_locations), row)


def test_a_client_is_found_by_its_login_whose_ever_it_is(database: Database, account: AccountRow) -> None:
    kept, made = Clients(database), client(account, contact=HERE)
    assert kept.create(made)
    assert kept.find_by_login("ada") == made
    assert kept.get(account.sid, made.sid) == made
    assert kept.of_account(account.sid) == (made,)
    assert kept.find_by_login("Ada") is None
    assert kept.find_by_login("a\x00\ud800") is None


def test_a_login_is_one_clients(database: Database, account: AccountRow) -> None:
    kept, other = Clients(database), story.account(database)
    assert kept.create(client(account))
    assert not kept.create(client(account))
    assert not kept.create(client(other))
    assert kept.of_account(other.sid) == ()


def test_a_client_is_where_it_registered_and_where_it_always_is(
    database: Database, account: AccountRow
) -> None:
    kept, made = Clients(database), client(account, contact=HERE)
    kept.create(made)
    registered(database, made.sid, "sip:ada@192.0.2.8", for_s=600)
    registered(database, made.sid, "sip:ada@192.0.2.9", for_s=900)
    registered(database, made.sid, "sip:ada@192.0.2.10", for_s=-1)
    assert kept.locations(account.sid, "ada") == ("sip:ada@192.0.2.9", "sip:ada@192.0.2.8", HERE)
    assert kept.locations(story.account(database).sid, "ada") == ()
    assert kept.locations(account.sid, "bob") == ()


def test_a_client_that_is_disabled_is_nowhere(database: Database, account: AccountRow) -> None:
    kept, made = Clients(database), client(account, contact=HERE)
    kept.create(made)
    assert kept.update(replace(made, is_enabled=False))
    assert kept.locations(account.sid, "ada") == ()
    found = kept.find_by_login("ada")
    assert found is not None
    assert not found.is_enabled


def test_a_fixed_location_is_replaced_and_taken_away(database: Database, account: AccountRow) -> None:
    kept, made = Clients(database), client(account, contact=HERE)
    kept.create(made)
    registered(database, made.sid, "sip:ada@192.0.2.8", for_s=600)
    for contact, found in (
        ("sip:ada@192.0.2.9", ("sip:ada@192.0.2.8", "sip:ada@192.0.2.9")),
        ("sip:ada@192.0.2.8", ("sip:ada@192.0.2.8",)),
        (None, ()),
    ):
        assert kept.update(replace(made, contact=contact, date_updated=after(1)))
        assert kept.locations(account.sid, "ada") == found


def test_a_deleted_client_is_nowhere(database: Database, account: AccountRow) -> None:
    kept, made = Clients(database), client(account, contact=HERE)
    kept.create(made)
    assert not kept.delete(story.account(database).sid, made.sid)
    assert kept.delete(account.sid, made.sid)
    assert not kept.delete(account.sid, made.sid)
    assert kept.locations(account.sid, "ada") == ()
    assert kept.find_by_login("ada") is None
    assert not kept.update(made)


def test_what_a_password_is_checked_with_is_sealed(database_url: str) -> None:
    database = Database(database_url, secrets=SecretBox(SetKeys("a key of good length")))
    account = story.account(database)
    kept, made = Clients(database), client(account)
    kept.create(made)
    with database.reading() as connection:
        row = connection.execute(select(clients)).one()
    assert is_sealed(row.ha1_md5)
    assert is_sealed(row.ha1_sha256)
    assert kept.find_by_login("ada") == made
    database.close()


def test_what_lay_open_is_sealed_with_the_rest(database_url: str) -> None:
    database = Database(database_url)
    account = story.account(database)
    made = client(account)
    Clients(database).create(made)
    box = SecretBox(SetKeys("a key of good length"))
    assert seal_all(database, box) == 3
    database.close()
    sealing = Database(database_url, secrets=box)
    assert Clients(sealing).find_by_login("ada") == made
    sealing.close()
