"""What a call tells while it lives. A recorder turns facts into rows; nobody else keeps them."""

from dataclasses import dataclass
from datetime import datetime

from offhook.call.exchange import Exchange
from offhook.call.how_ended import HowEnded
from offhook.call.info import CallInfo, CallStatus
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.message_facts import EmailRaised, MessageRaised
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.timeline import Event
from offhook.call.voice_rows import VerbKind
from offhook.verbs import Gathered, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """A call exists. `callbacks` are the customer's notifications, sent because of this fact."""

    info: CallInfo
    at: datetime
    status: CallStatus
    callbacks: tuple[Request, ...] = ()
    if_lost: Request | None = None
    """The call's last notification, should the process that runs it die; None where none is wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallProgressed:
    """A call reached another state that is not its last."""

    call_id: str
    account_sid: str
    at: datetime
    status: CallStatus
    callbacks: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished:
    """A call is over; the last fact of its life."""

    call_id: str
    account_sid: str
    at: datetime
    status: CallStatus
    reason: str = ""
    """Why, in words for the operator; empty for an ordinary hang-up."""
    sip_status: int | None = None
    duration_s: float = 0.0
    """From the answer to the end; 0 for a call that was never answered."""
    ring_duration_s: float = 0.0
    """From the first ring to the answer, or to the end of a call that was never answered."""
    ended: HowEnded | None = None
    """None where nobody saw the end."""
    callbacks: tuple[Request, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherStarted:
    """A gather listens."""

    gather_id: str
    call_id: str
    account_sid: str
    at: datetime
    is_speech: bool
    """Whether speech is listened for, with or without keys."""
    provider: str
    """The recogniser's name; empty where only keys are."""
    language: str
    start_timeout_s: float
    key_timeout_s: float
    speech_end_timeout_s: float
    hints: tuple[str, ...]
    act_on_empty: bool
    finish_keys: str
    max_keys: int | None
    is_kept: bool = True
    """Whether what the caller said and typed may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherFinished:
    """A gather came to its end. Follows its `GatherStarted` always, unless the process is lost."""

    gather_id: str
    call_id: str
    account_sid: str
    at: datetime
    is_speech: bool
    """As its `GatherStarted` said."""
    gathered: Gathered
    duration_s: float
    """How long was recognised: from the first voiced frame to the result; 0 where nobody spoke."""
    provider: str = ""
    """Who recognised, or tried to last; empty where only keys were listened for."""
    switches: tuple[str, ...] = ()
    """Recognisers that were left, as `vendor: why`, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRaised:
    """Something went wrong in a call that the customer should know."""

    call_id: str
    account_sid: str
    at: datetime
    code: int
    message: str
    is_error: bool
    """False for a warning: the call went on as if nothing were."""
    exchange: Exchange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineKept:
    """A part of a call's timeline; parts are numbered from 0. The last one comes before the call's `CallFinished`."""

    call_id: str
    account_sid: str
    at: datetime
    chunk: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbRan:
    """A verb of those that have a list of their own came to its end: say, play, hold, resume, refer or stream."""

    record_id: str
    """32 hex digits."""
    call_id: str
    account_sid: str
    at: datetime
    kind: VerbKind
    status: str
    """`completed` or `failed`; that of a hold, resume or refer in its own words."""
    reason: str = ""
    error_code: int | None = None
    duration_s: float = 0.0
    details: tuple[tuple[str, str | int | None], ...] = ()
    """What the list of its kind tells besides, by our own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewsTold:
    """The application is told what happens while a verb runs."""

    call_id: str
    account_sid: str
    at: datetime
    request: Request


Fact = (
    CallStarted
    | CallProgressed
    | CallFinished
    | GatherStarted
    | GatherFinished
    | NotificationRaised
    | TimelineKept
    | VerbRan
    | RecordingStarted
    | RecordingFinished
    | TranscriptionAsked
    | ConferenceChanged
    | ParticipantChanged
    | MessageRaised
    | EmailRaised
    | NewsTold
)
