"""The spellings of one path: /api/v1 or /v1, and a slash at the end or none."""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/v1"
_OURS = re.compile(r"(?:/api)?/v1(?=/|\Z)")


def is_ours(path: str) -> bool:
    """Whether a path belongs to this API, however it is spelled."""
    return _OURS.match(path) is not None


def route_path(path: str) -> str:
    """The path as its route knows it; those of others stay as they are."""
    found = _OURS.match(path)
    if found is None:
        return path
    return f"{PREFIX}{path[found.end() :].rstrip('/')}"


class OnePath:
    """ASGI middleware: sends each request on under its route's path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and is_ours(scope["path"]):
            scope = {**scope, "path": route_path(scope["path"])}
        await self._app(scope, receive, send)
