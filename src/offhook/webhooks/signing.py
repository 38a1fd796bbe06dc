"""The signature of every request of ours, whatever other headers a scheme of an application's own language adds."""

import hashlib
import hmac

from offhook.call.signing import Keys, Outgoing, Pairs

SIGNATURE_HEADER = "X-Offhook-Signature"


def offhook_signature(outgoing: Outgoing, keys: Keys, at: int) -> Pairs:
    """`t=<time>,v1=<hex>`, and another v1 for each further token.

    Each is the HMAC-SHA256, keyed with the token, of the time, a full stop, and the body; of a GET, which has none,
    its URL takes the body's place.
    """
    if not keys.own:
        return ()
    signed = b"%d." % at + (outgoing.url.encode("latin-1") if outgoing.method == "GET" else outgoing.body)
    values = (hmac.new(token.encode(), signed, hashlib.sha256).hexdigest() for token in keys.own)
    return ((SIGNATURE_HEADER, ",".join((f"t={at}", *(f"v1={value}" for value in values)))),)
