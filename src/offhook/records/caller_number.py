"""One caller, however its number is spelled: `+4930123456`, `4930123456`, `0049 30 123456`, `sip:+4930123456@host`."""

import hashlib
import hmac
import re

from offhook.call.errors import OffhookError

ERASED = "erased"
"""What stands where a number stood."""
_SEPARATORS = r"[\s().\-/]"
LEAST_DIGITS = 3


class NoNumber(OffhookError):
    """A text that names nobody."""


class CallerNumber:
    """A caller by its number, or by the user part of its SIP address. Raises NoNumber for a text that is neither."""

    def __init__(self, text: str) -> None:
        self.name = _name(text)
        if not self.name:
            raise NoNumber(f"{text!r} names nobody: write a number like +4930123456, or sip:user@host")

    def is_in(self, address: str | None) -> bool:
        """Whether an address (a number, a SIP address, a name) is the caller's."""
        return address is not None and _name(address) == self.name

    def erased_from(self, text: str) -> str:
        """`text` with a word in place of the number, wherever it stands there."""
        spelled = f"{_SEPARATORS}?".join(re.escape(letter) for letter in self.name)
        return re.sub(rf"(?<!\w)(\+|00)?{spelled}(?!\w)", ERASED, text, flags=re.IGNORECASE)

    def digest(self, key: bytes) -> str:
        """64 hex digits in place of the number; `key` keeps anybody without it from trying all numbers there are."""
        return hmac.new(key, self.name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _name(address: str) -> str:
    """What all spellings of one caller have in common: the digits of a number, or a user part in small letters."""
    text = re.sub(r"^.*<|>.*$", "", address.strip(), flags=re.DOTALL)
    text = re.sub(r"^(sips?|tel):", "", text, flags=re.IGNORECASE)
    text = re.split(r"[@;?]", text, maxsplit=1)[0].strip().lower()
    digits = re.sub(_SEPARATORS, "", text)
    if re.fullmatch(rf"\+?[0-9]{{{LEAST_DIGITS},}}", digits):
        return re.sub(r"^(\+|00)", "", digits)
    return text
