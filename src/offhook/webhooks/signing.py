"""Signs requests, so that an application can tell that they come from its own account and were not changed on the way.

What is signed are the bytes that are sent. Each family of applications has its own scheme; the one here is that of every
request of ours, whatever other header a scheme of an application's own language adds. The key is the account's auth
token. While a token is being exchanged for another there are two, and a receiver that knows either is content.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]
Tokens = tuple[str, ...]
"""An account's auth tokens, the current one first; none where they are not known."""

SIGNATURE_HEADER = "X-Offhook-Signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as it goes over the wire."""

    method: str
    url: str
    """Scheme, host as in the Host header, path and query as asked for; without credentials."""
    body: bytes
    """Empty for a GET."""


Scheme = Callable[[Outgoing, Tokens, int], Pairs]
"""The headers that sign a request at a time in seconds since 1970; none without a token."""


def offhook_signature(outgoing: Outgoing, tokens: Tokens, at: int) -> Pairs:
    """`t=<time>,v1=<hex>`, and another v1 for each further token.

    Each is the HMAC-SHA256, keyed with the token, of the time, a full stop, and the body; of a GET, which has none,
    its URL takes the body's place.
    """
    if not tokens:
        return ()
    signed = b"%d." % at + (outgoing.url.encode("latin-1") if outgoing.method == "GET" else outgoing.body)
    values = (hmac.new(token.encode(), signed, hashlib.sha256).hexdigest() for token in tokens)
    return ((SIGNATURE_HEADER, ",".join((f"t={at}", *(f"v1={value}" for value in values)))),)
