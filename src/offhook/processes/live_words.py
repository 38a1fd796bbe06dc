"""Changes of running calls and verbs for them as JSON, and back: what goes through a worker's door."""

from dataclasses import asdict
from typing import Any

from offhook.rest.live_ports import (
    Legs,
    LiveChange,
    LiveVerb,
    Performance,
    PerformanceKind,
    PerformedVerb,
    WantedEnd,
)
from offhook.verbs import FileFormat, Hold, Method, Play, Record, Refer, Resume, Say, SendKeys, Target

_VERBS: dict[str, type[LiveVerb]] = {kind.__name__: kind for kind in (Say, Play, Hold, Resume, Refer)}


def write_change(change: LiveChange) -> dict[str, Any]:
    """A change as JSON."""
    return asdict(change)


def read_change(written: dict[str, Any]) -> LiveChange:
    """The change that `write_change` wrote."""
    targets = {
        name: read_target(written[name])
        for name in ("application", "fallback", "status_callback", "connected_application")
    }
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


def write_performance(performance: Performance) -> dict[str, Any]:
    """A performance as JSON."""
    verbs = [_written(asdict(verb)) | {"verb": type(verb).__name__} for verb in performance.verbs]
    return {
        "kind": performance.kind,
        "verbs": verbs,
        "legs": performance.legs,
        "repeats": performance.repeats,
        "longest_s": performance.longest_s,
        "record_id": performance.record_id,
    }


def read_performance(written: dict[str, Any]) -> Performance:
    """The performance that `write_performance` wrote."""
    return Performance(
        **{
            **written,
            "kind": PerformanceKind(written["kind"]),
            "legs": Legs(written["legs"]),
            "verbs": tuple(_performed(verb) for verb in written["verbs"]),
        }
    )


def _written(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in fields.items()}


def _performed(written: dict[str, Any]) -> PerformedVerb:
    fields = {name: value for name, value in written.items() if name != "verb"}
    match written["verb"]:
        case "SendKeys":
            return SendKeys(**fields)
        case "Record":
            targets = {
                name: read_target(fields[name]) for name in ("action", "callback", "transcription_target")
            }
            keys, file_format = frozenset(fields["finish_keys"]), FileFormat(fields["file_format"])
            return Record(**{**fields, **targets, "finish_keys": keys, "file_format": file_format})
        case _:
            verb = read_verb(written)
            assert isinstance(verb, Say | Play)
            return verb
