"""What strangers are told to do, and what they tell of it: both cross a pipe as JSON."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from tests.sip.flooder import KINDS

EVERYWHERE = (*KINDS, "tcp-garbage", "tcp-held", "torture", "offers", "forged", "audio")
BEHIND_AN_EDGE = (*EVERYWHERE, "guesses")
"""All attacks; there are phones behind an edge alone."""


@dataclass(frozen=True, slots=True)
class Victim:
    """A running call, as somebody knows it who has read all of its SIP."""

    target: str
    local: str
    remote: str
    call_id: str
    routes: list[str]
    rtp: tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One attack or several, one after the other, each so long."""

    attacks: tuple[str, ...]
    port: int
    stranger: str
    """An address that may not call."""
    friend: str
    """One that may: what comes from there is looked at more closely."""
    refusing: str
    """A number whose calls are refused."""
    login: str
    """Whose password is guessed at."""
    seconds: float
    per_s: float
    victims: tuple[Victim, ...] = ()

    def json(self) -> str:
        """To be read again."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> "Plan":
        """What `json` wrote."""
        given = json.loads(text)
        victims = tuple(
            Victim(**{**each, "rtp": (each["rtp"][0], each["rtp"][1])}) for each in given.pop("victims")
        )
        return cls(**{**given, "attacks": tuple(given["attacks"]), "victims": victims})


@dataclass(slots=True)
class Outcome:
    """What one attack came to."""

    attack: str
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    """Final answers by their status."""
    taken: list[str] = field(default_factory=list)
    """What was let in that should not have been."""

    def json(self) -> str:
        """To be read again."""
        told = {"attack": self.attack, "sent": self.sent, "taken": self.taken}
        return json.dumps({**told, "answers": dict(self.answers)})

    @classmethod
    def read(cls, text: str) -> "Outcome":
        """What `json` wrote."""
        given = json.loads(text)
        return cls(**{**given, "answers": Counter(given["answers"])})

    @property
    def words(self) -> str:
        """For people."""
        answers = ", ".join(f"{count} x {status}" for status, count in sorted(self.answers.items()))
        return f"{self.sent} of {self.attack}" + (f" ({answers})" if answers else "")


def paced(seconds: float, per_s: float, *, least: int = 1) -> Iterator[int]:
    """Counts up, so many a second and for so long, and to `least` in any case."""
    began, count = time.monotonic(), 0
    while count < least or time.monotonic() - began < min(seconds, 60.0):
        yield count
        count += 1
        time.sleep(max(0.0, count / per_s - (time.monotonic() - began)))
