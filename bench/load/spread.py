"""How measured values are spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, nan


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of delays, in milliseconds; not a number where nothing was measured."""

    samples: int
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of some values."""
        inorder = sorted(values)

        def percentile(share: float) -> float:
            return inorder[max(0, ceil(share * len(inorder)) - 1)] if inorder else nan

        return cls(
            len(inorder), percentile(0.5), percentile(0.95), percentile(0.99), inorder[-1] if inorder else nan
        )

    def __str__(self) -> str:
        def short(value: float) -> str:
            return f"{value:.1f}" if value < 10 else f"{value:.0f}"

        return " / ".join(map(short, (self.p50, self.p95, self.p99))) if self.samples else "none"
