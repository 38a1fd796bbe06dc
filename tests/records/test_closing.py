"""Accounts are changed, and closed with all below them, on either database."""

from dataclasses import replace

from offhook.call.listing import NumberFilter
from offhook.call.rows import AccountRow, AccountStatus, RecordAll
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.clients import Clients
from offhook.records.database import Database
from offhook.records.numbers import Numbers
from tests.records import story
from tests.records.story import NOON, after
from tests.records.test_accounts_and_numbers import number
from tests.records.test_clients import client


def test_an_accounts_properties_change_and_its_token_stays(database: Database, account: AccountRow) -> None:
    accounts = Accounts(database)
    wanted = replace(
        account,
        friendly_name="Büro",
        role="Developer",
        metadata='{"a":1}',
        record_all=RecordAll.STEREO,
        date_updated=after(1),
    )
    assert accounts.update(
        replace(wanted, auth_token="other", email_address="eve@example.com", parent_sid="x")
    )
    assert accounts.get(account.sid) == wanted
    assert not accounts.update(replace(wanted, sid="AC" + "0" * 32))


def test_an_account_that_is_added_has_an_address_of_its_own(database: Database, account: AccountRow) -> None:
    accounts = Accounts(database)
    made = replace(
        account, sid="AC" + "1" * 32, auth_id="MA1", email_address="ada@example.com", parent_sid=account.sid
    )
    assert accounts.add(made, "correct horse battery")
    assert not accounts.add(replace(made, sid="AC" + "2" * 32, auth_id="MA2"), "correct horse battery")
    [child] = accounts.children(account.sid)
    assert child == replace(made, password_hash=child.password_hash)
    assert accounts.is_password("correct horse battery", child.password_hash)
    assert accounts.find("ADA@example.com") == child


def test_what_closed_accounts_held_is_given_back(database: Database) -> None:
    accounts, numbers, clients, keys = (
        Accounts(database),
        Numbers(database),
        Clients(database),
        ApiKeys(database),
    )
    top = story.account(database)
    child = story.account(database, parent_sid=top.sid)
    grandchild = story.account(database, parent_sid=child.sid)
    for level, each in enumerate((top, child, grandchild)):
        numbers.create(number(each.sid, f"+1555000{level}"))
        clients.create(client(each, f"phone-{level}", contact="sip:here@192.0.2.1"))
        keys.add(each.sid, "ci", now=NOON)
    assert set(accounts.close(child.sid, now=after(1))) == {child.sid, grandchild.sid}
    assert accounts.close(child.sid, now=after(2)) == ()
    for each, is_closed in ((top, False), (child, True), (grandchild, True)):
        kept = accounts.get(each.sid)
        assert kept is not None
        assert (kept.status is AccountStatus.CLOSED) == is_closed
        assert (numbers.page(each.sid, NumberFilter(), offset=0, limit=9).total == 0) == is_closed
        assert (clients.of_account(each.sid) == ()) == is_closed
        assert (keys.page(each.sid, offset=0, limit=9).total == 0) == is_closed
        assert accounts.update(replace(kept, friendly_name="again")) != is_closed
