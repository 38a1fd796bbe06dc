"""The many spellings of one path: three prefixes, `.json` on any segment, a slash at the end.

All reach the same route. What was written is noted, because the format depends on it and a page's links keep it.
"""

from dataclasses import dataclass
from enum import StrEnum

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

VERSION = "2012-04-24"
PREFIXES = (f"/restcomm/{VERSION}", f"/api/{VERSION}", f"/{VERSION}")

JSON_ONLY = frozenset({"Gathers", "Traces"})
"""Lists that are answered as JSON whatever is accepted."""

JSON_UNLESS_ASKED = frozenset({"Says", "Plays", "Holds", "Resumes", "Refers"})
"""Lists that are answered as XML only to a client that says that it takes XML."""


class Format(StrEnum):
    """How an answer is written."""

    JSON = "json"
    XML = "xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """A path as its route knows it, as the client wrote it, and the format that follows."""

    path: str
    written: str
    """Without the query; percent-encoded."""
    format: Format


def read_spelling(path: str, written: str, accept: str) -> Spelling:
    """Take a path apart. Paths outside the API stay as they are.

    `.json` on any segment is JSON whatever is accepted; some lists are JSON always, and some unless the
    client accepts XML; all else is XML, unless the client accepts some JSON.
    """
    prefix = next((prefix for prefix in PREFIXES if path == prefix or path.startswith(f"{prefix}/")), None)
    by_accept = Format.JSON if "json" in accept.lower() else Format.XML
    if prefix is None:
        return Spelling(path=path, written=written, format=by_accept)
    segments = path[len(prefix) :].rstrip("/").split("/")
    plain = [segment.removesuffix(".json") for segment in segments]
    is_json = plain != segments or not JSON_ONLY.isdisjoint(plain)
    is_json = is_json or ("xml" not in accept.lower() and not JSON_UNLESS_ASKED.isdisjoint(plain))
    return Spelling(
        path=f"/{VERSION}{'/'.join(plain)}",
        written=written,
        format=Format.JSON if is_json else by_accept,
    )


class OneSpelling:
    """ASGI middleware: sends each request on under its route's path, with its spelling noted in the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        raw_path = scope.get("raw_path") or path.encode("utf-8")
        written = raw_path.partition(b"?")[0].decode("latin-1")
        spelling = read_spelling(path, written, Headers(scope=scope).get("accept", ""))
        scope["spelling"] = spelling  # on the scope itself, where the handler of last resort finds it too
        await self._app({**scope, "path": spelling.path}, receive, send)


def resource_uri(account_sid: str, path: str = "", *, format: Format) -> str:
    """The URI of what lies at `path` below an account, relative to /restcomm; in JSON it ends in `.json`."""
    below = f"/{path}" if path else ""
    suffix = ".json" if format is Format.JSON else ""
    return f"/{VERSION}/Accounts/{account_sid}{below}{suffix}"
