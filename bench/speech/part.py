"""One part of `make bench-speech` as a program of its own: it can be run alone, and ended from outside when it hangs."""

import argparse
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

from bench.load.processes import cores_awake
from bench.load.report import Report, keep, show

RESULTS = Path(__file__).parents[1] / "results"
MET, MISSED, NOT_MEASURED = 0, 1, 2


class Bench(Protocol):
    """Measures one part."""

    def __call__(self, *, quick: bool) -> Report:
        """The report of it; `quick` takes fewer samples."""


def run_part(bench: Bench) -> int:
    """Measure as the command line says, show, keep; the exit status: 0, 1 where a goal was missed, 2 without figures."""
    module = sys.modules[bench.__module__]
    parser = argparse.ArgumentParser(description=(module.__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer samples")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the figures (bench/results)")
    parser.add_argument("--let-sleep", action="store_true", help="let cores sleep between packets")
    asked = parser.parse_args()
    with nullcontext() if asked.let_sleep else cores_awake():
        return finish(lambda: bench(quick=asked.quick), asked.results)


def finish(measure: Callable[[], Report], results: Path) -> int:
    """Measure, show and keep; what could not be measured is told in a line."""
    try:
        report = measure()
    except Exception as fault:  # noqa: BLE001  # the other parts are measured all the same
        print(f"could not be measured: {fault!r}", file=sys.stderr)
        return NOT_MEASURED
    show(report)
    print(keep(report, results))
    return MET if report.is_met else MISSED
