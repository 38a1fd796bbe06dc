"""Accounts are changed, and closed with all below them, on either database."""

from dataclasses import replace

from offhook.call.info import new_id
from offhook.call.listing import NumberFilter
from offhook.call.messages import ChannelIdentityRow
from offhook.call.resource_rows import UserRole, UserRow
from offhook.call.rows import AccountRow, AccountStatus, RecordAll
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.channel_identities import ChannelIdentities
from offhook.records.clients import Clients
from offhook.records.database import Database
from offhook.records.numbers import Numbers
from offhook.records.users import Users
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


def test_who_is_renamed_while_they_are_shut_out_stays_shut_out(
    database: Database, account: AccountRow
) -> None:
    accounts, users = Accounts(database), Users(database)
    user = UserRow(
        sid="US1",
        account_sid=account.sid,
        email_address="ada@example.com",
        friendly_name="Ada",
        role=UserRole.ADMINISTRATOR,
        status=AccountStatus.ACTIVE,
        password_hash=None,
        date_created=NOON,
        date_updated=NOON,
    )
    assert users.create(user, "correct horse battery")
    assert accounts.update(replace(account, status=AccountStatus.SUSPENDED))
    assert users.update(replace(user, status=AccountStatus.SUSPENDED, role=UserRole.VIEWER))
    # Both were read before that, and are written after it.
    assert accounts.update(replace(account, friendly_name="Mine", date_updated=after(1)), was=account)
    assert users.update(replace(user, friendly_name="Countess", date_updated=after(1)), was=user)
    closed_out, demoted = accounts.get(account.sid), users.get(account.sid, "US1")
    assert closed_out is not None
    assert (closed_out.status, closed_out.friendly_name) == (AccountStatus.SUSPENDED, "Mine")
    assert demoted is not None
    assert (demoted.status, demoted.role) == (AccountStatus.SUSPENDED, UserRole.VIEWER)
    assert demoted.friendly_name == "Countess"


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


def identity(account: AccountRow, name: str) -> ChannelIdentityRow:
    return ChannelIdentityRow(
        sid=f"CI{new_id()}",
        account_sid=account.sid,
        channel="sms",
        identity=name,
        friendly_name=name,
        date_created=NOON,
        date_updated=NOON,
    )


def test_what_closed_accounts_held_is_given_back(database: Database) -> None:
    accounts, numbers, clients, keys, identities = (
        Accounts(database),
        Numbers(database),
        Clients(database),
        ApiKeys(database),
        ChannelIdentities(database),
    )
    top = story.account(database)
    child = story.account(database, parent_sid=top.sid)
    grandchild = story.account(database, parent_sid=child.sid)
    for level, each in enumerate((top, child, grandchild)):
        numbers.create(number(each.sid, f"+1555000{level}"))
        clients.create(client(each, f"phone-{level}", contact="sip:here@192.0.2.1"))
        keys.add(each.sid, "ci", now=NOON)
        identities.create(identity(each, f"+1555000{level}"))
    assert set(accounts.close(child.sid, now=after(1))) == {child.sid, grandchild.sid}
    assert accounts.close(child.sid, now=after(2)) == ()
    for each, is_closed in ((top, False), (child, True), (grandchild, True)):
        kept = accounts.get(each.sid)
        assert kept is not None
        assert (kept.status is AccountStatus.CLOSED) == is_closed
        assert (numbers.page(each.sid, NumberFilter(), offset=0, limit=9).total == 0) == is_closed
        assert (clients.of_account(each.sid) == ()) == is_closed
        assert (identities.page(each.sid, None, offset=0, limit=9).total == 0) == is_closed
        assert (keys.page(each.sid, offset=0, limit=9).total == 0) == is_closed
        assert accounts.update(replace(kept, friendly_name="again")) != is_closed
