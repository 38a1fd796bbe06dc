"""Changes of running calls and verbs for them as JSON, and back: what goes through a worker's door."""

from dataclasses import asdict
from typing import Any

from offhook.rest.live_ports import LiveChange, LiveVerb, WantedEnd
from offhook.verbs import Hold, Method, Play, Refer, Resume, Say, Target

_VERBS: dict[str, type[LiveVerb]] = {kind.__name__: kind for kind in (Say, Play, Hold, Resume, Refer)}


def write_change(change: LiveChange) -> dict[str, Any]:
    """A change as JSON."""
    return asdict(change)


def read_change(written: dict[str, Any]) -> LiveChange:
    """The change that `write_change` wrote."""
    targets = {name: read_target(written[name]) for name in ("application", "fallback", "status_callback")}
    end = WantedEnd(written["end"]) if written["end"] is not None else None
    return LiveChange(**{**written, **targets, "end": end})


def write_verb(verb: LiveVerb) -> dict[str, Any]:
    """A verb as JSON."""
    return {"verb": type(verb).__name__, **asdict(verb)}


def read_verb(written: dict[str, Any]) -> LiveVerb:
    """The verb that `write_verb` wrote."""
    fields = {name: value for name, value in written.items() if name != "verb"}
    if "action" in fields:
        fields["action"] = read_target(fields["action"])
    if "vendors" in fields:
        fields |= {
            "vendors": tuple(fields["vendors"]),
            "extra": tuple((name, value) for name, value in fields["extra"]),
        }
    return _VERBS[written["verb"]](**fields)


def read_target(written: dict[str, str] | None) -> Target | None:
    """A target that became a dictionary; None stays None."""
    return Target(written["url"], Method(written["method"])) if written is not None else None
