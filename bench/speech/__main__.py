"""`make bench-speech`: everything that a caller feels of speech, and whether it is as good as it is to be.

    python -m bench.speech [part …] [--quick] [--rounds 3] [--results bench/results]

Each part is a program of its own with a time in which it has to be done; what hangs is ended, and the others go on. All goals together are
shown at the end and kept in speech.json. Ends with status 1 where one is missed, 2 where a part has no figures.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.load.report import Goal, Report, keep, show
from bench.speech.part import MET, MISSED, NOT_MEASURED, RESULTS
from offhook.pjsua.build import installed_build

END_S = 45.0
"""How long a part that is told to end may take to stop its server."""
CALL_SLOTS = 50


@dataclass(frozen=True, slots=True)
class Part:
    """A program of `bench.speech`."""

    result: str
    """The name of its file of figures."""
    longest_s: float
    needs_calls: bool = True


PARTS = {
    "silence": Part("speech-silence", 240),
    "first_audio": Part("speech-first-audio", 240),
    "long_text": Part("speech-long-text", 240),
    "end_of_speech": Part("speech-end", 240),
    "crowd": Part("speech-crowd", 240),
    "ears": Part("speech-ears", 180, needs_calls=False),
    "menus": Part("menus", 420, needs_calls=False),
}


def main() -> int:
    """Run what is named, one after another."""
    asked = _arguments()
    wanted = asked.part or list(PARTS)
    if installed_build().call_slots < CALL_SLOTS and "crowd" in wanted:
        print(f"crowd needs a PJSIP with {CALL_SLOTS} call slots or more; make engine builds one")
        return NOT_MEASURED
    began = time.monotonic()
    results: Path = asked.results
    statuses = {name: _run(name, _options(name, asked)) for name in wanted}
    report = Report("speech", "all goals", ("part", "outcome"))
    for name, status in statuses.items():
        outcome = {MET: "met", MISSED: "missed"}.get(status, "not measured")
        report.rows.append((name, outcome))
        report.figures.append({"part": name, "outcome": outcome})
        if status in (MET, MISSED):
            report.goals += _goals(results / f"{PARTS[name].result}.json")
    report.notes.append(
        f"{time.monotonic() - began:.0f} s; callers and server share the cores of one machine"
    )
    show(report)
    print(keep(report, results))
    return max(statuses.values(), default=MET)


def _run(name: str, options: list[str]) -> int:
    """A part, within its time; its exit status."""
    print(f"-- {name}", flush=True)
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", f"bench.speech.{name}", *options])
    try:
        return process.wait(PARTS[name].longest_s)
    except subprocess.TimeoutExpired:
        print(f"{name} was not done within {PARTS[name].longest_s:g} s", file=sys.stderr)
        return NOT_MEASURED
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends as at Ctrl-C, so that its server is stopped too; a part that does not is killed."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _options(name: str, asked: argparse.Namespace) -> list[str]:
    options = ["--results", str(asked.results)]
    if name == "menus":
        return [*options, "--rounds", str(asked.rounds or (1 if asked.quick else 4))]
    return [*options, "--quick"] if asked.quick else options


def _goals(path: Path) -> list[Goal]:
    """The goals of a part, as it kept them."""
    return [
        Goal(
            what=goal["what"],
            value=float("nan") if goal["value"] is None else goal["value"],
            most=goal["most"],
            least=goal["least"],
            unit=goal["unit"],
        )
        for goal in json.loads(path.read_text())["goals"]
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.speech", description=__doc__)
    parser.add_argument(
        "part", nargs="*", help=f"which of {', '.join(PARTS)}; all of them unless some are named"
    )
    parser.add_argument("--quick", action="store_true", help="fewer samples: two minutes")
    parser.add_argument("--rounds", type=int, help="of menus, 48 utterances each (4)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the figures (bench/results)")
    asked = parser.parse_args()
    if unknown := [name for name in asked.part if name not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if asked.rounds is not None and not 1 <= asked.rounds <= 100:
        parser.error("--rounds takes 1 to 100")
    return asked


if __name__ == "__main__":
    sys.exit(main())
