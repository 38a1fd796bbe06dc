"""Where an application is reached, what is asked of it, and how patiently."""

from dataclasses import dataclass
from enum import StrEnum


class Method(StrEnum):
    """The two HTTP methods that applications may choose between."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the customer's application: an absolute http or https URL and how to call it."""

    url: str
    method: Method = Method.POST


class Trouble(StrEnum):
    """What kept an application from answering, where another try could end otherwise."""

    NO_CONNECTION = "ct"
    NO_ANSWER = "rt"
    """The connection stood, and broke, or no answer came in time."""
    REFUSAL = "4xx"
    BREAKDOWN = "5xx"

    @classmethod
    def of_status(cls, status: int) -> "Trouble | None":
        """That of an answer; None for one that is none."""
        return {4: cls.REFUSAL, 5: cls.BREAKDOWN}.get(status // 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPolicy:
    """How long an answer is waited for, and when it is asked for again. What is None is left to the settings."""

    retries: int | None = None
    """How often it is asked again at most."""
    retried: frozenset[Trouble] | None = None
    """After what."""
    connect_s: float | None = None
    answer_s: float | None = None
    """Until an answer begins."""
    total_s: float | None = None
    """For all tries together."""
    most_bytes: int | None = None
    """How long an answer may be."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the customer's application; parameters are form fields, or the query of a GET."""

    target: Target
    parameters: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    """Names of parameters whose values may be sent, and kept nowhere: in no row, no log and no trace."""
    policy: TryPolicy | None = None
    """How patient the application's language is, which then counts and not the settings; None follows them, and what
    the URL's own fragment says within them. A callback that is kept until it arrives is tried by rules of its own."""
    signature: str = ""
    """The name of the schemes that sign it for applications of one language; empty where that has none of its own."""

    @property
    def secret_values(self) -> tuple[str, ...]:
        """What those parameters hold."""
        return tuple(value for name, value in self.parameters if name in self.secrets)
