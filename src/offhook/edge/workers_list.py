"""What Kamailio's dispatcher is told of the workers: the list of them, their weights, and who takes calls.

Pure. A worker is *open* while it has free call slots and does not drain. Open workers are drawn by relative weight
(the dispatcher's algorithm 11), each with its free slots in proportion: of all the algorithms it alone goes by what
the workers say of themselves, so that their own calls count too, and it never sends a whole burst to whoever was the
emptiest a moment ago. A worker that is not open is *disabled*; *inactive* is Kamailio's own finding that it is dead.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from offhook.call.rows import WorkerRow

SET = 1
"""The number of the dispatcher's set."""
MOST_WEIGHT = 100
WEIGHT_STEP = 10
"""A weight that is off by less is left alone: each change loads the whole list anew."""
INACTIVE, DISABLED, PROBED = 1, 4, 8
"""Flags of a destination in the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A worker, as Kamailio shall see it."""

    uri: str
    weight: int
    """1 to 100, by its share of free slots."""
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A worker, as Kamailio sees it."""

    uri: str
    weight: int
    is_disabled: bool
    is_dead: bool
    """Whether it did not answer."""


def destinations(workers: Iterable[WorkerRow]) -> tuple[Destination, ...]:
    """What the leases of the workers come to. Of two leases for one address the newer counts."""
    newest = {worker.sip_address: worker for worker in sorted(workers, key=lambda each: each.started_at)}
    most_free = max((worker.free_slots for worker in newest.values()), default=0)
    return tuple(
        Destination(
            uri=f"sip:{address}",
            weight=max(1, round(MOST_WEIGHT * worker.free_slots / most_free)) if most_free > 0 else 1,
            is_open=worker.free_slots > 0 and not worker.is_draining,
        )
        for address, worker in sorted(newest.items())
    )


def with_gone(
    wanted: Iterable[Destination], listed: Iterable[Listed], is_there: Callable[[str], bool]
) -> tuple[Destination, ...]:
    """`wanted`, and as closed those on the list whose lease is over and who are there still: they may have calls, and what
    belongs to these calls must go on reaching them. The others' addresses are anybody's, and are believed no longer."""
    wanted = tuple(wanted)
    leased = {each.uri for each in wanted}
    gone = (
        Destination(uri=each.uri, weight=1, is_open=False)
        for each in listed
        if each.uri not in leased and is_there(each.uri)
    )
    return (*wanted, *gone)


def list_text(wanted: Iterable[Destination], dead: Iterable[str] = ()) -> str:
    """The dispatcher's list file. Workers whose URI is in `dead` stay so until they answer."""
    known_dead = frozenset(dead)
    lines = (_line(destination, destination.uri in known_dead) for destination in wanted)
    return "# Workers: set, URI, flags, priority, attributes\n" + "".join(lines)


def read_listing(told: Mapping[str, Any] | None) -> tuple[Listed, ...]:
    """What `dispatcher.list` answers; None and nothing where it has no workers."""
    records = told.get("RECORDS", ()) if told else ()
    targets = [target["DEST"] for record in records for target in record["SET"]["TARGETS"]]
    return tuple(
        Listed(
            uri=target["URI"],
            weight=int(target.get("ATTRS", {}).get("RWEIGHT") or 0),
            is_disabled=target["FLAGS"].startswith("D"),
            is_dead=target["FLAGS"].startswith("I"),
        )
        for target in targets
    )


def needs_new_list(wanted: Iterable[Destination], listed: Iterable[Listed]) -> bool:
    """Whether workers came, left, or changed their weights so much that the list must be loaded anew."""
    wanted = tuple(wanted)
    seen = {each.uri: each.weight for each in listed}
    return bool(seen.keys() - {each.uri for each in wanted}) or any(
        each.uri not in seen or (each.is_open and abs(each.weight - seen[each.uri]) >= WEIGHT_STEP)
        for each in wanted
    )


def state_changes(wanted: Iterable[Destination], listed: Iterable[Listed]) -> tuple[tuple[str, str], ...]:
    """States to set, with the URI of each worker: `d` takes no calls, `ap` takes calls and is asked if it lives."""
    disabled = {each.uri: each.is_disabled for each in listed}
    return tuple(
        ("ap" if destination.is_open else "d", destination.uri)
        for destination in wanted
        if disabled.get(destination.uri, not destination.is_open) is destination.is_open
    )


def _line(destination: Destination, is_dead: bool) -> str:
    flags = PROBED | (INACTIVE if is_dead else 0) if destination.is_open else DISABLED
    return f"{SET} {destination.uri} {flags} 0 rweight={destination.weight}\n"
