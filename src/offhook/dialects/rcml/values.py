"""How single values are written for applications."""

from offhook.dialects.clean_text import clean as clean

NOTHING = "null"
"""Restcomm's text for a value that is not there."""

Parameters = tuple[tuple[str, str], ...]


def call_sid(instance_id: str, call_id: str) -> str:
    """The CallSid of a call: `ID…-CA…`, as every Restcomm since 2017 writes it."""
    return f"ID{instance_id}-CA{call_id}"
