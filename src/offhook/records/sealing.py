"""Secrets at rest: each is sealed with AES-256-GCM, and opens only in the place that it was sealed for.

A sealed value is text: `$aes256gcm$<name of the key>$<nonce and ciphertext in base64>`. A value without that
beginning was written before secrets were sealed, and is given back as it is.
"""

import base64
import binascii
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from offhook.records.secret_keys import Key, SecretKeyWrong

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MARK = "$aes256gcm$"
NONCE_BYTES = 12


class KeySource(Protocol):
    """Where keys come from."""

    def read(self) -> tuple[Key, ...]:
        """The keys, the one in use first. Raises SecretKeyWrong where there is none."""

    def why_wrong(self) -> str:
        """What to do about something that none of them opens."""


def is_sealed(kept: str) -> bool:
    """Whether a value is sealed."""
    return kept.startswith(MARK)


def place(table: str, row: str, column: str) -> str:
    """The one place where a sealed value opens."""
    return f"{table}/{row}/{column}"


class SecretBox:
    """Seals and opens. The keys are read when they are first needed, and again for a value under a new one."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._keys: Mapping[str, AESGCM] = {}
        self._current = ""

    def seal(self, secret: str, where: str) -> str:
        """`secret` as it may be kept at `where`. Raises SecretKeyWrong."""
        if not self._keys:
            self.reload()
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._keys[self._current].encrypt(nonce, secret.encode("utf-8"), where.encode())
        return f"{MARK}{self._current}${base64.b64encode(sealed).decode()}"

    def open(self, kept: str, where: str) -> str:
        """The secret that is kept at `where`. Raises SecretKeyWrong."""
        if not is_sealed(kept):
            return kept
        name, _, text = kept.removeprefix(MARK).partition("$")
        if name not in self._keys:
            self.reload()
        key = self._keys.get(name)
        if key is None:
            raise SecretKeyWrong(f"{where} cannot be opened: {self._source.why_wrong()}")
        from cryptography.exceptions import InvalidTag

        try:
            sealed = base64.b64decode(text, validate=True)
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], where.encode()).decode("utf-8")
        except (InvalidTag, binascii.Error, ValueError):
            raise SecretKeyWrong(
                f"{where} cannot be opened: the value was changed, or moved here from another row"
            ) from None

    def is_current(self, kept: str) -> bool:
        """Whether a value is sealed with the key that is in use."""
        if not self._keys:
            self.reload()
        return kept.startswith(f"{MARK}{self._current}$")

    def reload(self) -> None:
        """Read the keys anew. Raises SecretKeyWrong."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        keys = self._source.read()
        self._keys = {key.name: AESGCM(key.secret) for key in keys}
        self._current = keys[0].name
