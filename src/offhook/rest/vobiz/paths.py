"""The spellings of one path: /api/v1 or /v1, its words in any case, and a slash at the end or none."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/v1"
_OURS = re.compile(r"(?:/api)?/v1(?=/|\Z)")
_FIRST, _RESOURCES, _BELOW = (
    {word.lower(): word for word in words}
    for words in (
        ("Account",),
        ("Application", "Call", "Conference", "Recording", "cdr", "numbers"),
        ("Deaf", "DTMF", "Kick", "Member", "Mute", "Play", "Record", "Speak", "Stream", "application"),
    )
)
"""The words of paths; each second part of a path is one, the others are names."""


def is_ours(path: str) -> bool:
    """Whether a path belongs to this API, however it is spelled."""
    return _OURS.match(path) is not None


def route_path(path: str) -> str:
    """The path as its route knows it; those of others stay as they are."""
    found = _OURS.match(path)
    if found is None:
        return path
    parts = path[found.end() :].rstrip("/").split("/")
    for place in range(1, len(parts), 2):
        words = _FIRST if place == 1 else _RESOURCES if place == 3 else _BELOW
        parts[place] = words.get(parts[place].lower(), parts[place])
    return PREFIX + "/".join(parts)


class OnePath:
    """ASGI middleware: sends each request on under its route's path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and is_ours(scope["path"]):
            scope = {**scope, "path": route_path(scope["path"])}
        await self._app(scope, receive, send)
