"""Numbers that a process keeps about its own work: counted in plain dictionaries, read by whoever asks.

To count costs a dictionary look-up; nothing is sent anywhere. A `snapshot` is JSON: the api process collects those of all
processes and writes them as Prometheus reads them. Each number is changed by one thread.
"""

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, TypeVar

FAST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds for what takes milliseconds to seconds."""
MOST_VALUES = 50
"""Label values of one kind that are told apart where there may be any number of them, such as hosts."""
OTHER = "other"

Sample = tuple[str, dict[str, str], float]
"""What is appended to the family's name, the labels, the value."""


class Counter:
    """Counts events by their labels."""

    def __init__(self, name: str, help: str, labels: tuple[str, ...]) -> None:
        self.name = name
        self.help = help
        self.kind = "counter"
        self._labels = labels
        self._counts: dict[tuple[str, ...], float] = {}

    def add(self, *values: str, by: float = 1) -> None:
        """One more event; `values` are those of the labels, in their order."""
        self._counts[values] = self._counts.get(values, 0) + by

    def samples(self) -> list[Sample]:
        """The counts so far."""
        return [
            ("_total", dict(zip(self._labels, values, strict=True)), count)
            for values, count in tuple(self._counts.items())
        ]


class Histogram:
    """Counts measurements by how large they are. `bounds` are the upper ends of the buckets, growing."""

    def __init__(self, name: str, help: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> None:
        self.name = name
        self.help = help
        self.kind = "histogram"
        self._labels = labels
        self._bounds = bounds
        self._rows: dict[tuple[str, ...], list[float]] = {}

    def observe(self, measured: float, *values: str) -> None:
        """One more measurement; `values` are those of the labels, in their order."""
        row = self._rows.get(values)
        if row is None:
            row = self._rows[values] = [0.0] * (len(self._bounds) + 2)  # the buckets, what is beyond, the sum
        row[bisect_left(self._bounds, measured)] += 1
        row[-1] += measured

    def samples(self) -> list[Sample]:
        """The measurements so far: each bucket with those below it, as Prometheus wants them."""
        found: list[Sample] = []
        for values, row in tuple(self._rows.items()):
            labels = dict(zip(self._labels, values, strict=True))
            below = 0.0
            for bound, count in zip((*map(str, self._bounds), "+Inf"), row[:-1], strict=True):
                below += count
                found.append(("_bucket", {**labels, "le": bound}, below))
            found += [("_count", labels, below), ("_sum", labels, row[-1])]
        return found


class Gauge:
    """A number that is read when somebody asks."""

    def __init__(self, name: str, help: str, read: Callable[[], float]) -> None:
        self.name = name
        self.help = help
        self.kind = "gauge"
        self._read = read

    def samples(self) -> list[Sample]:
        """The number now."""
        return [("", {}, self._read())]


class Few:
    """Lets through the first MOST_VALUES different values of a label; what comes after is `other`."""

    def __init__(self, most: int = MOST_VALUES) -> None:
        self._most = most
        self._known: set[str] = set()

    def __call__(self, value: str) -> str:
        """`value`, or `other`."""
        if value not in self._known:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(value)
        return value


F = TypeVar("F", Counter, Histogram, Gauge)


class Meter:
    """The numbers of one process."""

    def __init__(self) -> None:
        self._families: list[Counter | Histogram | Gauge] = []

    def counter(self, name: str, help: str, *labels: str) -> Counter:
        """A new counter; Prometheus shows it as `name_total`."""
        return self._kept(Counter(name, help, labels))

    def histogram(self, name: str, help: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
        """A new histogram."""
        return self._kept(Histogram(name, help, labels, bounds))

    def gauge(self, name: str, help: str, read: Callable[[], float]) -> Gauge:
        """A new gauge; `read` is called on the event loop and must not block."""
        return self._kept(Gauge(name, help, read))

    def snapshot(self) -> list[dict[str, Any]]:
        """All numbers, fit for JSON."""
        return [
            {"name": family.name, "kind": family.kind, "help": family.help, "samples": family.samples()}
            for family in self._families
        ]

    def _kept(self, family: F) -> F:
        self._families.append(family)
        return family
