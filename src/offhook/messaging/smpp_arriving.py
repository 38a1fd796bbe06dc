"""What a centre hands over: receipts read from their text, and the parts of long messages put together."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from offhook.call.messages import (
    BLOCKED,
    UNDELIVERABLE,
    ArrivedMessage,
    MessageStatus,
    Receipt,
)
from offhook.messaging.smpp_pdu import ShortMessage, Tag
from offhook.messaging.smpp_text import PartOf, joined, without_header
from offhook.verbs import SMS_CHANNEL

NAME = "smpp"
INTERNATIONAL = 1
RECEIPT_TYPES, RECEIPT = 0x3C, 0x04
HAS_HEADER = 0x40
"""Bits of esm_class (5.2.12)."""
INCOMPLETE_S = 120.0
"""How long the parts of a message wait for the others; then those that came are handed on."""
_ID = re.compile(r"\bid:\s*([^\s:]{1,65})", re.IGNORECASE)
_STATE = re.compile(r"\bstat:\s*([A-Z]+)", re.IGNORECASE)
_ERROR = re.compile(r"\berr:\s*([0-9A-Za-z]{1,8})", re.IGNORECASE)
_WORDS = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}
"""Final values of message_state (5.2.28)."""
_ENDS = {
    "DELIVRD": (MessageStatus.DELIVERED, None),
    "EXPIRED": (MessageStatus.UNDELIVERED, UNDELIVERABLE),
    "DELETED": (MessageStatus.UNDELIVERED, UNDELIVERABLE),
    "UNDELIV": (MessageStatus.UNDELIVERED, UNDELIVERABLE),
    "REJECTD": (MessageStatus.UNDELIVERED, BLOCKED),
}


def is_receipt(message: ShortMessage) -> bool:
    """Whether it tells of a message of ours."""
    return message.esm_class & RECEIPT_TYPES == RECEIPT


def receipt_of(message: ShortMessage) -> Receipt | None:
    """What a receipt says; None where it says nothing that is final, or does not say of what."""
    text = message.content.decode("latin-1")
    named = message.tags.get(Tag.RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("ascii", "replace")
    found_id, found_state, found_error = _ID.search(text), _STATE.search(text), _ERROR.search(text)
    reference = named or (found_id[1] if found_id else "")
    code = message.tags.get(Tag.MESSAGE_STATE, b"\0")[0]
    word = _WORDS.get(code) or (found_state[1].upper() if found_state else "")
    if not reference or word not in _ENDS:
        return None
    status, error_code = _ENDS[word]
    why = f"the network says {word}" + (f", error {found_error[1]}" if found_error else "")
    return Receipt(
        provider=NAME,
        references=_spellings(reference),
        status=status,
        error_code=error_code,
        error_message=why if error_code is not None else None,
    )


def _spellings(reference: str) -> tuple[str, ...]:
    """How a centre may have written the same when it took the message: some turn hexadecimal into decimal."""
    spellings = [reference, reference.lower(), reference.upper()]
    if re.fullmatch("[0-9]+", reference):
        spellings += [f"{int(reference):x}", f"{int(reference):X}", reference.lstrip("0")]
    if re.fullmatch("[0-9A-Fa-f]+", reference):
        spellings.append(str(int(reference, 16)))
    return tuple(spelling for spelling in dict.fromkeys(spellings) if spelling)


@dataclass(slots=True)
class _Waiting:
    """A long message of which parts are missing."""

    first: ShortMessage
    since: float
    total: int
    parts: dict[int, str] = field(default_factory=dict)


class Puzzle:
    """Puts long messages together."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[tuple[str, str, int, int], _Waiting] = {}

    def take(self, message: ShortMessage) -> ArrivedMessage | None:
        """The whole message, once it is there; None while parts are missing."""
        content, part = message.content, None
        if message.esm_class & HAS_HEADER:
            content, part = without_header(content)
        part = part or _tagged_part(message)
        text = joined(content, message.data_coding)
        if part is None or part.total == 1:
            return _arrived(message, text)
        key = (message.source, message.destination, part.reference, part.total)
        waiting = self._waiting.setdefault(key, _Waiting(message, self._clock(), part.total))
        waiting.parts[part.number] = text
        if len(waiting.parts) < part.total:
            return None
        del self._waiting[key]
        return _whole(waiting)

    def overdue(self) -> list[ArrivedMessage]:
        """Messages whose missing parts are not waited for any more, as far as they came."""
        late = [key for key, waiting in self._waiting.items() if self._clock() - waiting.since > INCOMPLETE_S]
        return [_whole(self._waiting.pop(key)) for key in late]


def _tagged_part(message: ShortMessage) -> PartOf | None:
    values = [
        int.from_bytes(message.tags.get(tag, b""), "big")
        for tag in (Tag.PART_REFERENCE, Tag.PARTS, Tag.PART_NUMBER)
    ]
    part = PartOf(*values)
    return part if 1 <= part.number <= part.total else None


def _whole(waiting: _Waiting) -> ArrivedMessage:
    texts = [waiting.parts.get(number, "…") for number in range(1, waiting.total + 1)]
    return _arrived(waiting.first, "".join(texts))


def _arrived(message: ShortMessage, text: str) -> ArrivedMessage:
    return ArrivedMessage(
        provider=NAME,
        channel=SMS_CHANNEL,
        from_=_written(message.source, message.source_ton),
        to=_written(message.destination, message.destination_ton),
        body=text,
    )


def _written(address: str, kind: int) -> str:
    """An address as we write it: international numbers with their `+`."""
    is_international = kind == INTERNATIONAL and address.isdigit()
    return f"+{address}" if is_international else address
