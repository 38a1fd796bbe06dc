"""Nonces for whoever is asked for a password: made, known again, and taken once. Pure: they are told the time.

A nonce says when it was made, and its seal binds it to the address that it was told. So nothing is kept of those that were handed out,
however many ask; only of what proved somebody is it kept, until its nonce holds no more.
"""

import hashlib
import hmac
import re
import secrets

LIFE_S = 300
"""How long a nonce holds."""
MOST_USES = 65_536
_NONCE = re.compile(r"([0-9a-f]{1,12})\.[0-9a-f]{8}\.[0-9a-f]{32}")


class Nonces:
    """Those of one run."""

    def __init__(self, *, most_uses: int = MOST_USES) -> None:
        self._key = secrets.token_bytes(32)
        self._from = secrets.randbelow(1 << 31)
        """Nobody need know how long this machine has been running."""
        self._most_uses = most_uses
        self._used: dict[bytes, int] = {}
        """When the nonce of each was made."""
        self._stale_until = -1
        """Nonces that were made until then count no more: what was proven by them has been forgotten."""

    def made(self, address: str, at: float) -> str:
        """A nonce for whoever is at an address."""
        words = f"{int(at) + self._from:x}.{secrets.token_hex(4)}"
        return f"{words}.{self._seal(words, address)}"

    def holds(self, nonce: str, address: str, at: float) -> bool:
        """Whether we told this to that address, and not too long ago."""
        found = _NONCE.fullmatch(nonce)
        if found is None:
            return False
        words, _, seal = nonce.rpartition(".")
        if not hmac.compare_digest(self._seal(words, address), seal):
            return False
        made = int(found[1], 16)
        return -1 <= int(at) + self._from - made <= LIFE_S and made > self._stale_until

    def use(self, name: str, nonce: str, count: str, at: float) -> bool:
        """Take a nonce that holds, with its count, as what proves a name; False where it has done so before."""
        words = f"{name}\0{nonce}\0{count}".encode("utf-8", "surrogateescape")
        key = hashlib.sha256(words).digest()[:16]
        made = int(nonce.partition(".")[0], 16)
        if key in self._used:
            return False
        self._forget(at)
        self._used[key] = made
        return True

    def _forget(self, at: float) -> None:
        while self._used:
            key, made = next(iter(self._used.items()))
            is_over = int(at) + self._from - made > LIFE_S
            if not is_over and len(self._used) < self._most_uses:
                return
            del self._used[key]
            if not is_over:
                self._stale_until = max(self._stale_until, made)

    def _seal(self, words: str, address: str) -> str:
        return hmac.new(self._key, f"{words} {address}".encode(), hashlib.sha256).hexdigest()[:32]
