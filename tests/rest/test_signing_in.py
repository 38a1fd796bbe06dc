"""Signing in: what opens, what does not, and that guessing gets slower for the guesser alone."""

import base64
import ipaddress
import threading
from datetime import UTC, datetime

import pytest
from starlette.requests import Request

from offhook.call.rows import AccountLimits
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.database import Database
from offhook.records.limits import Limits
from offhook.records.users import Users
from offhook.rest.errors import Refusal
from offhook.rest.login_delays import (
    FORGET_AFTER_S,
    FREE_FOR_ADDRESS,
    FREE_FOR_NAME,
    LONGEST_DELAY_S,
    MOST_KEPT,
    LoginDelays,
)
from offhook.rest.request_rates import LIMITS_FOR_S, RequestRates
from offhook.rest.signing_in import CHECKED_AT_ONCE, MOST_WAITING, PASSWORD_FOR_S, REMEMBERED_S, SigningIn
from offhook.rest.sources import source_reader
from tests.records import story
from tests.rest.site import Site

PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def delays(clock: Clock) -> LoginDelays:
    return LoginDelays(clock=clock)


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


async def test_a_person_signs_in_with_a_password(site: Site) -> None:
    ada = story.account(site.database, email_address="ada@example.com")
    Accounts(site.database).set_password(ada.sid, PASSWORD, now=datetime.now(UTC))
    for name in (ada.sid, ada.auth_id, "ada@example.com"):
        answer = await site.ask(site.at("/Calls.json", account=ada.sid), auth=(name, PASSWORD))
        assert answer.status_code == 200
    for secret in ("correct horse batterx", "", site.account.auth_token + "x"):
        answer = await site.ask(site.at("/Calls.json", account=ada.sid), auth=(ada.sid, secret))
        assert answer.status_code == 401


async def test_a_program_signs_in_with_an_api_key_and_never_learns_the_token(site: Site) -> None:
    made, secret = ApiKeys(site.database).add(site.account.sid, "ci", now=datetime.now(UTC))
    assert await site.json(site.at("/Calls.json"), auth=(made.key_id, secret))
    told = await site.json(site.at(".json"), auth=(made.key_id, secret))
    assert told["sid"] == site.account.sid
    assert "auth_token" not in told
    assert (await site.json(site.at(".json")))["auth_token"] == site.account.auth_token
    answers = [
        await site.ask(site.at("/Calls.json"), auth=pair)
        for pair in (
            (made.key_id, "guess"),
            (made.key_id, made.secret_sha256),
            ("SK" + "0" * 32, secret),
            (site.account.sid, secret),
        )
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert len({answer.content for answer in answers}) == 1


def test_a_key_that_was_revoked_opens_nothing_a_second_later(
    site: Site, clock: Clock, delays: LoginDelays
) -> None:
    keys = ApiKeys(site.database)
    made, secret = keys.add(site.account.sid, "ci", now=datetime.now(UTC))
    signing_in = SigningIn(Accounts(site.database), keys, Users(site.database), delays, clock=clock)
    assert signing_in.sign_in(basic(made.key_id, secret), HERE).by_key
    keys.revoke(made.key_id, now=datetime.now(UTC))
    clock.now += REMEMBERED_S
    with pytest.raises(Refusal) as refused:
        signing_in.sign_in(basic(made.key_id, secret), HERE)
    assert refused.value.status == 401


def test_a_password_that_was_changed_opens_nothing_a_second_later(
    site: Site, clock: Clock, delays: LoginDelays
) -> None:
    accounts = Accounts(site.database)
    accounts.set_password(site.account.sid, PASSWORD, now=datetime.now(UTC))
    signing_in = SigningIn(accounts, ApiKeys(site.database), Users(site.database), delays, clock=clock)
    for _ in range(3):
        assert signing_in.sign_in(basic(site.account.sid, PASSWORD), HERE).account.sid == site.account.sid
        clock.now += PASSWORD_FOR_S
    accounts.set_password(site.account.sid, "another horse battery", now=datetime.now(UTC))
    with pytest.raises(Refusal):
        signing_in.sign_in(basic(site.account.sid, PASSWORD), HERE)
    assert signing_in.sign_in(basic(site.account.sid, "another horse battery"), HERE)


class SlowAccounts(Accounts):
    """Accounts whose passwords are checked once the test lets them be."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.go_on = threading.Event()
        self.at_once = 0
        self.most_at_once = 0

    def is_password(self, given: str, kept: str | None) -> bool:
        """Wrong, after a while."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.go_on.wait(60)
        self.at_once -= 1
        return False


def test_guessing_passwords_keeps_nobody_else_waiting(site: Site, delays: LoginDelays) -> None:
    accounts = SlowAccounts(site.database)
    signing_in = SigningIn(accounts, ApiKeys(site.database), Users(site.database), delays)
    statuses: list[int] = []
    one_more = threading.Semaphore(0)

    def guess(source: str) -> None:
        try:
            signing_in.sign_in(basic(site.account.sid, f"a guess from {source}"), source)
        except Refusal as refused:
            statuses.append(refused.status)
            one_more.release()

    threads = [
        threading.Thread(target=guess, args=(f"192.0.2.{count}",)) for count in range(MOST_WAITING + 5)
    ]
    for thread in threads:
        thread.start()
    for _ in range(5):
        assert one_more.acquire(timeout=60)
    assert statuses == [429] * 5
    token = site.account.auth_token
    assert signing_in.sign_in(basic(site.account.sid, token), HERE).account.sid == site.account.sid
    accounts.go_on.set()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [401] * MOST_WAITING + [429] * 5
    assert accounts.most_at_once <= CHECKED_AT_ONCE


async def test_failed_logins_are_held_back_and_others_are_not(site: Site) -> None:
    path = site.at("/Calls.json")
    for _ in range(FREE_FOR_NAME):
        assert (await site.ask(path, auth=(site.account.sid, "0" * 64))).status_code == 401
    held = await site.ask(path)
    assert (held.status_code, held.json()["code"]) == (429, 20429)
    assert held.headers["retry-after"] == "1"
    ada = story.account(site.database)
    assert (await site.ask(site.at("/Calls.json", account=ada.sid), user=ada)).status_code == 200


def test_delays_double_up_to_a_minute(delays: LoginDelays, clock: Clock) -> None:
    waits = []
    for _ in range(FREE_FOR_NAME + 9):
        delays.failed(HERE, "ada")
        waits.append(delays.wait_s(HERE, "ada"))
        assert delays.wait_s(ELSEWHERE, "ada") == 0.0
        clock.now += waits[-1]
        assert delays.wait_s(HERE, "ada") == 0.0
    assert waits == [0.0] * (FREE_FOR_NAME - 1) + [1, 2, 4, 8, 16, 32, LONGEST_DELAY_S, 60, 60, 60]


def test_trying_many_names_holds_the_address_back(delays: LoginDelays) -> None:
    delays.succeeded(HERE, "bob")
    for count in range(FREE_FOR_ADDRESS):
        assert delays.wait_s(HERE, "eve") == 0.0
        delays.failed(HERE, f"name-{count}")
    assert delays.wait_s(HERE, "eve") == 1.0
    assert delays.wait_s(HERE, "bob") == 0.0, "who signed in from there lately is not held back"
    assert delays.wait_s(ELSEWHERE, "eve") == 0.0


def test_success_clears_the_name_and_quiet_everything(delays: LoginDelays, clock: Clock) -> None:
    for _ in range(FREE_FOR_NAME - 1):
        delays.failed(HERE, "ada")
    delays.succeeded(HERE, "ada")
    for _ in range(FREE_FOR_NAME - 1):
        delays.failed(HERE, "ada")
        assert delays.wait_s(HERE, "ada") == 0.0
    clock.now += FORGET_AFTER_S + 1
    delays.failed(HERE, "ada")
    assert delays.wait_s(HERE, "ada") == 0.0


def test_failures_are_kept_in_bounded_memory(delays: LoginDelays) -> None:
    for count in range(MOST_KEPT + 500):
        delays.failed(f"address-{count}", "x")
    assert len(delays._of_pair) == len(delays._of_address) == MOST_KEPT


async def test_an_account_asks_as_often_as_its_limit_says(site: Site) -> None:
    Limits(site.database).set(site.account.sid, AccountLimits(requests_per_s=0.01))
    assert (await site.ask(site.at("/Calls.json"))).status_code == 200
    held = await site.ask(site.at("/Calls.json"))
    assert (held.status_code, held.json()["code"]) == (429, 20429)
    assert 90 <= int(held.headers["retry-after"]) <= 100
    ada = story.account(site.database)
    for _ in range(3):
        assert (await site.ask(site.at("/Calls.json", account=ada.sid), user=ada)).status_code == 200


def test_a_second_has_as_many_requests_as_the_rate_says(clock: Clock) -> None:
    limits = {"AC1": AccountLimits(requests_per_s=5), "AC2": AccountLimits()}
    rates = RequestRates(limits.__getitem__, clock=clock)
    assert [rates.wait_s("AC1") for _ in range(6)] == [0.0] * 5 + [pytest.approx(0.2)]
    assert rates.wait_s("AC2") == 0.0
    clock.now += 0.2
    assert rates.wait_s("AC1") == 0.0
    assert rates.wait_s("AC1") > 0
    limits["AC1"] = AccountLimits()
    clock.now += LIMITS_FOR_S
    assert [rates.wait_s("AC1") for _ in range(20)] == [0.0] * 20


@pytest.mark.parametrize(
    ("peer", "forwarded", "source"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["1.1.1.1, nonsense, 10.0.0.3"], "10.0.0.3"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1:2:3::4", [], "2001:db8:1:2::/64"),
        ("10.0.0.1", ["2001:db8:1:2:ffff::9"], "2001:db8:1:2::/64"),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: list[str], source: str) -> None:
    read = source_reader((ipaddress.ip_network("10.0.0.0/8"),))
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    assert read(Request({"type": "http", "client": (peer, 1), "headers": headers})) == source
    assert (
        source_reader(())(Request({"type": "http", "client": ("10.0.0.1", 1), "headers": headers}))
        == "10.0.0.1"
    )
