"""Who can send a message and who can get one: numbers, short codes, names, and the addresses of e-mails."""

import re
from email.errors import MessageError
from email.headerregistry import HeaderRegistry
from typing import Any

LONGEST_BODY = 1600
"""Letters of a message; what networks carry as ten parts of plain text."""
MOST_ADDRESSES = 50
NUMBER_CHANNELS = ("sms", "mms")
"""Those on which everybody is a number."""
LONGEST_NAME = 256
_SEPARATORS = str.maketrans("", "", " -.()")
_SHORT_CODE = re.compile("[0-9]{3,8}")
_SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 _.&+-]{1,11}")
_MAILBOX = re.compile(r"[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]{1,64}@[^\s@<>,;:\"\\()\[\]\x00-\x1f\x7f]{1,253}")
_CHANNEL = re.compile("[a-z][a-z0-9-]{0,31}")


def e164(text: str) -> str | None:
    """The number in E.164, `+` and digits; None for what is none. One without `+` begins with its country's code.

    The first call loads the numbering plans: 30 ms and 3 MB.
    """
    plain = text.strip().translate(_SEPARATORS)
    if not re.fullmatch(r"\+?[1-9][0-9]{6,14}", plain):
        return None
    import phonenumbers

    written = plain if plain.startswith("+") else f"+{plain}"
    try:
        number = phonenumbers.parse(written, None)
    except phonenumbers.NumberParseException:
        return None
    return written if phonenumbers.is_possible_number(number) else None


def sender(text: str) -> str | None:
    """Whom a text message may come from: a number, a short code, or a name of up to 11 letters and digits."""
    plain = text.strip()
    if _SHORT_CODE.fullmatch(plain) or _SENDER_NAME.fullmatch(plain):
        return plain
    return e164(plain)


def recipient_on(channel: str, text: str) -> str | None:
    """Whom a message on a channel may go to; None for what is nobody there."""
    return e164(text) if channel in NUMBER_CHANNELS else _name(text)


def sender_on(channel: str, text: str) -> str | None:
    """Whom a message on a channel may come from; None for what is nobody there."""
    return sender(text) if channel in NUMBER_CHANNELS else _name(text)


def _name(text: str) -> str | None:
    plain = text.strip()
    is_name = plain and len(plain) <= LONGEST_NAME and not re.search(r"[\x00-\x20\x7f]", plain)
    return plain if is_name else None


def is_channel(text: str) -> bool:
    """Whether `text` can be the name of a channel."""
    return _CHANNEL.fullmatch(text) is not None


def mail_addresses(text: str) -> tuple[str, ...] | None:
    """The bare addresses in a list such as `Ada <ada@example.com>, bob@example.com`; None where one is none.

    No more than MOST_ADDRESSES; an empty text has none.
    """
    if not text.strip():
        return ()
    if re.search(r"[\x00-\x1f\x7f]", text):
        return None
    try:
        header: Any = HeaderRegistry()("To", text)
    except (MessageError, ValueError, IndexError, AttributeError):  # the parser's way of refusing odd input
        return None
    found = () if header.defects else tuple(str(address.addr_spec) for address in header.addresses)
    if not found or len(found) > MOST_ADDRESSES:
        return None
    return found if all(_MAILBOX.fullmatch(address) for address in found) else None
