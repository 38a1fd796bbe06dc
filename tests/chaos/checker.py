"""Looks at what is left when all is quiet again: has anything been lost?"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from tests.chaos.customer import FINAL, Customer

MOST_REPEATED = 0.01


@dataclass(frozen=True, slots=True)
class Rows:
    """The calls, gathers and callbacks of a database."""

    calls: list[Any]
    running_gathers: int
    callbacks: Mapping[str, int]

    @classmethod
    def read(cls, url: str) -> "Rows":
        """What is there now."""
        address = make_url(url)
        if address.drivername == "postgresql":
            address = address.set(drivername="postgresql+psycopg")
        engine = create_engine(address)
        with engine.connect() as connection:
            calls = connection.execute(
                text('SELECT call_id, from_, "to", status, end_time, reason, if_lost_url FROM calls')
            ).all()
            gathers = connection.execute(text("SELECT count(*) FROM gathers WHERE status = 'running'"))
            states = connection.execute(text("SELECT state, count(*) FROM outbox GROUP BY state")).all()
            rows = cls(list(calls), gathers.scalar_one(), {row[0]: row[1] for row in states})
        engine.dispose()
        return rows

    @property
    def open_calls(self) -> int:
        return sum(call.end_time is None for call in self.calls)

    @property
    def waiting_callbacks(self) -> int:
        return sum(count for state, count in self.callbacks.items() if state in ("pending", "leased"))


@dataclass
class Verdict:
    """What was found."""

    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def count(self, what: str, number: float) -> None:
        """A figure."""
        self.lines.append(f"{what}: {number:g}")

    def must_be_none(self, what: str, found: list[Any] | int) -> None:
        """A fault, unless there is nothing."""
        number = found if isinstance(found, int) else len(found)
        self.count(what, number)
        if number:
            shown = f" such as {', '.join(map(str, found[:5]))}" if isinstance(found, list) else ""
            self.faults.append(f"{what}: {number}{shown}")


def check(
    rows: Rows, customer: Customer, heard: Mapping[str, set[str]], *, journal: Path, number: str
) -> Verdict:
    """Compare what callers heard, what the database says, and what the customer was told."""
    verdict = Verdict()
    calls = [call for call in rows.calls if call.to == number]
    by_caller = Counter(call.from_ for call in calls)
    verdict.count("calls", len(calls))
    verdict.count("callers who heard it ring", len(heard["rang"]))
    verdict.count("callers who were answered", len(heard["answered"]))
    ended_well = sum(call.status == "completed" for call in calls)
    verdict.count("calls completed", ended_well)
    verdict.count("calls ended as worker_lost", sum("worker_lost" in call.reason for call in calls))
    verdict.must_be_none("callers who heard it ring and have no row", sorted(heard["rang"] - set(by_caller)))
    verdict.must_be_none("callers with several rows", [caller for caller, n in by_caller.items() if n > 1])
    verdict.must_be_none("calls without a final status", [c.call_id for c in calls if c.status not in FINAL])
    verdict.must_be_none("calls without an end", [c.call_id for c in calls if c.end_time is None])
    verdict.must_be_none("gathers that still run", rows.running_gathers)
    verdict.must_be_none("callbacks given up", rows.callbacks.get("dead", 0))
    verdict.must_be_none("callbacks not delivered", rows.waiting_callbacks)
    _check_finals(verdict, calls, customer)
    left = sorted(path.name for path in journal.glob("*") if path.suffix != ".births")
    verdict.must_be_none("journals left", left)
    return verdict


def _check_finals(verdict: Verdict, calls: list[Any], customer: Customer) -> None:
    told = {sid.rpartition("-CA")[2].removeprefix("CA"): ids for sid, ids in customer.finals.items()}
    status = {sid.rpartition("-CA")[2].removeprefix("CA"): word for sid, word in customer.statuses.items()}
    verdict.must_be_none("final events lost", [call.call_id for call in calls if call.call_id not in told])
    verdict.must_be_none("calls with two final events", [call for call, ids in told.items() if len(ids) > 1])
    verdict.must_be_none(
        "final events that say something else than the row",
        [call.call_id for call in calls if status.get(call.call_id, call.status) != call.status],
    )
    verdict.count("events delivered", customer.deliveries)
    verdict.count("repeated, with the same id", customer.repeated)
    if customer.repeated > max(3, MOST_REPEATED * customer.deliveries):
        verdict.faults.append(f"{customer.repeated} of {customer.deliveries} events were repeated")
