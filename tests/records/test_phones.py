"""Clients as phones: who may register, where they did, and what answers when they call."""

from dataclasses import replace
from itertools import pairwise

from offhook.call.info import new_id
from offhook.call.resource_rows import ApplicationRow, PhoneLogin, RegisteredPlace
from offhook.call.rows import AccountRow, AccountStatus
from offhook.records.accounts import Accounts
from offhook.records.applications import Applications
from offhook.records.clients import Clients
from offhook.records.database import Database
from offhook.records.phones import Phones
from offhook.records.sealing import SecretBox
from offhook.records.secret_keys import SetKeys
from offhook.verbs import Method, Target
from tests.records import story
from tests.records.story import NOON, after
from tests.records.test_clients import HERE, client

AWAY = "sip:ada@192.0.2.9:5060;alias=203.0.113.7~40001~1"


def place(contact: str, seconds: float = 600.0, login: str = "ada") -> RegisteredPlace:
    return RegisteredPlace(login=login, contact=contact, seconds=seconds)


def test_those_who_may_register_are_enabled_and_of_active_accounts(
    database: Database, account: AccountRow
) -> None:
    clients, phones = Clients(database), Phones(database)
    versions = [phones.version()]
    assert phones.logins() == ()
    ada, bob = client(account), client(account, "bob", is_enabled=False)
    below = story.account(database, parent_sid=account.sid)
    for made in (ada, bob, client(below, "eve")):
        clients.create(made)
    versions.append(phones.version())
    assert {each.login for each in phones.logins()} == {"ada", "eve"}
    clients.update(replace(ada, ha1_md5="2" * 32, date_updated=after(1)))
    versions.append(phones.version())
    assert PhoneLogin(login="ada", ha1_md5="2" * 32, ha1_sha256="1" * 64) in phones.logins()
    Accounts(database).update(replace(account, status=AccountStatus.SUSPENDED))
    versions.append(phones.version())
    assert phones.logins() == ()
    assert phones.calling("ada") is None
    assert all(before != now for before, now in pairwise(versions)), "each change can be told"


def test_what_a_phone_is_checked_with_is_opened(database_url: str) -> None:
    database = Database(database_url, secrets=SecretBox(SetKeys("a key of good length")))
    Clients(database).create(client(story.account(database)))
    [login] = Phones(database).logins()
    assert (login.ha1_md5, login.ha1_sha256) == ("0" * 32, "1" * 64)
    database.close()


def test_where_a_phone_registered_holds_as_long_as_it_said(database: Database, account: AccountRow) -> None:
    clients, phones = Clients(database), Phones(database)
    clients.create(client(account, contact=HERE))
    phones.keep("ada", [place(AWAY), place(AWAY, 900.0), place("sip:ada@192.0.2.10", -1.0), place(HERE)])
    assert clients.locations(account.sid, "ada") == (AWAY, HERE)
    [kept] = phones.registered()
    assert (kept.login, kept.contact) == ("ada", AWAY)
    assert 890 < kept.seconds <= 900
    assert phones.forget_expired() == 1
    phones.keep("nobody", [place(AWAY)])
    phones.keep("ada", [])
    assert phones.registered() == ()
    assert clients.locations(account.sid, "ada") == (HERE,)


def test_what_was_kept_by_an_older_rule_is_called_by_todays(database: Database, account: AccountRow) -> None:
    clients, phones = Clients(database), Phones(database)
    fixed = "sip:ada@192.0.2.8;lr"
    clients.create(client(account, contact=fixed))
    steered = AWAY.replace(";alias", ";line=7;%61lias=127.0.0.1~1~1;maddr=127.0.0.1;alias")
    phones.keep("ada", [place(steered), place(steered.replace("ada", "a%3Bb"))])
    assert clients.locations(account.sid, "ada") == (AWAY.replace(";alias", ";line=7;alias"), fixed)


def test_a_caller_has_its_own_application_or_that_which_it_names(
    database: Database, account: AccountRow
) -> None:
    application = ApplicationRow(
        sid=f"AP{new_id()}",
        account_sid=account.sid,
        friendly_name="Shared",
        url="http://app.example/shared",
        api_version="2012-04-24",
        date_created=NOON,
        date_updated=NOON,
    )
    Applications(database).create(application)
    own = {"voice_url": "http://app.example/own", "voice_method": Method.GET}
    for made in (
        client(account),
        client(account, "bob", **own, voice_fallback_url="http://app.example/else"),
        client(account, "eve", **own, voice_application_sid=application.sid),
    ):
        Clients(database).create(made)
    ada, bob, eve = (Phones(database).calling(login) for login in ("ada", "bob", "eve"))
    assert ada is not None
    assert bob is not None
    assert eve is not None
    assert (ada.account_sid, ada.application, ada.fallback) == (account.sid, None, None)
    assert bob.application == Target("http://app.example/own", Method.GET)
    assert bob.fallback == Target("http://app.example/else", Method.POST)
    assert eve.application == Target("http://app.example/shared", Method.GET)
    assert Phones(database).calling("nobody") is None
