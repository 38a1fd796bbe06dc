"""W5: REST lists and instances with a million rows, while calls come in; and what the calls notice of it."""

import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random

from tests.system.server import ACCOUNT_SID, TOKEN, Server

from bench import rest_lists
from bench.load.contenders import Stage, offhook
from bench.load.menu import MenuRun, run_menu
from bench.load.report import Goal, Report
from bench.load.spread import Spread

ROWS = 1_000_000
CALL_RATE = 25.0
CLIENTS = 2
SECONDS = 10.0
REQUEST_S = 30.0
PAUSE_S = 0.02
"""Between the requests of a client."""
P95_GOAL_MS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What one kind of request took."""

    question: str
    calls_per_s: float
    errors: int
    took_ms: Spread


class Clients:
    """Ask the same kinds of questions again and again, on a few connections, until told to stop."""

    def __init__(self, port: int, rows: int) -> None:
        self._port = port
        count = rest_lists.owned(rows)[ACCOUNT_SID]
        self._chance = Random(1)
        self._questions: dict[str, Callable[[], str]] = {
            "gather": lambda: f"/Gathers/Speech/GA{rest_lists.gather_id(ACCOUNT_SID, self._any(count))}",
            "call": lambda: f"/Calls.json/CA{rest_lists.call_id(ACCOUNT_SID, self._any(count))}",
            "gathers of a call": lambda: (
                f"/Gathers/Speech?CallSid=CA{rest_lists.call_id(ACCOUNT_SID, self._any(count))}"
            ),
            "gathers, first page": lambda: "/Gathers/Speech",
            "calls, first page": lambda: "/Calls.json",
            "gathers, any page": lambda: f"/Gathers/Speech?Page={self._chance.randrange(count // 50)}",
        }
        self._took: dict[str, list[float]] = {question: [] for question in self._questions}
        self._errors: dict[str, int] = dict.fromkeys(self._questions, 0)
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(CLIENTS)]

    def start(self) -> None:
        """Begin to ask."""
        for thread in self._threads:
            thread.start()

    def stop(self, calls_per_s: float) -> list[Asked]:
        """Stop asking; what it took."""
        self._is_over.set()
        for thread in self._threads:
            thread.join(REQUEST_S)
        return [
            Asked(
                question=question,
                calls_per_s=calls_per_s,
                errors=self._errors[question],
                took_ms=Spread.of(self._took[question]),
            )
            for question in self._questions
        ]

    def _any(self, count: int) -> int:
        return self._chance.randint(1, count)

    def _ask_on(self) -> None:
        headers = {"Authorization": "Basic " + b64encode(f"{ACCOUNT_SID}:{TOKEN}".encode()).decode()}
        base = f"/restcomm/2012-04-24/Accounts/{ACCOUNT_SID}"
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=REQUEST_S)) as connection:
            while not self._is_over.is_set():
                for question, path in self._questions.items():
                    began = time.perf_counter()
                    connection.request("GET", base + path(), headers=headers)
                    answer = connection.getresponse()
                    answer.read()
                    self._took[question].append(1000 * (time.perf_counter() - began))
                    self._errors[question] += answer.status != 200
                    time.sleep(PAUSE_S)


def bench(around: Stage, *, rows: int = ROWS, seconds: float = SECONDS) -> Report:
    """The whole of W5."""
    report = Report(
        "w5",
        f"REST with {rows:,} gathers and as many calls, {CLIENTS} clients; ms as p50 / p95 / p99",
        ("question", "calls/s beside", "samples", "errors", "ms"),
    )
    if around.other is not None:
        report.notes.append("W5 asks Offhook's own REST API; it is run on Offhook only.")
        return report
    with tempfile.TemporaryDirectory(prefix="offhook-bench-rows-") as folder:
        database = Path(folder) / "offhook.db"
        rest_lists.build(f"sqlite:///{database}", database, rows)
        with offhook(around, data=Path(folder)) as (contender, server):
            run_menu(around, contender, CALL_RATE, 2.0)
            quiet = _asked(server, rows, 0.0, lambda: time.sleep(seconds / 2))
            alone = run_menu(around, contender, CALL_RATE, seconds / 2)
            beside: list[MenuRun] = []
            loaded = _asked(
                server,
                rows,
                CALL_RATE,
                lambda: beside.append(run_menu(around, contender, CALL_RATE, seconds)),
            )
    _fill(report, [*quiet, *loaded], alone, beside[0])
    return report


def _asked(server: Server, rows: int, calls_per_s: float, meanwhile: Callable[[], None]) -> list[Asked]:
    clients = Clients(server.http_port, rows)
    clients.start()
    try:
        meanwhile()
    finally:
        asked = clients.stop(calls_per_s)
    return asked


def _fill(report: Report, asked: Sequence[Asked], alone: MenuRun, beside: MenuRun) -> None:
    for one in asked:
        samples = str(one.took_ms.samples)
        report.rows.append((one.question, f"{one.calls_per_s:g}", samples, str(one.errors), str(one.took_ms)))
    report.figures = [*map(asdict, asked), asdict(alone), asdict(beside)]
    report.notes.append(
        f"Calls at {CALL_RATE:g}/s are answered in {alone.answer_ms} ms without, in {beside.answer_ms} ms with the clients"
    )
    slowest = max(one.took_ms.p95 for one in asked if one.calls_per_s and "any page" not in one.question)
    report.goals = [
        Goal("slowest question beside calls (but any page), p95", slowest, most=P95_GOAL_MS, unit="ms"),
        Goal("REST errors", float(sum(one.errors for one in asked)), most=0.0),
        Goal("calls that failed beside REST", float(beside.calls - beside.succeeded), most=0.0),
    ]
