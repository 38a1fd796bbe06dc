"""What is remembered of strangers for a while, in so much memory and no more. Pure: it is told the time."""

from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Expiring(Generic[V]):
    """Values with an end each. Where there are too many, the one that was kept first goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Hashable, tuple[V, float]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, at: float) -> V | None:
        """What is remembered under a key; None where that is over."""
        found = self._kept.get(key)
        if found is None:
            return None
        if at >= found[1]:
            del self._kept[key]
            return None
        return found[0]

    def keep(self, key: Hashable, value: V, until: float) -> None:
        """Remember something until then, in place of what was there."""
        if self._kept.pop(key, None) is None and len(self._kept) >= self._most:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (value, until)

    def change(self, key: Hashable, value: V, at: float, otherwise_until: float) -> None:
        """Remember another value, for as long as the one before would have been; without one until `otherwise_until`."""
        found = self._kept.get(key)
        if found is None or at >= found[1]:
            self.keep(key, value, otherwise_until)
        else:
            self._kept[key] = (value, found[1])

    def drop(self, key: Hashable) -> None:
        """Forget it."""
        self._kept.pop(key, None)
