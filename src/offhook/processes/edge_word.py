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
    said = [value for name, value in invite.headers if name.lower() == HEADER]
    headers = tuple(header for header in invite.headers if header[0].lower() != HEADER)
    invite = replace(invite, headers=headers)
    words = said[0].split(" ") if len(said) == 1 else []
    if len(words) != FIELDS or not _is_proven(words, invite.sip_call_id, key):
        return invite
    address, port, transport, login, _proof = words
    host = f"[{address.strip('[]')}]" if ":" in address else address
    return replace(
        invite,
        source=f"{host}:{port}",
        transport=transport,
        client=login if login != NOBODY else None,
    )


def _is_proven(words: list[str], call_id: str, key: str) -> bool:
    said = " ".join((key, call_id, *words[:-1]))
    return hmac.compare_digest(hashlib.sha256(said.encode()).hexdigest(), words[-1])
