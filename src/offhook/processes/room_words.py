"""What workers tell one another of rooms, as JSON: who comes, what happens to them, and what is to be done."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from offhook.call.info import CallInfo, Direction
from offhook.interpreter.meetings import (
    Attendee,
    Called,
    Company,
    Connected,
    Ear,
    Guest,
    Hears,
    InQueue,
    Muted,
    News,
    Over,
    Taker,
    Taped,
    Waiter,
)
from offhook.processes.live_words import read_target
from offhook.verbs import Target

Written = dict[str, Any]

GONE = 409
"""The status for who comes to a worker that does not hold the room any more."""

_GUESTS: dict[str, type[Attendee] | type[Waiter] | type[Taker]] = {
    kind.__name__: kind for kind in (Attendee, Waiter, Taker)
}
_NEWS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Hears, Muted, Taped, Company, InQueue, Called, Connected, Over)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """Somebody who comes into a room from another worker."""

    name: str
    """The room's."""
    guest: Guest
    info: CallInfo
    """Their call."""


def write_coming(coming: Coming) -> Written:
    """As JSON. Of the call only what a room has to know."""
    info = coming.info
    return {
        "name": coming.name,
        "kind": type(coming.guest).__name__,
        "guest": asdict(coming.guest),
        "call": {
            "call_id": info.call_id,
            "account_sid": info.account_sid,
            "direction": info.direction,
            "from_": info.from_,
            "to": info.to,
            "created_at": info.created_at.isoformat(),
        },
    }


def read_coming(written: Written) -> Coming:
    """What `write_coming` wrote."""
    call = written["call"]
    guest = dict(written["guest"])
    if "announcement" in guest:
        guest["announcement"] = read_target(guest["announcement"])
    return Coming(
        name=written["name"],
        guest=_GUESTS[written["kind"]](**guest),
        info=CallInfo(
            **{
                **call,
                "direction": Direction(call["direction"]),
                "created_at": datetime.fromisoformat(call["created_at"]),
            }
        ),
    )


def write_news(news: News) -> Written:
    """As JSON."""
    return {"news": type(news).__name__, **asdict(news)}


def read_news(written: Written) -> News:
    """What `write_news` wrote."""
    told = dict(written)
    kind = _NEWS[told.pop("news")]
    for name in ("sound", "announcement"):
        if name in told:
            told[name] = read_target(told[name])
    if "ear" in told:
        told["ear"] = Ear(told["ear"])
    news: News = kind(**told)
    return news


def write_target(target: Target | None) -> Written | None:
    """As JSON."""
    return None if target is None else asdict(target)
