"""What was said between us and a web application, kept for the customer to read when it went wrong."""

import re
from dataclasses import dataclass, replace

from offhook.verbs import Request

CREDENTIALS = re.compile("^([^/?#]*//)([^/?#]*@)")
"""The user and password that may stand before a URL's host."""


def without_credentials(url: str) -> str:
    """`url` without the user and password that may stand before its host: fit for logs and other eyes."""
    return CREDENTIALS.sub(r"\1", url)


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
        """The exchange as it may be kept and read: URLs without credentials, and nothing of how patient it was."""
        target = replace(request.target, url=without_credentials(request.target.url))
        return cls(
            replace(request, target=target, policy=None),
            replace(reply, url=without_credentials(reply.url)) if reply is not None else None,
        )
