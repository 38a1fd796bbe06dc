"""What one worker's call to another bears, so that it is let into a room: a name that only our own can have written.

<room_id>.<call_id>.<until when, in seconds of the Unix clock>.<signature>
"""

import hashlib
import hmac
import re
from dataclasses import dataclass

HEADER = "X-Offhook-Room"
VALID_S = 30
"""How long a token lets its call in."""

_TOKEN = re.compile("([0-9a-f]{32})\\.([0-9a-f]{32})\\.([0-9]{1,12})\\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class RoomPlace:
    """A call's place in a room; both are 32 hex digits."""

    room_id: str
    call_id: str


def sign(place: RoomPlace, secret: str, now: float) -> str:
    """A token for a place, to be used soon; `now` is the Unix time."""
    words = f"{place.room_id}.{place.call_id}.{int(now) + VALID_S}"
    return f"{words}.{_signature(words, secret)}"


def verified(token: str, secret: str, now: float) -> RoomPlace | None:
    """The place that a token gives; None for one that we did not write, or that is too old."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    room_id, call_id, until, given = found.groups()
    if not hmac.compare_digest(given, _signature(f"{room_id}.{call_id}.{until}", secret)):
        return None
    return RoomPlace(room_id, call_id) if now <= int(until) else None


def token_in(headers: tuple[tuple[str, str], ...]) -> str | None:
    """The token in the headers of an INVITE; None where there is none."""
    return next((value for name, value in headers if name.lower() == HEADER.lower()), None)


def _signature(words: str, secret: str) -> str:
    return hmac.new(secret.encode(), f"room {words}".encode(), hashlib.sha256).hexdigest()
