"""What it costs to know who asks, and whether a clock tells which names there are: python -m bench.signing_in

Each secret is checked as REST checks it, over a SQLite file in a temporary folder: once with the name known from a
moment before, once looked up. Then wrong secrets, for a name that exists and one that does not, in turns.
"""

import base64
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from offhook.records import migrate
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.database import Database
from offhook.records.limits import Limits
from offhook.records.sealing import SecretBox
from offhook.records.secret_keys import KeyFile
from offhook.records.users import Users
from offhook.rest.errors import Refusal
from offhook.rest.login_delays import LoginDelays
from offhook.rest.request_rates import RequestRates
from offhook.rest.signing_in import REMEMBERED_S, SigningIn

SOURCE, NOBODY, PASSWORD = "192.0.2.1", "AC" + "0" * 32, "correct horse battery"
GOAL_US = 300.0
GUESSES = (("a token", "0" * 64, 2000), ("a password", "guess guess guess", 200))


def basic(name: str, secret: str) -> str:
    """The header that a client sends."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def cost_us(deed: Callable[[], object], times: int) -> list[float]:
    """How long `deed` takes, each time."""
    costs = []
    for _ in range(times):
        begin = time.perf_counter()
        deed()
        costs.append((time.perf_counter() - begin) * 1e6)
    return costs


class Asker:
    """Somebody who signs in again and again, on a clock of their own."""

    def __init__(
        self, accounts: Accounts, keys: ApiKeys, users: Users, rates: RequestRates, header: str
    ) -> None:
        self._now = 0.0
        self._signing_in = SigningIn(accounts, keys, users, LoginDelays(), clock=lambda: self._now)
        self._rates = rates
        self._header = header

    def ask(self) -> None:
        """At once."""
        self._rates.wait_s(self._signing_in.sign_in(self._header, SOURCE).account.sid)

    def ask_later(self) -> None:
        """When the name has to be looked up again, and a password is remembered still."""
        self._now += REMEMBERED_S
        self.ask()


def guess(accounts: Accounts, keys: ApiKeys, users: Users, name: str, secret: str) -> None:
    """A wrong try at a server that knows nothing yet."""
    try:
        SigningIn(accounts, keys, users, LoginDelays()).sign_in(basic(name, secret), SOURCE)
    except Refusal:
        return
    raise AssertionError("a wrong secret opened")


def right(database: Database, accounts: Accounts, keys: ApiKeys, users: Users) -> float:
    """Print what right secrets cost; returns the worst median."""
    rates = RequestRates(Limits(database).get)
    account, token, _ = accounts.ensure_first(None, None)
    accounts.set_password(account.sid, PASSWORD, now=datetime.now(UTC))
    key, secret = keys.add(account.sid, "bench", now=datetime.now(UTC))
    worst = 0.0
    for kind, name, known in (
        ("auth token", account.sid, token),
        ("password", account.sid, PASSWORD),
        ("API key", key.key_id, secret),
    ):
        asker = Asker(accounts, keys, users, rates, basic(name, known))
        first = cost_us(asker.ask, 1)[0]
        known_us = statistics.median(cost_us(asker.ask, 2000))
        looked_up_us = statistics.median(cost_us(asker.ask_later, 290))
        worst = max(worst, looked_up_us)
        print(
            f"{kind:10}  first {first:8.0f} us   known {known_us:5.0f} us   looked up {looked_up_us:5.0f} us"
        )
    return worst


def wrong(accounts: Accounts, keys: ApiKeys, users: Users) -> None:
    """Print what wrong secrets cost for a name that exists and one that does not."""
    names = {"known": accounts.all()[0].sid, "unknown": NOBODY}
    for kind, secret, times in GUESSES:
        costs: dict[str, list[float]] = {which: [] for which in names}
        for _ in range(times):
            for which in random.sample(list(names), 2):
                costs[which] += cost_us(partial(guess, accounts, keys, users, names[which], secret), 1)
        medians = {which: statistics.median(each) for which, each in costs.items()}
        apart = abs(medians["known"] - medians["unknown"])
        print(
            f"guess like {kind}: " + ", ".join(f"{which} {each:.0f} us" for which, each in medians.items()),
            end="",
        )
        print(f"; {apart:.0f} us apart")


def main() -> int:
    """Run it; 1 where the goal was missed."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/offhook.db"
        migrate.upgrade(url)
        file = KeyFile(Path(folder) / "secret.key")
        file.make()
        database = Database(url, secrets=SecretBox(file))
        accounts, keys, users = Accounts(database), ApiKeys(database), Users(database)
        worst = right(database, accounts, keys, users)
        wrong(accounts, keys, users)
        database.close()
    print(f"goal: {GOAL_US:.0f} us a request; the worst was {worst:.0f} us")
    return 0 if worst < GOAL_US else 1


if __name__ == "__main__":
    raise SystemExit(main())
