"""W6, growth: what a call costs as there are more of them, for Offhook and for the floor, as table and plot."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.load import contenders
from bench.load.contenders import Stage
from bench.load.playing import COLUMNS, PlayingRun, row, run_playing
from bench.load.report import Goal, Report

CALLS = (10, 50, 100, 200, 400)
WINDOW_S = 4.0
MOST_GROWTH = 1.5
"""A call among the most may cost so many times what one among 50 costs."""


def bench(around: Stage, *, calls: Sequence[int] = CALLS, seconds: float = WINDOW_S) -> Report:
    """The whole of W6."""
    report = Report("w6", "growth: W2 at rising numbers of calls; CPU over all processes", COLUMNS)
    with contenders.contenders(around) as running:
        for contender in running:
            run_playing(around, contender, contenders.PLAY, 10, 2.0, probes=0)
        runs = [
            run_playing(around, contender, contenders.PLAY, count, seconds)
            for count in calls
            for contender in running
        ]
    report.rows = [row(run) for run in runs]
    report.figures = [asdict(run) for run in runs]
    ours = [run for run in runs if run.contender == running[0].name]
    few, many = ours[min(1, len(ours) - 1)], ours[-1]
    growth = many.cpu_percent_a_call / few.cpu_percent_a_call if few.cpu_percent_a_call else float("nan")
    what = f"CPU a call at {many.calls} calls, times that at {few.calls}"
    report.goals = [Goal(what, growth, most=MOST_GROWTH)]
    report.plot = lambda path: plot(runs, path)
    return report


def plot(runs: Sequence[PlayingRun], path: Path) -> None:
    """Draw CPU, memory and packet gaps over the number of calls into a PNG."""
    from matplotlib.figure import Figure  # takes a second, and only this needs it

    panels: tuple[tuple[str, Callable[[PlayingRun], float]], ...] = (
        ("CPU a call, % of a core", lambda run: run.cpu_percent_a_call),
        ("p99 of packet gaps off 20 ms, ms", lambda run: run.gap_p99_ms),
        ("PSS of call processes, MB", lambda run: run.pss_mb),
    )
    figure = Figure(figsize=(15, 4.5))
    axes = figure.subplots(1, len(panels))
    for axis, (title, value) in zip(axes, panels, strict=True):
        for name in dict.fromkeys(run.contender for run in runs):
            of_one = [run for run in runs if run.contender == name]
            axis.plot([run.calls for run in of_one], [value(run) for run in of_one], marker="o", label=name)
        axis.set_title(title)
        axis.set_xlabel("calls at once")
        axis.set_ylim(bottom=0)
        axis.grid(visible=True, alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
