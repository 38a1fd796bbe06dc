"""A fact on its way to the tables."""

import hashlib
from dataclasses import dataclass

from offhook.call.facts import Fact


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact with the identity that its rows have, the same however often its writing is tried."""

    fact: Fact
    id: str

    def callback_id(self, number: int) -> str:
        """The identity of the fact's callback of this number, counted from 0."""
        return hashlib.sha256(f"{self.id}/{number}".encode()).hexdigest()[:32]
