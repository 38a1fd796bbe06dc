"""What a bench found: a table on the screen, goals, and everything as JSON."""

import json
import math
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

WIDTH = 150
"""Of a table that goes into a file."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that must stay within a limit."""

    what: str
    value: float
    most: float | None = None
    least: float | None = None
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it does; a value that was not measured misses it."""
        if math.isnan(self.value):
            return False
        return (self.most is None or self.value <= self.most) and (
            self.least is None or self.value >= self.least
        )

    @property
    def limit(self) -> str:
        """The limit in words."""
        return f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}"


@dataclass(slots=True)
class Report:
    """One bench's findings."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    figures: list[Mapping[str, object]] = field(default_factory=list)
    """Each run with all that it measured."""
    notes: list[str] = field(default_factory=list)
    plot: Callable[[Path], None] | None = None
    """Draws the findings into a PNG, where there is something to draw."""

    @property
    def is_met(self) -> bool:
        """Whether all goals are met."""
        return all(goal.is_met for goal in self.goals)


def show(report: Report) -> None:
    """Print a report."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(_table(f"{report.name}: {report.title}", report.columns, report.rows))
    for note in report.notes:
        console.print(note, markup=False, highlight=False)
    if report.goals:
        rows = [
            (goal.what, f"{goal.value:.2f}", goal.limit, goal.unit, "met" if goal.is_met else "MISSED")
            for goal in report.goals
        ]
        console.print(_table("", ("goal", "measured", "limit", "unit", ""), rows))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title or None)
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in rows:
        table.add_row(*row)
    return table


def keep(report: Report, folder: Path) -> Path:
    """Write a report as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.name}.json"
    content = {
        "bench": report.name,
        "title": report.title,
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"python": platform.python_version(), "system": platform.platform()},
        "goals": [{**asdict(goal), "is_met": goal.is_met} for goal in report.goals],
        "notes": report.notes,
        "runs": report.figures,
    }
    path.write_text(json.dumps(_plain(content), indent=2, allow_nan=False) + "\n")
    if report.plot is not None:
        report.plot(folder / f"{report.name}.png")
    return path


def _plain(value: object) -> object:
    """JSON has no word for what is not a number."""
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
