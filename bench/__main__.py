"""`make bench`: what calls cost, how long they wait, how large processes are, how fast lists are read.

Tables here, figures in bench/results; everything on loopback, bounded in count and time. Ends with status 1 where a
goal is missed.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from httpx2 import HTTPError
from rich.console import Console

from bench.load import barge_in, flood, growth, languages, menu, playing, records, soak
from bench.load.contenders import Other, Stage, stage
from bench.load.processes import cores_awake
from bench.load.report import Goal, Report, keep, show
from offhook.pjsua.build import installed_build

RESULTS = Path(__file__).parent / "results"
SINGLE: dict[str, tuple[str, ...]] = {
    "calls": ("bench.calls", "--samples", "20"),
    "lists": ("bench.rest_lists", "--samples", "100"),
}
"""Benches that stand alone: modules and what they are told."""
LOAD: dict[str, Callable[[Stage, float], Report]] = {
    "w1": lambda around, seconds: menu.bench(around, seconds=seconds),
    "w2": lambda around, seconds: playing.bench_playing(around, seconds=seconds),
    "w3": lambda around, seconds: playing.bench_forked(around, seconds=seconds),
    "w4": lambda around, _seconds: barge_in.bench(around),
    "w5": lambda around, seconds: records.bench(around, seconds=seconds),
    "w6": lambda around, seconds: growth.bench(around, seconds=seconds / 2),
    "w7": lambda around, seconds: languages.bench(around, seconds=seconds),
    "flood": lambda around, _seconds: flood.bench(around),
    "soak": lambda around, _seconds: soak.bench(around),
}
OF_ANY_SERVER = ("w1", "w2", "w3", "w4", "w6")
CALL_SLOTS = 420
"""What the largest run takes, Offhook and the floor alike."""
APPLICATION_PORT, SINK_PORT = 18080, 18090
"""Where another server finds what it asks and what it sends audio to."""


def main() -> int:
    """Run what is named, one after another; 1 where a goal was missed."""
    asked = _arguments()
    wanted = asked.bench or ([*LOAD, *SINGLE] if asked.target is None else list(OF_ANY_SERVER))
    asked.results.mkdir(parents=True, exist_ok=True)
    met = [_run_single(name, asked.results) for name in wanted if name in SINGLE]
    loads = [name for name in wanted if name in LOAD]
    if loads and installed_build().call_slots < CALL_SLOTS:
        print(f"{', '.join(loads)} need a PJSIP with {CALL_SLOTS} call slots or more; make engine builds one")
        return 2
    if loads:
        met += _run_loads(loads, asked)
    return 0 if all(met) else 1


def _run_single(name: str, results: Path) -> bool:
    """A bench that stands alone; whether its goals are met."""
    command = [sys.executable, "-W", "ignore", "-m", *SINGLE[name], "--json", str(results / f"{name}.json")]
    return subprocess.run(command, check=False).returncode == 0


def _run_loads(names: list[str], asked: argparse.Namespace) -> list[bool]:
    """Load benches on one stage; whether the goals of each are met."""
    target: tuple[str, int] | None = asked.target
    with (
        nullcontext() if asked.let_sleep else cores_awake(),
        stage(
            other=Other(host=target[0], port=target[1], roots=tuple(asked.pid)) if target else None,
            application_port=APPLICATION_PORT if target else 0,
            sink_port=SINK_PORT if target else 0,
        ) as around,
    ):
        return [_run(name, around, asked.seconds, asked.results) for name in names]


def _run(name: str, around: Stage, seconds: float, results: Path) -> bool:
    """One bench; whether its goals are met."""
    console = Console()
    began = time.monotonic()
    around.deaths.clear()
    around.warnings.clear()
    try:
        report = LOAD[name](around, seconds)
    except (RuntimeError, AssertionError, OSError, HTTPError, TimeoutError) as fault:
        console.print(f"{name} could not be measured: {fault!r}", markup=False, style="red")
        return False
    if around.other is None:
        report.goals.append(Goal("processes of Offhook that died", float(len(around.deaths)), most=0.0))
    report.notes += around.deaths
    report.notes += [f"Offhook's log has {count} x {what}" for what, count in around.warnings.most_common()]
    show(report)
    path = keep(report, results)
    console.print(f"{path}, {time.monotonic() - began:.0f} s", markup=False, highlight=False)
    return report.is_met


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = ", ".join([*LOAD, *SINGLE])
    parser.add_argument("bench", nargs="*", help=f"which of {names}; all of them unless some are named")
    parser.add_argument(
        "--target", type=_target, help="another server, as host:port on loopback, in Offhook's place"
    )
    parser.add_argument(
        "--pid",
        type=int,
        action="append",
        default=[],
        help="a process of that server (its children count too)",
    )
    parser.add_argument("--seconds", type=float, default=6.0, help="how long one run measures (6)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the figures (bench/results)")
    parser.add_argument("--let-sleep", action="store_true", help="let cores sleep between packets")
    asked = parser.parse_args()
    if unknown := [name for name in asked.bench if name not in LOAD and name not in SINGLE]:
        parser.error(f"there is no bench {', '.join(unknown)}; there are {names}")
    if not 2.0 <= asked.seconds <= 120.0:
        parser.error("--seconds takes 2 to 120")
    if asked.target and not asked.pid:
        parser.error("--target needs the server's process: --pid 1234 (may be given several times)")
    return asked


def _target(value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host.startswith("127.") or not port.isdigit() or not 0 < int(port) < 65536:
        raise argparse.ArgumentTypeError(f"{value} is no host:port on loopback; write it like 127.0.0.1:5060")
    return host, int(port)


sys.exit(main())
