"""The keys that secrets are sealed with: from a setting, or from a file in the data folder that is made once.

A key is 32 bytes, drawn from the text that an operator writes or the file holds. 32 bytes in base64 count as
they are (HKDF); any other text is stretched (scrypt), because people choose it.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offhook.call.errors import OffhookError

KEY_BYTES = 32
SETTING, PREVIOUS_SETTING = "OFFHOOK_SECRET_KEY", "OFFHOOK_SECRET_KEY_PREVIOUS"
FILE_NAME = "secret.key"
_PURPOSE = b"offhook: secrets at rest"
_STRETCHING = {"n": 2**14, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}


class SecretKeyWrong(OffhookError):
    """There is no key, or not the one that something was sealed with; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key and its name, which stands on what it sealed."""

    name: str
    """8 hex digits that tell nothing of the key."""
    secret: bytes

    def __repr__(self) -> str:
        return f"Key({self.name})"


def key_from(text: str) -> Key:
    """The key that `text` stands for, the same at any time and on any machine."""
    text = text.strip()
    raw = _random_bytes(text)
    if raw is None:
        raw = hashlib.scrypt(text.encode("utf-8"), salt=_PURPOSE, dklen=KEY_BYTES, **_STRETCHING)
    return Key(_drawn(raw, b"name")[:4].hex(), _drawn(raw, b"key"))


def _random_bytes(text: str) -> bytes | None:
    """The 32 bytes that `text` is the base64 of; None for any other text."""
    try:
        raw = base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == KEY_BYTES else None


def _drawn(raw: bytes, use: bytes) -> bytes:
    """32 bytes from `raw` for one use: HKDF-SHA256 (RFC 5869), one block long."""
    extracted = hmac.digest(_PURPOSE, raw, "sha256")
    return hmac.digest(extracted, use + b"\x01", "sha256")


class SetKeys:
    """Keys that the operator sets: the one in use, and those that it followed."""

    def __init__(self, current: str, previous: Sequence[str] = ()) -> None:
        self._texts = (current, *previous)

    def read(self) -> tuple[Key, ...]:
        """The keys, the one in use first."""
        return tuple(key_from(text) for text in self._texts)

    def why_wrong(self) -> str:
        """What to do about something that none of them opens."""
        return (
            f"{SETTING} is not the key that it was sealed with; set the one that it was, or add that one to "
            f"{PREVIOUS_SETTING}"
        )


class KeyFile:
    """Keys in a file that its owner alone may read: a line each, the one in use first."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Key, ...]:
        """The keys, the one in use first. Raises SecretKeyWrong where there is none."""
        return tuple(key_from(line) for line in self._lines())

    def why_wrong(self) -> str:
        """What to do about something that none of them opens."""
        return (
            f"{self.path} is not the key that it was sealed with; bring that file back from a backup, or set "
            f"{SETTING} to the key that was in use"
        )

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.exists()

    def make(self) -> None:
        """Make the file with a new key, unless it is there: of several processes one makes it. Raises OSError."""
        with contextlib.suppress(FileExistsError):
            _write(self.path, [new_key_text()], replacing=False)

    def take_over(self, text: str) -> None:
        """A new key is in use from now on, and those before it still open what they sealed. Raises OSError."""
        _write(self.path, [text, *self._lines()], replacing=True)

    def drop_all_but(self, count: int) -> None:
        """Keep the newest keys only. Raises OSError."""
        _write(self.path, self._lines()[:count], replacing=True)

    def _lines(self) -> list[str]:
        try:
            lines = [line.strip() for line in self.path.read_text("utf-8").splitlines() if line.strip()]
        except FileNotFoundError:
            lines = []
        except (OSError, UnicodeDecodeError) as error:
            raise SecretKeyWrong(f"the key of the secrets cannot be read from {self.path}: {error}") from None
        if not lines:
            raise SecretKeyWrong(
                f"there is no key for the secrets: {self.path} is missing or empty; bring it back from a backup, "
                f"or set {SETTING}; if it is lost for good, `offhook secrets reset` gives accounts new tokens"
            )
        return lines


def new_key_text() -> str:
    """A new key, as it is written: 32 random bytes in base64."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _write(path: Path, lines: Sequence[str], *, replacing: bool) -> None:
    """Put a whole file in place, or none. Raises FileExistsError unless it may be replaced."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
            file.flush()
            os.fsync(file.fileno())
        if replacing:
            beside.replace(path)
        else:
            os.link(beside, path)
    finally:
        beside.unlink(missing_ok=True)
