"""What was said between us and a web application, kept for the customer to read when it went wrong."""

from dataclasses import dataclass

from offhook.verbs import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, whole, within the size limit."""

    url: str
    """The URL that answered, after redirects; relative URLs in the body stand against it."""
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

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
