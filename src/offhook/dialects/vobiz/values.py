"""How single values are written for applications."""

import re
import uuid
from datetime import UTC, datetime

Parameters = tuple[tuple[str, str], ...]

_E164 = re.compile(r"\A\+(?=[0-9]+\Z)")


def uuid_of(identity: str) -> str:
    """An identity of ours, 32 hex digits, with the hyphens of a UUID."""
    return str(uuid.UUID(identity))


def number_text(address: str, *, has_plus: bool) -> str:
    """A number without its `+`, or with it where `has_plus`; anything else, a SIP URI or a name, as it is."""
    return address if has_plus else _E164.sub("", address)


def boolean(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def money(amount: float = 0.0) -> str:
    """An amount with four decimals. Nothing is charged here, so all are zero."""
    return f"{amount:.4f}"


def whole_seconds(seconds: float) -> str:
    """Seconds without a fraction, cut off as clocks show them."""
    return str(int(seconds))


def second_text(at: datetime) -> str:
    """`2026-11-22 01:25:43`, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def microsecond_text(at: datetime) -> str:
    """`2026-11-22 01:25:43.000000`, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def epoch_milliseconds(at: datetime, later_s: float = 0.0) -> str:
    """Milliseconds since 1970, `later_s` seconds after a moment."""
    return str(round((at.timestamp() + later_s) * 1000))
