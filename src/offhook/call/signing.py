"""What signs a request, so that an application can tell that it comes from its own account and was not changed on the way.

What is signed are the bytes that are sent. Each family of applications has its own scheme, with an account's auth token
as the key.
"""

from collections.abc import Callable
from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
Tokens = tuple[str, ...]
"""An account's auth tokens, the current one first; none where they are not known. There are two while one is being
exchanged for another, and a receiver that knows either is to be content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as it goes over the wire."""

    method: str
    url: str
    """Scheme, host as in the Host header, path and query as asked for; without credentials."""
    body: bytes
    """Empty for a GET."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What a request may be signed with."""

    own: Tokens = ()
    """Of the account that asks."""
    parent: Tokens = ()
    """Of the account that owns it, where there is one and a scheme may want it."""


Scheme = Callable[[Outgoing, Keys, int], Pairs]
"""The headers that sign a request at a time in seconds since 1970; none without a token."""
