"""How single values are written for applications."""

import re

NOTHING = "null"
"""Restcomm's text for a value that is not there."""

Parameters = tuple[tuple[str, str], ...]

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def call_sid(instance_id: str, call_id: str) -> str:
    """The CallSid of a call: `ID…-CA…`, as every Restcomm since 2017 writes it."""
    return f"ID{instance_id}-CA{call_id}"


def clean(value: str) -> str:
    """`value` fit for a form: what a caller may have sent of control characters becomes a space, what of bytes
    that are no text a question mark."""
    return _CONTROL.sub(" ", value.encode(errors="replace").decode())
