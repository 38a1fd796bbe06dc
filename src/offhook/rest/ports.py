"""What the REST API needs of the rest of Offhook. Repositories and the call control fill these ports.

All but `CallControl` may be called from any thread, and block. Whatever belongs to an account is asked for with
the account's sid, and is not found with another's.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Protocol

from offhook.call.errors import OffhookError, RecordsAway
from offhook.call.listing import (
    CallFilter,
    CallSums,
    GatherFilter,
    NotificationFilter,
    NumberFilter,
    Page,
    RecordingFilter,
    TranscriptionFilter,
    VerbFilter,
)
from offhook.call.resource_rows import (
    ApplicationRow,
    CallerIdRow,
    ClientRow,
    DayOfUsage,
    NumberOfApplication,
    UsageCategory,
    UserRow,
)
from offhook.call.rows import (
    AccountLimits,
    AccountRow,
    ApiKeyRow,
    CallRow,
    GatherKind,
    GatherRow,
    NotificationRow,
    NumberRow,
    RecordAll,
)
from offhook.call.timeline import Event
from offhook.call.voice_rows import RecordingRow, TranscriptionRow, VerbKind, VerbRow
from offhook.rest.live_ports import LiveCalls
from offhook.rest.meeting_ports import ConferenceControl, Conferences
from offhook.rest.messaging_ports import MessagingPorts
from offhook.rest.stream_ports import LiveStreams
from offhook.verbs import DetectMachine, Target


class Accounts(Protocol):
    """Keeps accounts."""

    def get(self, sid: str) -> AccountRow | None:
        """The account with this sid."""

    def find(self, name: str) -> AccountRow | None:
        """The account with this sid, auth id or e-mail address."""

    def is_password(self, given: str, kept: str | None) -> bool:
        """Whether `given` is the password that is `kept`; as slow where none is."""

    def children(self, sid: str) -> tuple[AccountRow, ...]:
        """The accounts right below this one, oldest first."""

    def add(self, account: AccountRow, password: str) -> bool:
        """Keep a new account, which signs in with `password` too; False where its address is somebody's already."""

    def update(self, account: AccountRow, *, was: AccountRow | None = None) -> bool:
        """Keep new properties of an account, only those that differ from what it `was` where that is given; False where
        there is none, or it is closed."""

    def set_password(self, sid: str, password: str | None, *, now: datetime) -> bool:
        """Let a person sign in with `password`, or with none any more; False where there is no such account."""

    def close(self, sid: str, *, now: datetime) -> tuple[str, ...]:
        """Close an account and all below it for good; returns the sids of those that were open."""


class Users(Protocol):
    """Keeps the people who sign in to accounts."""

    def find(self, email_address: str) -> UserRow | None:
        """The user with this address, in whatever case it is written."""

    def get(self, account_sid: str, sid: str) -> UserRow | None:
        """The account's user with this sid."""

    def page(self, account_sid: str, *, offset: int, limit: int) -> Page[UserRow]:
        """A stretch of the account's users, newest first."""

    def create(self, user: UserRow, password: str) -> bool:
        """Keep a new user, who signs in with `password`; False where the address is somebody's already."""

    def update(self, user: UserRow, *, was: UserRow | None = None) -> bool:
        """Keep new properties of a user, only those that differ from what it `was` where that is given; False where the
        account does not have it. The address and password stay."""

    def set_password(self, account_sid: str, sid: str, password: str, *, now: datetime) -> bool:
        """Let a user sign in with `password` alone; False where the account does not have that user."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete a user; False where the account does not have it."""


class ApiKeys(Protocol):
    """Keeps API keys."""

    def find(self, key_id: str) -> ApiKeyRow | None:
        """The key with this id, revoked or not."""

    def get(self, account_sid: str, key_id: str) -> ApiKeyRow | None:
        """The account's key with this id, if it still lets somebody in."""

    def page(self, account_sid: str, *, offset: int, limit: int) -> Page[ApiKeyRow]:
        """A stretch of the account's keys that still let somebody in, newest first."""

    def add(self, account_sid: str, friendly_name: str, *, now: datetime) -> tuple[ApiKeyRow, str]:
        """A new key and its secret, which cannot be had again."""

    def rename(self, account_sid: str, key_id: str, friendly_name: str, *, now: datetime) -> bool:
        """Give the account's key a new name; False where it has none such that lets somebody in."""

    def revoke(self, key_id: str, *, now: datetime) -> bool:
        """Let nobody in with this key any more; False where there is none that lets somebody in."""


class Limits(Protocol):
    """Reads limits."""

    def get(self, account_sid: str) -> AccountLimits:
        """What an account may use."""


class Numbers(Protocol):
    """Keeps numbers."""

    def create(self, number: NumberRow) -> bool:
        """Keep a new number; False where some account has it already."""

    def get(self, account_sid: str, sid: str) -> NumberRow | None:
        """The account's number with this sid."""

    def named(self, *spellings: str) -> NumberRow | None:
        """The number that is spelled in one of these ways, whose account ever it belongs to."""

    def update(self, number: NumberRow) -> bool:
        """Keep new properties of a number; False where the account does not have it."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Give the number up; False where the account does not have it."""

    def page(self, account_sid: str, wanted: NumberFilter, *, offset: int, limit: int) -> Page[NumberRow]:
        """A stretch of the account's numbers, newest first or as `wanted` sorts them."""

    def count_patterns(self, account_sid: str) -> int:
        """How many of the account's numbers are patterns."""


class Applications(Protocol):
    """Keeps applications."""

    def of_account(self, account_sid: str) -> tuple[ApplicationRow, ...]:
        """The account's applications, oldest first."""

    def numbers_of(self, account_sid: str) -> tuple[NumberOfApplication, ...]:
        """The account's numbers that name some application, oldest first."""

    def get(self, account_sid: str, sid: str) -> ApplicationRow | None:
        """The account's application with this sid."""

    def create(self, application: ApplicationRow) -> None:
        """Keep a new application."""

    def update(self, application: ApplicationRow) -> bool:
        """Keep new properties of an application; False where the account does not have it."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete an application; False where the account does not have it. Who named it, loses it."""


class Clients(Protocol):
    """Keeps clients: phones of an account's own."""

    def of_account(self, account_sid: str) -> tuple[ClientRow, ...]:
        """The account's clients, oldest first."""

    def get(self, account_sid: str, sid: str) -> ClientRow | None:
        """The account's client with this sid."""

    def find_by_login(self, login: str) -> ClientRow | None:
        """The client with this login, enabled or not, whose account ever it belongs to."""

    def create(self, client: ClientRow) -> bool:
        """Keep a new client; False where some account has its login already."""

    def update(self, client: ClientRow) -> bool:
        """Keep new properties of a client; False where the account does not have it. Its login stays."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete a client and where it is; False where the account does not have it."""


class CallerIds(Protocol):
    """Keeps outgoing caller ids."""

    def of_account(self, account_sid: str) -> tuple[CallerIdRow, ...]:
        """The account's caller ids, oldest first."""

    def get(self, account_sid: str, sid: str) -> CallerIdRow | None:
        """The account's caller id with this sid."""

    def create(self, caller_id: CallerIdRow) -> CallerIdRow:
        """Keep a new caller id; where the account has the number already, the one that it has."""

    def update(self, caller_id: CallerIdRow) -> bool:
        """Keep a new name of a caller id; False where the account does not have it."""

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete a caller id; False where the account does not have it."""


class Usage(Protocol):
    """Counts what accounts used."""

    def days(
        self,
        account_sid: str,
        categories: Iterable[UsageCategory],
        *,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> tuple[DayOfUsage, ...]:
        """What the account used of each category, on each day that it used some, oldest first."""


class Calls(Protocol):
    """Reads calls."""

    def get(self, account_sid: str, call_id: str) -> CallRow | None:
        """The account's call with this id."""

    def page(self, account_sid: str, wanted: CallFilter, *, offset: int, limit: int) -> Page[CallRow]:
        """A stretch of the account's calls, newest first."""

    def sums(self, account_sid: str, wanted: CallFilter) -> CallSums:
        """What the account's calls come to."""


class Gathers(Protocol):
    """Reads finished gathers."""

    def get(self, account_sid: str, kind: GatherKind, gather_id: str) -> GatherRow | None:
        """The account's gather of this kind with this id."""

    def page(self, account_sid: str, wanted: GatherFilter, *, offset: int, limit: int) -> Page[GatherRow]:
        """A stretch of the account's gathers of a kind, newest first."""


class VerbRecords(Protocol):
    """Reads the records of verbs that ran."""

    def get(self, account_sid: str, kind: VerbKind, record_id: str) -> VerbRow | None:
        """The account's record of this kind with this id."""

    def page(self, account_sid: str, wanted: VerbFilter, *, offset: int, limit: int) -> Page[VerbRow]:
        """A stretch of the account's records of a kind, newest first."""


class Notifications(Protocol):
    """Reads notifications."""

    def get(self, account_sid: str, notification_id: str) -> NotificationRow | None:
        """The account's notification with this id."""

    def page(
        self, account_sid: str, wanted: NotificationFilter, *, offset: int, limit: int
    ) -> Page[NotificationRow]:
        """A stretch of the account's notifications, newest first."""


class Recordings(Protocol):
    """Reads and deletes recordings."""

    def get(self, account_sid: str, recording_id: str) -> RecordingRow | None:
        """The account's recording with this id."""

    def page(
        self, account_sids: Sequence[str], wanted: RecordingFilter, *, offset: int, limit: int
    ) -> Page[RecordingRow]:
        """A stretch of the recordings of these accounts, newest first or as `wanted` sorts them."""

    def of_call(self, account_sid: str, call_id: str) -> tuple[RecordingRow, ...]:
        """The recordings of one of the account's calls, oldest first."""

    def file(self, recording: RecordingRow) -> Path | None:
        """Where its sound lies; None where there is none."""

    def delete(self, account_sid: str, recording_id: str) -> bool:
        """Delete a recording that is over, with its words and its file; False where the account has none such."""


class Transcriptions(Protocol):
    """Reads and deletes transcriptions."""

    def get(self, account_sid: str, transcription_id: str) -> TranscriptionRow | None:
        """The account's transcription with this id."""

    def page(
        self, account_sid: str, wanted: TranscriptionFilter, *, offset: int, limit: int
    ) -> Page[TranscriptionRow]:
        """A stretch of the account's transcriptions, newest first."""

    def delete(self, account_sid: str, transcription_id: str) -> bool:
        """Delete a transcription; False where the account does not have it."""


class CallTrace(Protocol):
    """All that is known of what happened in one call."""

    @property
    def began_at(self) -> datetime:
        """What the events' milliseconds are counted from."""

    @property
    def events(self) -> tuple[Event, ...]:
        """What happened, in the order of time."""


class CallTraces(Protocol):
    """Reads what happened in calls."""

    def read(self, call_id: str, *, account_sid: str) -> CallTrace | None:
        """What happened in a call; None where the account has no such call."""


class StatusEvent(StrEnum):
    """The states of an outbound call that a customer may want to be told."""

    INITIATED = "initiated"
    RINGING = "ringing"
    ANSWERED = "answered"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCall:
    """A call that a customer wants made."""

    account_sid: str
    from_: str
    to: str
    """A number, a SIP URI that begins with `sip:` or `sips:`, or `client:` and a client's name; custom headers are taken
    off."""
    sip_headers: tuple[tuple[str, str], ...] = ()
    """Custom headers for the INVITE, all named X-…"""
    application: Target
    """Asked what to do once the call is answered."""
    fallback: Target | None = None
    status_callback: Target | None = None
    ring: Target | None = None
    """Where it is told that the call rings, in a language that has a URL for that alone."""
    language: str | None = None
    """What the application's documents are written in, a name that `processes.languages` knows; None is the language of
    the installation."""
    status_events: frozenset[StatusEvent] = frozenset(StatusEvent)
    timeout_s: float = 60.0
    """How long it may ring."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    """What the far end asks for (SIP digest)."""
    send_keys: str = ""
    """Keys that are sent once the call is answered, before its document; `w` waits for half a second."""
    record_all: RecordAll | None = None
    """How the whole call is recorded; None is as the account says."""
    not_done: tuple[str, ...] = ()
    """What was asked for and cannot be done, each a sentence for the customer."""
    metadata: str | None = None
    """JSON text, an object, kept with the call."""
    longest_s: float | None = None
    """After how many seconds from its answer the call is ended; None is as long as a call may last."""
    caller_name: str | None = None
    """The name that goes with `from_`."""
    detection: DetectMachine | None = None
    """How it is found out whether a person or a machine answers; None does not look."""


class CallRefused(OffhookError):
    """The call cannot be made as it was asked for; the message tells the customer why."""

    def __init__(self, message: str, *, is_destination: bool = False) -> None:
        """`is_destination` where it is the number that may not be called."""
        super().__init__(message)
        self.message = message
        self.is_destination = is_destination


class RowsAway(RecordsAway):
    """Calls were begun, and their rows cannot be read now."""

    def __init__(self, call_ids: tuple[str, ...]) -> None:
        super().__init__("the call was begun, and its row waits for the database")
        self.call_ids = call_ids


class LimitReached(OffhookError):
    """The account uses all that it may; the message says of what, and `wait_s` when to try again."""

    def __init__(self, message: str, wait_s: float) -> None:
        super().__init__(message)
        self.message = message
        self.wait_s = wait_s


class CallControl(Protocol):
    """Makes calls."""

    async def place(self, call: NewCall) -> tuple[CallRow, ...]:
        """Begin a call, to each place where its destination can be reached; returns the rows without waiting for an
        answer. Who answers first is talked to, the others are canceled.

        Raises NoFreeSlot, CallRefused, LimitReached, and RowsAway where calls were begun all the same.
        """


@dataclass(frozen=True, slots=True)
class EndWords:
    """Why a call ended, in the words of an API."""

    text: str
    code: int
    name: str
    source: str
    """Who or what ended it."""


def _nobody_knows(_call: CallRow) -> EndWords:
    return EndWords("UNKNOWN", 0, "Unknown", "Unknown")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """Which parts are up; calls can be handled when all are."""

    sip: bool
    database: bool
    speech: bool
    is_draining: bool = False
    """The server was told to stop."""


async def _no_metrics() -> bytes:
    return b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All of it."""

    accounts: Accounts
    api_keys: ApiKeys
    users: Users
    limits: Limits
    numbers: Numbers
    applications: Applications
    clients: Clients
    caller_ids: CallerIds
    usage: Usage
    calls: Calls
    gathers: Gathers
    verb_records: VerbRecords
    notifications: Notifications
    traces: CallTraces
    messaging: MessagingPorts
    recordings: Recordings
    transcriptions: Transcriptions
    conferences: Conferences
    call_control: CallControl
    live_calls: LiveCalls
    live_streams: LiveStreams
    conference_control: ConferenceControl
    readiness: Callable[[], Readiness]
    instance_id: str
    """The 32 hex digits that stand before the CA of a call's sid."""
    public_url: str = "http://127.0.0.1:8080"
    """What absolute URLs of this server begin with."""
    recordings_are_open: bool = False
    """Whether the sound of a recording is handed out to whoever knows its URL."""
    why_ended: Callable[[CallRow], EndWords] = _nobody_knows
    """Why a call that is over ended, as its row tells."""
    process_states: Callable[[], Mapping[str, str]] = dict
    """What each process of the server does, by its name. Never blocks."""
    metrics: Callable[[], Awaitable[bytes]] = _no_metrics
    """The numbers of the server as Prometheus reads them."""
    metrics_allow: tuple[IPv4Network | IPv6Network, ...] = ()
    """Who may read them."""
