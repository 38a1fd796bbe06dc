"""What a SIP call tells its leg: plain values, made on the owner thread, taken on the event loop."""

from dataclasses import dataclass

from offhook.call.ending import Ending


@dataclass(frozen=True, slots=True)
class Rang:
    """The far end rings (180 or 183)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The dialog is confirmed."""


@dataclass(frozen=True, slots=True)
class AudioFlows:
    """Audio can be sent and heard."""


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """The far end pressed a key (RFC 4733 or SIP INFO)."""

    key: str


@dataclass(frozen=True, slots=True)
class Over:
    """The call is gone; nothing comes after."""

    ending: Ending


LegEvent = Rang | Answered | AudioFlows | KeyHeard | Over
