"""Sids: how the API names what is known inside by 32 hex digits."""

import re

_ID = "[0-9a-f]{32}"
_CALL = re.compile(f"(?:ID({_ID})-)?CA({_ID})")


def call_sid(instance_id: str, call_id: str) -> str:
    """`ID<instance>-CA<call>`."""
    return f"ID{instance_id}-CA{call_id}"


def read_call_sid(text: str, instance_id: str) -> str | None:
    """The call's id, with or without the `ID…-` before it; None for what names no call of this installation."""
    match = _CALL.fullmatch(text)
    if match is None or match[1] not in (None, instance_id):
        return None
    return match[2]


def is_call_sid(text: str) -> bool:
    """Whether `text` has the form of a call's sid."""
    return _CALL.fullmatch(text) is not None


def read_sid(text: str, prefix: str) -> str | None:
    """The 32 hex digits after a two-letter prefix; None for what is no such sid."""
    return text[2:] if re.fullmatch(f"{prefix}{_ID}", text) else None
