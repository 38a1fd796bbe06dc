"""What goes wrong when: made from a seed, so that a run that found something can be run again."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What can go wrong."""

    WORKER_KILLED = "a worker is killed"
    WORKER_FROZEN = "a worker stands still"
    DISPATCHER_KILLED = "the dispatcher is killed"
    RECOGNISER_KILLED = "the recogniser is killed"
    VOICE_KILLED = "the voice is killed"
    API_KILLED = "REST is killed"
    DATABASE_DOWN = "the database is down"
    DATABASE_HANGS = "the database answers nobody"
    DISK_FULL = "no file may grow"
    APPLICATION_BROKEN = "the application is broken"


LASTING_S: dict[Fault, tuple[float, float]] = {
    Fault.WORKER_FROZEN: (1.0, 20.0),
    Fault.DATABASE_DOWN: (1.0, 30.0),
    Fault.DATABASE_HANGS: (1.0, 15.0),
    Fault.DISK_FULL: (1.0, 10.0),
    Fault.APPLICATION_BROKEN: (2.0, 15.0),
}
"""How long the faults last that are no single blow: at least, at most."""


@dataclass(frozen=True, slots=True)
class Blow:
    """One fault, at its time, in seconds since the beginning."""

    at_s: float
    fault: Fault
    lasts_s: float
    choice: int
    """Which one is hit, where there are several; or how it is broken."""


def plan(seed: int, *, seconds: float, every_s: float, longest_s: float = 60.0) -> tuple[Blow, ...]:
    """Blows about `every_s` seconds apart, none lasting beyond `seconds` or longer than `longest_s`.

    Each kind comes before any comes again.
    """
    chance, blows = Random(seed), []
    at_s, bag = chance.uniform(0.3, 0.7) * every_s, list[Fault]()
    while at_s < seconds:
        if not bag:
            bag = list(Fault)
            chance.shuffle(bag)
        fault = bag.pop()
        shortest, longest = LASTING_S.get(fault, (0.0, 0.0))
        lasts_s = min(chance.uniform(shortest, longest), longest_s, seconds - at_s)
        blows.append(Blow(at_s, fault, lasts_s, chance.randrange(1_000)))
        at_s += chance.uniform(0.5, 1.5) * every_s
    return tuple(blows)
