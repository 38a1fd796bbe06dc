"""What is told of a reason code, and the shelves on which the codes stand."""

from dataclasses import dataclass
from enum import StrEnum


class Shelf(StrEnum):
    """Where codes come from, as headings of their list."""

    SERVER = "Calls and the server"
    WEBHOOK = "Requests to your application"
    DOCUMENT = "Documents"
    GATHER = "Gather"
    DIAL = "Dial, Conference and Enqueue"
    SOUND = "Say, Play, Record, Pause, Redirect"
    VOBIZ = "Documents of Vobiz and Plivo applications"
    MESSAGE = "Messages"
    REST = "Requests to the REST API"


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """One code."""

    code: int
    shelf: Shelf
    name: str
    meaning: str
    """What happened, and what became of the call or the request."""
    remedy: str
    """What to do about it."""
