"""What was said between us and a web application, kept for the customer to read when it went wrong."""

import re
from dataclasses import dataclass, replace

from offhook.call.discretion import HIDDEN, hidden
from offhook.verbs import Request

CREDENTIALS = re.compile("^([^/?#]*//)([^/?#]*@)")
"""The user and password that may stand before a URL's host."""


def without_credentials(url: str) -> str:
    """`url` without the user and password that may stand before its host: fit for logs and other eyes."""
    return CREDENTIALS.sub(r"\1", url)


def without_query(url: str) -> str:
    """`url` up to its query, whose place is marked."""
    path, mark, _ = url.partition("?")
    return f"{path}?{HIDDEN}" if mark else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, whole, within the size limit."""

    url: str
    """The URL that answered, after redirects; relative URLs in the body stand against it."""
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    was_redirected: bool = False
    """Whether another URL was asked first."""

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case; None where there is none."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case; empty where none was sent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and, where one came, its answer."""

    request: Request
    reply: Reply | None = None

    @classmethod
    def shown(cls, request: Request, reply: Reply | None = None) -> "Exchange":
        """The exchange as it may be kept and read: URLs without credentials, nothing that is secret, and nothing of how it
        was asked. What answers a request with secrets may repeat them, so its status is all that is left of it."""
        target = replace(request.target, url=without_credentials(request.target.url))
        parameters = tuple(
            (name, HIDDEN if value and name in request.secrets else value)
            for name, value in request.parameters
        )
        shown = Request(target, parameters)
        if reply is None:
            return cls(shown)
        url = without_credentials(reply.url)
        if not request.secrets:
            return cls(shown, replace(reply, url=url))
        url = hidden(without_query(url), request.secret_values)
        return cls(shown, Reply(url=url, status=reply.status, body=HIDDEN.encode()))
