"""Where an application is reached, and what is asked of it."""

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


@dataclass(frozen=True, slots=True)
class Request:
    """One request to the customer's application; parameters are form fields, or the query of a GET."""

    target: Target
    parameters: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    """Names of parameters whose values may be sent, and kept nowhere: in no row, no log and no trace."""

    @property
    def secret_values(self) -> tuple[str, ...]:
        """What those parameters hold."""
        return tuple(value for name, value in self.parameters if name in self.secrets)
