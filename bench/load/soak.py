"""Soak: ten thousand menu calls in a row; memory stays flat and no descriptor is leaked."""

import time
from dataclasses import asdict, dataclass

from bench.load import contenders
from bench.load.contenders import Contender, Stage
from bench.load.menu import MenuRun, run_menu
from bench.load.processes import commands, descriptors, pss_mb, tree
from bench.load.report import Goal, Report

CALLS, PARTS = 10_000, 5
RATE = 80.0
SETTLE_S = 3.0
MOST_GROWTH_MB, MOST_DESCRIPTORS = 8.0, 8.0


@dataclass(frozen=True, slots=True)
class Size:
    """How large a server is."""

    pss_mb: float
    descriptors: int
    by_process: dict[str, float]
    """PSS in MB of each."""


def bench(around: Stage, *, calls: int = CALLS, rate: float = RATE) -> Report:
    """The whole soak."""
    report = Report(
        "soak",
        f"{calls:,} menu calls in a row at {rate:g} calls/s",
        ("after calls", "bad", "PSS MB", "descriptors", "processes", "answer ms", "CPU ms a call"),
    )
    sizes: list[Size] = []
    bad = 0
    with contenders.contenders(around) as (contender, _floor):
        for part in range(1, PARTS + 1):
            run = run_menu(around, contender, rate, calls / PARTS / rate)
            bad += run.calls - run.succeeded
            sizes.append(_size(contender))
            report.rows.append(_row(part * calls // PARTS, run, sizes[-1]))
            report.figures.append({**asdict(run), **asdict(sizes[-1])})
    middle, last = sizes[PARTS // 2], sizes[-1]
    since = f"over the last {calls - (PARTS // 2 + 1) * calls // PARTS:,} calls"
    report.goals = [
        Goal("calls that failed", float(bad), most=0.0),
        Goal(f"memory grown {since}, PSS", last.pss_mb - middle.pss_mb, most=MOST_GROWTH_MB, unit="MB"),
        Goal(
            f"descriptors grown {since}", float(last.descriptors - middle.descriptors), most=MOST_DESCRIPTORS
        ),
    ]
    grown = ", ".join(
        f"{name} {mb - sizes[0].by_process.get(name, 0.0):+.1f}" for name, mb in last.by_process.items()
    )
    report.notes.append(f"PSS in MB since the first {calls // PARTS:,} calls: {grown}")
    return report


def _row(done: int, run: MenuRun, size: Size) -> tuple[str, ...]:
    return (
        f"{done:,}",
        str(run.calls - run.succeeded),
        f"{size.pss_mb:.1f}",
        str(size.descriptors),
        str(len(size.by_process)),
        str(run.answer_ms),
        f"{run.cpu_ms_a_call:.2f}",
    )


def _size(contender: Contender) -> Size:
    time.sleep(SETTLE_S)  # closed sockets linger half a second, and records are written
    pids = tree(contender.roots)
    by_process = {
        f"{command.split(' ')[2] if command.count(' ') > 1 else command} {pid}": pss_mb([pid])
        for pid, command in commands(contender.roots).items()
    }
    return Size(sum(by_process.values()), descriptors(pids), by_process)
