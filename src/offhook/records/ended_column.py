"""How a call ended, as the one column of its row that keeps it: an object of JSON with what there is to say."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from offhook.call.ending import EndCause, EndedBy
from offhook.call.errors import Asked
from offhook.call.how_ended import Failing, HowEnded

_KINDS: Mapping[str, type] = {"cause": EndCause, "by": EndedBy, "failing": Failing, "asked": Asked}
_NAMES = tuple(field.name for field in fields(HowEnded))


def ended_column(ended: HowEnded | None) -> dict[str, object] | None:
    """The value of the column; None where nobody saw the end."""
    if ended is None:
        return None
    values = ((name, getattr(ended, name)) for name in _NAMES)
    return {name: str(value) if name in _KINDS else value for name, value in values if value}


def how_ended_of(kept: Mapping[str, Any] | None) -> HowEnded | None:
    """What the column says; None where it says nothing, or something that only a newer version knows."""
    if not kept:
        return None
    try:
        return HowEnded(
            **{
                name: _KINDS[name](value) if name in _KINDS else value
                for name, value in kept.items()
                if name in _NAMES
            }
        )
    except (TypeError, ValueError):
        return None
