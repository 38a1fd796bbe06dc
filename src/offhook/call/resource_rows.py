"""The rows of what an account sets up besides numbers: applications, clients, caller ids, people; and what it used.

All moments are datetimes with a time zone, in UTC, to the millisecond.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from offhook.call.rows import AccountStatus
from offhook.verbs import Method, Target

SIP_REALM = "offhook"
"""What clients' passwords are digested with, and what a phone that signs in is asked for."""


class ApplicationKind(StrEnum):
    """What an application answers."""

    VOICE = "voice"
    SMS = "sms"
    USSD = "ussd"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """An address that several numbers and clients can share."""

    sid: str
    """`AP` and 32 hex digits."""
    account_sid: str
    friendly_name: str
    kind: ApplicationKind = ApplicationKind.VOICE
    url: str | None = None
    """Asked what to do; None leaves that to each number's own address."""
    voice_caller_id_lookup: bool = False
    api_version: str
    date_created: datetime
    date_updated: datetime
    language: str | None = None
    """What its documents are written in, a name that `processes.languages` knows; None is the language of the
    installation. Where it is given, the methods and addresses below take the place of the number's own."""
    method: Method | None = None
    fallback_url: str | None = None
    """Asked where `url` cannot be had."""
    fallback_method: Method | None = None
    status_callback: str | None = None
    """Where the end of its calls is told; None is `url`, where its language has it so."""
    status_callback_method: Method | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOfApplication:
    """A number that names an application, and for what."""

    sid: str
    friendly_name: str
    phone_number: str
    voice_application_sid: str | None
    sms_application_sid: str | None
    ussd_application_sid: str | None
    refer_application_sid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRow:
    """A phone of the account's own, with a name that can be called. Its password is nowhere."""

    sid: str
    """`CL` and 32 hex digits."""
    account_sid: str
    login: str
    """The user part of its SIP address; one client in the installation has it."""
    friendly_name: str
    ha1_md5: str
    """MD5 of `login:SIP_REALM:password`, in hex digits; opens like the password, so it is kept sealed."""
    ha1_sha256: str
    """The same in SHA-256."""
    password_algorithm: str
    is_enabled: bool = True
    voice_url: str | None = None
    voice_method: Method = Method.POST
    voice_fallback_url: str | None = None
    voice_fallback_method: Method = Method.POST
    voice_application_sid: str | None = None
    is_push_enabled: bool = False
    push_client_identity: str | None = None
    contact: str | None = None
    """A SIP URI where it is always reached, registered or not."""
    api_version: str
    date_created: datetime
    date_updated: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallingClient:
    """A client that makes a call, and the application that answers it."""

    sid: str
    account_sid: str
    login: str
    application: Target | None = None
    """None where it has none of its own: it calls whom it dials."""
    fallback: Target | None = None
    language: str | None = None
    """That of its application; None is the one of the installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredPlace:
    """A place where a client registered."""

    login: str
    contact: str
    seconds: float
    """How long it still holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLogin:
    """What a client that registers is checked with: see `ClientRow`."""

    login: str
    ha1_md5: str
    ha1_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdRow:
    """A number that is somebody's, and may stand as the caller's."""

    sid: str
    """`PN` and 32 hex digits."""
    account_sid: str
    phone_number: str
    friendly_name: str
    date_created: datetime
    date_updated: datetime


class UserRole(StrEnum):
    """What a person may do with an account."""

    ADMINISTRATOR = "administrator"
    """Everything that the account may."""
    DEVELOPER = "developer"
    """Everything but accounts, people and keys."""
    VIEWER = "viewer"
    """Look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A person who signs in to an account with an e-mail address and a password."""

    sid: str
    """`US` and 32 hex digits."""
    account_sid: str
    email_address: str
    friendly_name: str
    role: UserRole
    status: AccountStatus
    password_hash: str | None
    """Argon2."""
    date_created: datetime
    date_updated: datetime


class UsageCategory(StrEnum):
    """What is counted."""

    CALLS = "calls"
    CALLS_INBOUND = "calls-inbound"
    CALLS_OUTBOUND = "calls-outbound"
    SMS = "sms"
    SMS_INBOUND = "sms-inbound"
    SMS_OUTBOUND = "sms-outbound"
    EMAILS = "emails"
    RECORDINGS = "recordings"
    TRANSCRIPTIONS = "transcriptions"
    GATHERS = "gathers"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfUsage:
    """What an account used of a category on a day, in UTC."""

    category: UsageCategory
    days: int
    """Since 1970-01-01."""
    count: int
    seconds: float
    """How long it took altogether; 0 for what takes no time."""
