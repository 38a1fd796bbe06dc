"""How fast lists and records are read when there are a million of them.

Builds a database with a million gathers and a million calls, nine tenths of them in one account, serves it on
loopback, and asks over real HTTP on one kept connection. Prints what each question took and whether `total` was
exact; ends with status 1 where a goal is missed. Takes about two minutes and 1.3 GB below the temporary folder.

    python -m bench.rest_lists [--rows 1000000] [--samples 200] [--json figures.json]
"""

import argparse
import json
import multiprocessing
import random
import socket
import sqlite3
import statistics
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import uvicorn
from rich.console import Console
from rich.table import Table
from tests.rest.site import Site
from tests.system.server import ACCOUNT_SID, TOKEN

from offhook.records import migrate
from offhook.records.accounts import Accounts
from offhook.records.database import Database

BIG = ACCOUNT_SID
OTHERS = tuple(f"AC{n:032x}" for n in range(2, 6))
SPACING_S = 2
QUICK_MS, PAGE_MS, JUMP_MS = 10.0, 15.0, 60.0
SERVER_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Figure:
    """What one kind of question took."""

    question: str
    samples: int
    p50_ms: float
    p95_ms: float
    goal_p50_ms: float

    @property
    def is_met(self) -> bool:
        """Whether the goal is met."""
        return self.p50_ms <= self.goal_p50_ms


def main() -> int:
    """Build, serve, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="offhook-bench-") as folder:
        url = f"sqlite:///{folder}/offhook.db"
        began = time.perf_counter()
        build(url, Path(folder) / "offhook.db", asked.rows)
        built_s = time.perf_counter() - began
        with serving(url) as port, closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            figures = Questions(connection, asked.rows, asked.samples).ask_all()
    report(figures, asked.rows, built_s)
    if asked.json:
        asked.json.write_text(
            json.dumps([{**asdict(f), "is_met": f.is_met} for f in figures], indent=2) + "\n"
        )
    return 0 if all(figure.is_met for figure in figures) else 1


def owned(rows: int) -> dict[str, int]:
    """How many of the rows each account has."""
    share = rows // 10 // len(OTHERS)
    return {BIG: rows - share * len(OTHERS), **dict.fromkeys(OTHERS, share)}


def call_id(account: str, seq: int) -> str:
    """The id that a call of the bench has."""
    return f"{int(account[2:], 16) % 997:08x}{seq * 2654435761 % 2**32:08x}{seq:016x}"


def gather_id(account: str, seq: int) -> str:
    """The id that a gather of the bench has."""
    return call_id(account, seq)[::-1]


def build(url: str, file: Path, rows: int) -> None:
    """Fill a new database; rows go in as they would in time, accounts mixed."""
    migrate.upgrade(url)
    database = Database(url)
    now = datetime.now(UTC)
    for sid in (BIG, *OTHERS):
        Accounts(database).ensure_first(sid, TOKEN, now=now)
    database.close()
    newest_ms = int(now.timestamp() * 1000)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        for account, count in owned(rows).items():
            oldest_ms = newest_ms - count * SPACING_S * 1000
            dates = ((seq, oldest_ms + seq * SPACING_S * 1000) for seq in range(1, count + 1))
            fill(connection, account, dates)
            for name in ("calls", "gathers-speech"):
                connection.execute(
                    "INSERT INTO sequences (account_sid, list, last_seq, last_at) VALUES (?, ?, ?, ?)",
                    (account, name, count, newest_ms),
                )
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


CALL_COLUMNS = (
    "call_id, account_sid, seq, instance_id, worker_id, direction, from_, 'to', status, date_created, date_updated, "
    "start_time, answered_at, end_time, duration_s, ring_duration_s, reason"
).replace("'to'", '"to"')
GATHER_COLUMNS = (
    "gather_id, account_sid, seq, call_id, kind, provider, language, start_timeout_s, key_timeout_s, "
    "speech_end_timeout_s, hints, act_on_empty, finish_keys, status, reason, ended_by, duration_s, keys, speech, "
    "confidence, started_at, date_created"
)


def fill(connection: sqlite3.Connection, account: str, dates: Iterator[tuple[int, int]]) -> None:
    """Insert an account's calls and gathers, three gathers to a call that has any."""
    instance = "b" * 32
    chunk: list[tuple[int, int]] = []

    def insert() -> None:
        connection.executemany(
            f"INSERT INTO calls ({CALL_COLUMNS}) VALUES ({', '.join('?' * 17)})",
            [
                (
                    call_id(account, seq), account, seq, instance, "w", "inbound", f"+1555{seq % 5000:07}",
                    f"+1666{seq % 50:07}", "busy" if seq % 10 == 0 else "completed", at, at + 30_000,
                    at + 2000, at + 2000, at + 30_000, 28.0, 2.0, "",
                )
                for seq, at in chunk
            ],
        )  # fmt: skip
        connection.executemany(
            f"INSERT INTO gathers ({GATHER_COLUMNS}) VALUES ({', '.join('?' * 22)})",
            [
                (
                    gather_id(account, seq), account, seq, call_id(account, (seq + 2) // 3 * 3 - 2), "speech",
                    "google", "en-US", 5.0, 5.0, 5.0, '["yes", "no"]', 0, "#", "completed", "", "speech", 3.2,
                    "", "yes please", 0.9, at - 5000, at,
                )
                for seq, at in chunk
            ],
        )  # fmt: skip

    for pair in dates:
        chunk.append(pair)
        if len(chunk) == 10_000:
            insert()
            chunk.clear()
    insert()


def serve(url: str, listener: socket.socket) -> None:
    """Run the API in this process until it is told to stop."""
    database = Database(url)
    account = Accounts(database).get(BIG)
    assert account is not None
    app = Site(database, account).app
    config = uvicorn.Config(app, log_level="warning", access_log=False, loop="uvloop", lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


@contextmanager
def serving(url: str) -> Iterator[int]:
    """A block with a server in another process; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(url, listener))
    process.start()
    try:
        yield port
    finally:
        process.terminate()
        process.join(SERVER_START_S)
        listener.close()


class Questions:
    """What is asked, in the account that has nine tenths."""

    def __init__(self, connection: HTTPConnection, rows: int, samples: int) -> None:
        self._connection = connection
        self._count = owned(rows)[BIG]
        self._samples = samples
        self._chance = random.Random(1)
        self._headers = {"Authorization": "Basic " + b64encode(f"{BIG}:{TOKEN}".encode()).decode()}

    def ask_all(self) -> list[Figure]:
        """Ask everything, after a few requests to warm up."""
        for _ in range(20):
            self._get(self._at("/Gathers/Speech"), self._count)
        return [*self._gathers(), *self._calls()]

    def _gathers(self) -> Iterator[Figure]:
        pages = self._count // 50
        yield self._measure(
            "gather", QUICK_MS, lambda: (f"/Gathers/Speech/GA{gather_id(BIG, self._any())}", None)
        )
        yield self._measure("gathers of a call", QUICK_MS, self._of_a_call)
        yield self._measure("gathers since a minute", QUICK_MS, lambda: self._since(30))
        yield self._measure("gathers since half the time", PAGE_MS, lambda: self._since(self._count // 2))
        yield self._measure("gathers, first page", PAGE_MS, lambda: ("/Gathers/Speech", self._count))
        for share in (0, 0.25, 0.5, 0.99):
            start = f"/Gathers/Speech?Page={int(pages * share)}&PageSize=50"
            yield self._walk(f"gathers, walk from {share:.0%}", start)
        yield self._measure("gathers, jump", JUMP_MS, lambda: self._jump("/Gathers/Speech", pages))
        yield self._measure(
            "gathers, 1000 a page", JUMP_MS, lambda: ("/Gathers/Speech?PageSize=1000", self._count)
        )

    def _calls(self) -> Iterator[Figure]:
        pages = self._count // 50
        busy = self._count // 10
        yield self._measure("call", QUICK_MS, lambda: (f"/Calls.json/CA{call_id(BIG, self._any())}", None))
        yield self._measure("calls from a number", QUICK_MS, self._from_a_number)
        yield self._measure("calls since an hour", QUICK_MS, self._since_an_hour)
        yield self._measure("calls, first page", PAGE_MS, lambda: ("/Calls.json", self._count))
        yield self._walk("calls, walk from 50%", f"/Calls.json?Page={pages // 2}&PageSize=50")
        yield self._measure("calls, jump", JUMP_MS, lambda: self._jump("/Calls.json", pages))
        yield self._measure("busy calls, a tenth", JUMP_MS, lambda: ("/Calls.json?Status=busy", busy))

    def _any(self) -> int:
        return self._chance.randint(1, self._count)

    def _of_a_call(self) -> tuple[str, int]:
        first = (self._any() + 2) // 3 * 3 - 2
        total = min(3, self._count - first + 1)
        return f"/Gathers/Speech?CallSid=CA{call_id(BIG, first)}", total

    def _since(self, newest: int) -> tuple[str, int | None]:
        since = self._newest - timedelta(seconds=SPACING_S * (newest - 1))
        return (
            f"/Gathers/Speech?DateCreated={since:%Y-%m-%dT%H:%M:%S}.{since.microsecond // 1000:03}Z",
            newest,
        )

    def _since_an_hour(self) -> tuple[str, int | None]:
        since = self._newest - timedelta(hours=1)
        return f"/Calls.json?StartTime={since:%Y-%m-%dT%H:%M:%SZ}", None

    def _from_a_number(self) -> tuple[str, int | None]:
        number = self._chance.randrange(5000)
        total = self._count // 5000 + (0 < number <= self._count % 5000)
        return f"/Calls.json?From=%2B1555{number:07}", total

    def _jump(self, path: str, pages: int) -> tuple[str, int]:
        return f"{path}?Page={self._chance.randrange(pages + 1)}", self._count

    @property
    def _newest(self) -> datetime:
        page = self._get(self._at("/Gathers/Speech?PageSize=1"), self._count)
        return datetime.fromisoformat(page["gathers"][0]["date_created"])

    def _at(self, path: str) -> str:
        return f"/restcomm/2012-04-24/Accounts/{BIG}{path}"

    def _get(self, path: str, total: int | None) -> Any:
        """The answer's JSON; ends the bench where it is not good or its total is not exact."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {body[:200]!r}")
        value = json.loads(body)
        if total is not None and value["total"] != total:
            raise SystemExit(f"{path}: total is {value['total']}, not {total}")
        return value

    def _timed(self, path: str, total: int | None) -> tuple[float, Any]:
        began = time.perf_counter()
        value = self._get(path, total)
        return (time.perf_counter() - began) * 1000, value

    def _measure(
        self, question: str, goal_ms: float, next_one: Callable[[], tuple[str, int | None]]
    ) -> Figure:
        took = []
        for _ in range(self._samples):
            path, total = next_one()
            took.append(self._timed(self._at(path), total)[0])
        return _figure(question, took, goal_ms)

    def _walk(self, question: str, start: str) -> Figure:
        took: list[float] = []
        link = self._at(start)
        while link != "null" and len(took) < self._samples:
            ms, page = self._timed(link, self._count)
            took.append(ms)
            link = page["next_page_uri"]
        return _figure(question, took, PAGE_MS)


def _figure(question: str, took: list[float], goal_ms: float) -> Figure:
    p95 = statistics.quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    return Figure(question, len(took), round(statistics.median(took), 2), round(p95, 2), goal_ms)


def report(figures: list[Figure], rows: int, built_s: float) -> None:
    """Print the table."""
    table = Table(title=f"{rows:,} gathers and as many calls, built in {built_s:.0f} s")
    for heading in ("question", "samples", "p50 ms", "p95 ms", "goal p50 ms", ""):
        table.add_column(heading, justify="left" if heading == "question" else "right", no_wrap=True)
    for figure in figures:
        table.add_row(
            figure.question,
            str(figure.samples),
            f"{figure.p50_ms:.2f}",
            f"{figure.p95_ms:.2f}",
            f"{figure.goal_p50_ms:.0f}",
            "met" if figure.is_met else "MISSED",
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
