"""What a SIP call tells its leg: plain values, made on the owner thread, taken on the event loop."""

from dataclasses import dataclass

from offhook.call.ending import Ending
from offhook.pjsua.one_way import OneWay
from offhook.pjsua.referral import Referral


@dataclass(frozen=True, slots=True)
class Rang:
    """The far end rings (180 or 183)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The dialog is confirmed."""


@dataclass(frozen=True, slots=True)
class AudioFlows:
    """Audio can be sent and heard."""

    has_key_events: bool = True
    """Whether the far end knows keys as events (RFC 4733); one that does not may send them as tones."""


@dataclass(frozen=True, slots=True)
class HeldFromTheFirst:
    """The far end has agreed upon audio and wants none yet: it holds a call in which none has flowed."""


@dataclass(frozen=True, slots=True)
class KeyHeard:
    """The far end pressed a key (RFC 4733 or SIP INFO)."""

    key: str


@dataclass(frozen=True, slots=True)
class HeadersCame:
    """Custom headers of the final response to our INVITE."""

    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Renegotiated:
    """The final answer to a re-INVITE of ours."""

    sip_status: int


@dataclass(frozen=True, slots=True)
class ReferAnswered:
    """The final answer to a REFER of ours."""

    sip_status: int


@dataclass(frozen=True, slots=True)
class ReferTold:
    """The far end told of the call that it was referred to (NOTIFY)."""

    sip_status: int | None
    is_final: bool


@dataclass(frozen=True, slots=True)
class Referred:
    """The far end sent a REFER, which has been accepted."""

    referral: Referral


@dataclass(frozen=True, slots=True)
class NotHeard:
    """Audio goes one way only; told once."""

    what: OneWay
    received: int
    sent: int
    """Packets."""
    why: str
    """What was seen and its likely cause, in a sentence."""


@dataclass(frozen=True, slots=True)
class Over:
    """The call is gone; nothing comes after."""

    ending: Ending


LegEvent = (
    Rang
    | Answered
    | AudioFlows
    | HeldFromTheFirst
    | KeyHeard
    | HeadersCame
    | Renegotiated
    | ReferAnswered
    | ReferTold
    | Referred
    | NotHeard
    | Over
)
