"""W1, the menu call: answer, ask the application, play a prompt of 1 s, take one key, tell the application, hang up.

Measured in turns with the floor at one rate (and with a StatusCallback, to tell its price apart), then at rising
rates until calls fail.
"""

import time
from dataclasses import asdict, dataclass
from statistics import median

from bench.load import contenders
from bench.load.contenders import Contender, Stage
from bench.load.media import KEY_AFTER_S
from bench.load.processes import Watch
from bench.load.report import Goal, Report
from bench.load.sipp import Load, sipp
from bench.load.spread import Spread

FIXED_RATE, BUSY_RATE = 25.0, 80.0
"""A server that is mostly idle wakes for each packet; a busy one finds several at once."""
BUSY_ROUNDS = 2
RATES = (80.0, 120.0, 160.0)
SUSTAINED_RATE, SUSTAINED_S = 120.0, 20.0
RISING_S = 5.0
LATE_MS = 500.0
"""A rate whose p95 of an answer is above this has failed."""
SETTLE_S = 1.0
ANSWER, KEY_TO_BYE = 1, 2
"""The scenario's timers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuRun:
    """One run."""

    contender: str
    rate: float
    calls: int
    succeeded: int
    failed: int
    retransmissions: int
    right_keys: int
    status_callbacks: int
    answer_ms: Spread
    key_to_bye_ms: Spread
    """From the first packet of the key, which lasts 100 ms."""
    cpu_ms_a_call: float
    sipp_cpu_ms_a_call: float
    machine_percent: float
    faults: str

    @property
    def is_good(self) -> bool:
        """Whether every call went as it should, in time."""
        is_whole = self.failed == 0 and self.succeeded == self.calls == self.right_keys
        return is_whole and self.answer_ms.p95 <= LATE_MS and self.key_to_bye_ms.p95 <= LATE_MS


def run_menu(
    around: Stage, contender: Contender, rate: float, seconds: float, *, user: str = contenders.MENU
) -> MenuRun:
    """Place calls at a rate for some seconds."""
    calls = round(rate * seconds)
    around.application.counted(reset=True)
    load = Load(
        scenario="menu",
        host=contender.host,
        port=contender.port,
        user=user,
        calls=calls,
        rate=rate,
        at_once=max(50, round(rate * 20)),
        within_s=seconds + 30,
    )
    contender.must_live()
    watch = Watch(contender.roots)
    with sipp(load, around.media) as running:
        running.wait()
        time.sleep(SETTLE_S)  # what comes after a call, such as its records, is part of its price
        spent = watch.spent()
        seen = running.outcome()
    counted = around.application.counted()
    label = f"{contender.name} + StatusCallback" if user == contenders.MENU_WITH_STATUS else contender.name
    return MenuRun(
        contender=label,
        rate=rate,
        calls=calls,
        succeeded=seen.succeeded,
        failed=seen.failed,
        retransmissions=seen.retransmissions,
        right_keys=counted.get("right keys", 0),
        status_callbacks=counted.get("/status", 0),
        answer_ms=Spread.of(seen.delays_ms.get(ANSWER, [])),
        key_to_bye_ms=Spread.of([ms - 1000 * KEY_AFTER_S for ms in seen.delays_ms.get(KEY_TO_BYE, [])]),
        cpu_ms_a_call=1000 * spent.cpu_s / calls,
        sipp_cpu_ms_a_call=1000 * seen.cpu_s / calls,
        machine_percent=spent.machine_percent,
        faults=seen.faults,
    )


def bench(around: Stage, *, seconds: float = 8.0, rounds: int = 3, rate: float = FIXED_RATE) -> Report:
    """The whole of W1."""
    report = Report(
        "w1",
        "IVR menu call; CPU over all processes of a server; delays as p50 / p95 / p99",
        ("server", "calls/s", "calls", "bad", "CPU ms a call", "answer ms", "key to BYE ms", "machine %"),
    )
    with contenders.contenders(around) as (first, floor):
        turns = [(first, contenders.MENU), (floor, contenders.MENU)]
        if around.other is None:
            turns.append((first, contenders.MENU_WITH_STATUS))
        for contender, user in turns:  # whoever is first pays for caches and pools
            run_menu(around, contender, rate, 2.0, user=user)
        runs = [
            run_menu(around, contender, rate, seconds, user=user)
            for _ in range(rounds)
            for contender, user in turns
        ]
        busy = [
            run_menu(around, contender, BUSY_RATE, seconds)
            for _ in range(BUSY_ROUNDS)
            for contender in (first, floor)
        ]
        rising = rise(around, first)
    for run in (*runs, *busy, *rising):
        report.rows.append(_row(run))
        report.figures.append(asdict(run))
    judge(report, runs, rising, first.name)
    ours, least = _middle(busy, first.name), _middle(busy, "floor")
    report.notes.append(
        f"CPU a call at {BUSY_RATE:g} calls/s: {first.name} {ours:.2f} ms, floor {least:.2f} ms ({ours / least:.2f} x)"
    )
    return report


def rise(around: Stage, contender: Contender) -> list[MenuRun]:
    """Runs at rising rates, up to the first that fails twice in a row; the machine may be shared."""
    runs: list[MenuRun] = []
    for rate in RATES:
        seconds = SUSTAINED_S if rate == SUSTAINED_RATE else RISING_S
        for _attempt in range(2):
            runs.append(run_menu(around, contender, rate, seconds))
            if runs[-1].is_good:
                break
            time.sleep(2.0)
        else:
            return runs
    return runs


def _middle(runs: list[MenuRun], contender: str) -> float:
    return median(run.cpu_ms_a_call for run in runs if run.contender == contender)


def judge(report: Report, runs: list[MenuRun], rising: list[MenuRun], name: str) -> None:
    """Hold the runs to the goals."""
    ours, floor = _middle(runs, name), _middle(runs, "floor")
    report.notes.append(f"CPU a call, medians: {name} {ours:.2f} ms, floor {floor:.2f} ms")
    with_status = f"{name} + StatusCallback"
    if any(run.contender == with_status for run in runs):
        report.notes.append(f"A StatusCallback adds {_middle(runs, with_status) - ours:.2f} ms")
    best = max((run.rate for run in rising if run.is_good), default=0.0)
    report.notes.append(f"Highest rate without a failure, load generator included: {best:g} calls/s")
    delays = [run.key_to_bye_ms.p50 for run in runs if run.contender == name]
    sustained = [run for run in rising if run.rate == SUSTAINED_RATE]
    report.goals += [
        Goal("W1 CPU a call, times the floor", ours / floor, most=1.8),
        Goal("key to BYE, p50", median(delays), most=25.0, unit="ms"),
        Goal(
            f"{SUSTAINED_RATE:g} calls/s for {SUSTAINED_S:g} s without a failure",
            float(any(run.is_good for run in sustained)),
            least=1.0,
        ),
    ]


def _row(run: MenuRun) -> tuple[str, ...]:
    return (
        run.contender,
        f"{run.rate:g}",
        str(run.calls),
        str(run.calls - min(run.succeeded, run.right_keys)),
        f"{run.cpu_ms_a_call:.2f}",
        str(run.answer_ms),
        str(run.key_to_bye_ms),
        f"{run.machine_percent:.0f}",
    )
