"""How our own processes speak HTTP with one another: the header with their secret, and the words of ASGI."""

from collections.abc import Awaitable, Callable
from typing import Any

SECRET_HEADER = "x-offhook-secret"

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
