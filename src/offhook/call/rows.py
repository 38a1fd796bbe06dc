"""The rows that are kept of calls, as plain values: what the records write and the REST API shows.

All moments are datetimes with a time zone, in UTC, to the millisecond. All durations are seconds.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from offhook.call.how_ended import HowEnded
from offhook.call.info import CallStatus, Direction
from offhook.verbs import GatherEnd, Method, Request, Target


class AccountStatus(StrEnum):
    """Whether an account may be used; only an active one is let in."""

    ACTIVE = "active"
    CLOSED = "closed"
    SUSPENDED = "suspended"
    INACTIVE = "inactive"
    UNINITIALIZED = "uninitialized"


class RecordAll(StrEnum):
    """Whether whole calls are recorded, and in how many channels."""

    MONO = "mono"
    STEREO = "stereo"
    NONE = "none"
    """Not, whatever stands above: a number's word counts before its account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """Somebody who owns numbers, calls and their records."""

    sid: str
    """`AC` and 32 letters or digits."""
    auth_id: str
    """`MA` and 18 upper-case letters or digits: the name some dialects sign in with."""
    friendly_name: str
    email_address: str | None
    type: str
    status: AccountStatus
    role: str
    auth_token: str
    """The password of the REST API and the key that callbacks are signed with."""
    organization_sid: str
    """`OR` and 32 hex digits."""
    parent_sid: str | None
    """The account that owns this one."""
    date_created: datetime
    date_updated: datetime
    password_hash: str | None = None
    """Argon2 of the password that a person signs in with; None where only the token opens."""
    metadata: str | None = None
    """JSON text, an object, that the customer attached."""
    record_all: RecordAll | None = None
    """How calls are recorded where neither the call nor its number says; None is not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLimits:
    """What an account may use at most; None is no limit. Each account counts for itself, without its sub-accounts."""

    concurrent_calls: int | None = None
    """Calls that run at once, in both directions."""
    calls_per_s: float | None = None
    """Calls that begin in a second, in both directions; below 1, one call in so many seconds."""
    requests_per_s: float | None = None
    """Requests to REST in a second."""
    destinations: tuple[str, ...] | None = None
    """Prefixes of the numbers that may be called, such as `+49`; None is all but premium-rate ones."""

    @property
    def holds_calls(self) -> bool:
        """Whether calls have to be counted."""
        return self.concurrent_calls is not None or self.calls_per_s is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRow:
    """A name and secret that a program signs in with, in place of its account's token."""

    key_id: str
    """`SK` and 32 hex digits."""
    account_sid: str
    friendly_name: str
    secret_sha256: str
    """The secret itself is 256 random bits, and is known to nobody but its owner."""
    date_created: datetime
    date_updated: datetime | None = None
    """None where it is as it was made."""
    date_revoked: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberRow:
    """A number that can be called, and the application that answers there."""

    sid: str
    """`PN` and 32 hex digits."""
    account_sid: str
    phone_number: str
    """E.164 with its `+`; any SIP user part or a pattern where `is_sip`."""
    friendly_name: str
    is_sip: bool = False
    is_pattern: bool = False
    """Whether `phone_number` is a regular expression, for calls to numbers that nobody has."""
    voice_url: str | None = None
    voice_method: Method = Method.POST
    voice_fallback_url: str | None = None
    voice_fallback_method: Method = Method.POST
    status_callback: str | None = None
    status_callback_method: Method = Method.POST
    voice_caller_id_lookup: bool = False
    voice_application_sid: str | None = None
    sms_url: str | None = None
    sms_method: Method | None = None
    sms_fallback_url: str | None = None
    sms_fallback_method: Method | None = None
    sms_application_sid: str | None = None
    ussd_url: str | None = None
    ussd_method: Method | None = None
    ussd_fallback_url: str | None = None
    ussd_fallback_method: Method | None = None
    ussd_application_sid: str | None = None
    refer_url: str | None = None
    refer_method: Method | None = None
    refer_application_sid: str | None = None
    voice_capable: bool | None = None
    sms_capable: bool | None = None
    mms_capable: bool | None = None
    fax_capable: bool | None = None
    metadata: str | None = None
    """JSON text, an object, that the customer attached."""
    record_all: RecordAll | None = None
    """How calls to this number are recorded; None is as its account says."""
    language: str | None = None
    """The language of the application that answers there; None is the one of the installation."""
    api_version: str
    date_created: datetime
    date_updated: datetime

    @property
    def application(self) -> Target | None:
        """Where a call to this number asks what to do; None where nothing is set."""
        return Target(self.voice_url, self.voice_method) if self.voice_url else None

    @property
    def fallback(self) -> Target | None:
        """Where it asks when the application fails."""
        return (
            Target(self.voice_fallback_url, self.voice_fallback_method) if self.voice_fallback_url else None
        )

    @property
    def refer_target(self) -> Target | None:
        """Where it asks what to do when somebody in a call wants to transfer it; None where nobody may."""
        return Target(self.refer_url, self.refer_method or Method.POST) if self.refer_url else None

    @property
    def status_target(self) -> Target | None:
        """Where the states of a call to this number are told."""
        return Target(self.status_callback, self.status_callback_method) if self.status_callback else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call, running or over."""

    call_id: str
    """32 hex digits."""
    account_sid: str
    instance_id: str
    """The installation that took the call; 32 hex digits."""
    worker_id: str = ""
    """The worker that runs it, or ran it."""
    parent_call_id: str | None = None
    direction: Direction
    from_: str
    to: str
    status: CallStatus
    date_created: datetime
    date_updated: datetime
    start_time: datetime
    """The answer; the beginning while there is none."""
    answered_at: datetime | None = None
    end_time: datetime | None = None
    duration_s: float | None = None
    """From the answer to the end; None while the call is not over."""
    ring_duration_s: float | None = None
    number_sid: str | None = None
    caller_name: str | None = None
    forwarded_from: str | None = None
    metadata: str | None = None
    """JSON text that the customer attached."""
    reason: str = ""
    """Why it ended as it did, in words for the operator."""
    sip_status: int | None = None
    ended: HowEnded | None = None
    """How it ended; None while it runs, where nobody saw the end, and of calls of older versions."""
    if_lost: Request | None = None
    """The last status callback, should the worker that runs the call die."""
    language: str | None = None
    """The language of its application; None is the one of the installation."""


class GatherKind(StrEnum):
    """The two lists that gathers are kept in; one that hears both stands under speech."""

    SPEECH = "speech"
    DTMF = "dtmf"


class GatherStatus(StrEnum):
    """Whether a gather did its work; one that nobody answered did."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


def gather_verdict(end: GatherEnd, detail: str = "") -> tuple[GatherStatus, str]:
    """The status of a finished gather and its reason: empty on success, else the end's name and `: detail`."""
    if end.is_success:
        return GatherStatus.COMPLETED, ""
    status = GatherStatus.FAILED if end.is_failure else GatherStatus.COMPLETED
    return status, f"{end}: {detail}" if detail else str(end)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherRow:
    """A finished gather."""

    gather_id: str
    """32 hex digits."""
    account_sid: str
    call_id: str
    kind: GatherKind
    provider: str
    language: str
    start_timeout_s: float
    key_timeout_s: float
    speech_end_timeout_s: float
    hints: tuple[str, ...]
    act_on_empty: bool
    finish_keys: str
    max_keys: int | None
    status: GatherStatus
    reason: str
    ended_by: GatherEnd
    duration_s: float
    keys: str
    speech: str
    confidence: float | None
    switches: tuple[str, ...] = ()
    """Recognisers that were left for `provider`, as `vendor: why`, in order."""
    is_kept: bool = True
    """Whether what was said and typed could be kept; else `keys`, `speech` and `confidence` are empty."""
    date_created: datetime
    """When it finished; grows strictly along an account's list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """Something that went wrong in a call, with what was said to the application and back."""

    notification_id: str
    """32 hex digits."""
    account_sid: str
    call_id: str
    code: int
    message: str
    is_error: bool
    """False for a warning."""
    request_url: str
    request_method: str
    request_variables: str
    """The parameters, as a query string."""
    response_headers: str
    """A line for each header; empty where no answer came."""
    response_body: str
    """The first 4096 characters."""
    date_created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver a callback."""

    at: datetime
    """When it came to its end."""
    status: int | None = None
    """None where no answer came."""
    error: str = ""
    """Empty where it arrived."""
    took_ms: int = 0
    head: str = ""
    """The first kilobyte of the answer's body."""
    replayed_at: datetime | None = None
    """When somebody had the callback sent again after this attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """A request to a customer that must arrive, as the dispatcher took it on."""

    id: str
    """The same on every attempt, so that a receiver can tell a repetition."""
    account_sid: str
    call_id: str
    seq: int
    """Counts from 1 along the call."""
    kind: str
    request: Request
    attempt: int
    """1 for the first; those whose end nobody knows are not counted."""
    created: datetime
    since: datetime
    """Since when it is tried: its creation, or when it was replayed."""
    lease_until: datetime
    """Until when it is for nobody else."""
    attempts: tuple[Attempt, ...] = ()
    """The last ones, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRow:
    """A callback in the outbox, as people see it."""

    id: str
    account_sid: str
    call_id: str
    seq: int
    """Counts from 1 along the call."""
    kind: str
    state: str
    """`pending`, `leased`, `done` or `dead`."""
    request: Request
    attempt: int
    """How many were made since it was created, or replayed."""
    attempts: tuple[Attempt, ...]
    """The last ones, oldest first."""
    created: datetime
    next_at: datetime
    """When it is due; when it was over, where it is done or dead."""
    last_status: int | None
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A worker's lease: where it is and how much it can take on."""

    worker_id: str
    worker_index: int
    """Its place among the workers of its machine, from 0."""
    address: str
    """The base URL of its command door."""
    sip_address: str
    call_slots: int
    free_slots: int
    build: str
    """The PJSIP build it runs on."""
    started_at: datetime
    renewed_at: datetime
    stopped_at: datetime | None
    is_draining: bool
    """Whether it only lets its calls come to their end, and takes no more."""
    fence: int = 0
    """Grows with each lease that is given or ended; what an older one writes about closed calls changes nothing."""


class RoomKind(StrEnum):
    """What several legs can meet in."""

    CONFERENCE = "conference"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRow:
    """A conference or queue, and the worker that mixes or holds it."""

    room_id: str
    account_sid: str
    kind: RoomKind
    name: str
    worker_id: str
    claimed_at: datetime
