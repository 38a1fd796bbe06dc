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
    Departed,
    Ear,
    Guest,
    Hears,
    InQueue,
    Muted,
    News,
    Over,
    Prompts,
    Taker,
    Taped,
    Waiter,
)
from offhook.processes.live_words import read_target, read_verb, write_verb
from offhook.verbs import Pause, Play, Say, Target

Written = dict[str, Any]

GONE = 409
"""The status for who comes to a worker that does not hold the room any more."""

_GUESTS: dict[str, type[Attendee] | type[Waiter] | type[Taker]] = {
    kind.__name__: kind for kind in (Attendee, Waiter, Taker)
}
_NEWS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Hears, Muted, Taped, Company, Departed, InQueue, Called, Connected, Over)
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


def write_prompts(prompts: Prompts) -> list[Written]:
    """As JSON."""
    return [
        {"verb": "Pause", **asdict(prompt)} if isinstance(prompt, Pause) else write_verb(prompt)
        for prompt in prompts
    ]


def read_prompts(written: list[Written]) -> Prompts:
    """What `write_prompts` wrote."""
    return tuple(_prompt(prompt) for prompt in written)


def _prompt(written: Written) -> Say | Play | Pause:
    if written["verb"] == "Pause":
        return Pause(**{name: value for name, value in written.items() if name != "verb"})
    verb = read_verb(written)
    assert isinstance(verb, Say | Play)
    return verb


def write_target(target: Target | None) -> Written | None:
    """As JSON."""
    return None if target is None else asdict(target)


def write_departed(departed: Departed | None) -> Written:
    """As JSON; empty where there is nothing to know."""
    return asdict(departed) if departed is not None else {}


def read_departed(written: Written) -> Departed | None:
    """What `write_departed` wrote."""
    return Departed(**written) if written else None
