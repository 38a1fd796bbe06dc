"""What the edge tells a worker of a call: where it came from, and which client it is of who has proven it.

It stands in a header that the edge takes off every packet before it writes its own, with a proof that a worker can check:

<address> <port> <transport> <login, or - for nobody's> <SHA-256 of key, Call-ID and all this>
"""

import hashlib
import hmac
from dataclasses import replace

from offhook.pjsua.invite import Invite

HEADER = "x-offhook-edge"
NOBODY = "-"
FIELDS = 5


def signing_key(cluster_secret: str) -> str:
    """What the edge proves its words with, in hex digits: made of the secret of this run."""
    return hmac.new(cluster_secret.encode(), b"edge", hashlib.sha256).hexdigest()


def as_told(invite: Invite, key: str) -> Invite:
    """The INVITE as the edge got it, without the edge's own header; where that is missing or forged, as it came."""
    words = _proven_words(invite, key)
    invite = replace(
        invite, headers=tuple(header for header in invite.headers if header[0].lower() != HEADER)
    )
    if words is None:
        return invite
    address, port, transport, login, _proof = words
    host = f"[{address.strip('[]')}]" if ":" in address else address
    return replace(
        invite,
        source=f"{host}:{port}",
        transport=transport,
        client=login if login != NOBODY else None,
    )


def is_forged(invite: Invite, key: str) -> bool:
    """Whether it bears the header, and that is not the edge's word on a new call. One without it is a call of this machine's
    own: the edge gives the header to whatever comes from outside."""
    return bool(_said(invite)) and _proven_words(invite, key) is None


def _said(invite: Invite) -> list[str]:
    return [value for name, value in invite.headers if name.lower() == HEADER]


def _proven_words(invite: Invite, key: str) -> list[str] | None:
    said = _said(invite)
    words = said[0].split(" ") if len(said) == 1 else []
    return words if len(words) == FIELDS and _is_proven(words, invite.sip_call_id, key) else None


def _is_proven(words: list[str], call_id: str, key: str) -> bool:
    told = " ".join((key, call_id, *words[:-1]))
    return hmac.compare_digest(hashlib.sha256(told.encode()).hexdigest(), words[-1])
