"""The wire of SMPP 3.4: protocol data units to bytes and back. Only those that a transceiver of messages needs.

A unit is a header of four 32-bit numbers (length, command, status, sequence) and a body; strings in it end with a NUL.
Numbers of sections are those of the SMPP 3.4 specification, issue 1.2.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">IIII")
LARGEST = 64 * 1024
"""No unit is larger; one that says so is no unit."""
RESPONSE = 0x80000000
INTERFACE_VERSION = 0x34


class Command(IntEnum):
    """What a unit asks for (5.1.2.1); its response is the same with the highest bit set."""

    GENERIC_NACK = 0x00000000
    """Only as a response."""
    SUBMIT_SM = 0x00000004
    DELIVER_SM = 0x00000005
    UNBIND = 0x00000006
    BIND_TRANSCEIVER = 0x00000009
    ENQUIRE_LINK = 0x00000015


class Status(IntEnum):
    """Those command statuses (5.1.3) that we send or treat in a way of their own."""

    OK = 0x00
    INVALID_COMMAND = 0x03
    SYSTEM_ERROR = 0x08
    INVALID_DESTINATION = 0x0B
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    QUEUE_FULL = 0x14
    SUBMIT_FAILED = 0x45
    THROTTLED = 0x58
    TEMPORARY_FAULT = 0x64
    PERMANENT_FAULT = 0x65


class Tag(IntEnum):
    """Optional parameters (5.3.2)."""

    RECEIPTED_MESSAGE_ID = 0x001E
    PART_REFERENCE = 0x020C
    PARTS = 0x020E
    PART_NUMBER = 0x020F
    MESSAGE_PAYLOAD = 0x0424
    MESSAGE_STATE = 0x0427


@dataclass(frozen=True, slots=True)
class Unit:
    """One protocol data unit."""

    command: int
    sequence: int
    status: int = 0
    body: bytes = b""

    @property
    def is_response(self) -> bool:
        """Whether it answers one of ours."""
        return bool(self.command & RESPONSE)

    def encode(self) -> bytes:
        """As it goes over the wire."""
        return HEADER.pack(HEADER.size + len(self.body), self.command, self.status, self.sequence) + self.body


class Malformed(Exception):
    """What came is no unit, or not one that can be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """The body of submit_sm and deliver_sm (4.4.1, 4.6.1)."""

    source: str
    source_ton: int = 0
    source_npi: int = 0
    destination: str
    destination_ton: int = 0
    destination_npi: int = 0
    esm_class: int = 0
    registered_delivery: int = 0
    data_coding: int = 0
    content: bytes = b""
    tags: dict[int, bytes] = field(default_factory=dict)

    def encode(self) -> bytes:
        """As it goes over the wire; `content` has at most 254 bytes."""
        return b"".join(
            (
                b"\0",  # service_type: the default
                bytes((self.source_ton, self.source_npi)),
                c_string(self.source, 20),
                bytes((self.destination_ton, self.destination_npi)),
                c_string(self.destination, 20),
                bytes((self.esm_class, 0, 0)),  # protocol and priority: the default
                b"\0\0",  # sent at once; kept as long as the network likes
                bytes((self.registered_delivery, 0, self.data_coding, 0, len(self.content))),
                self.content,
                *(struct.pack(">HH", tag, len(value)) + value for tag, value in self.tags.items()),
            )
        )


def decode_short_message(body: bytes) -> ShortMessage:
    """The body of a deliver_sm. Raises Malformed."""
    try:
        _, at = _string(body, 0)
        source_ton, source_npi = body[at], body[at + 1]
        source, at = _string(body, at + 2)
        destination_ton, destination_npi = body[at], body[at + 1]
        destination, at = _string(body, at + 2)
        esm_class = body[at]
        _, at = _string(body, at + 3)
        _, at = _string(body, at)
        registered, _, data_coding, _, length = body[at : at + 5]
        at += 5
        content = body[at : at + length]
        tags = _tags(body, at + length)
    except (IndexError, ValueError, struct.error) as fault:
        raise Malformed(f"a deliver_sm that cannot be read: {fault}") from fault
    if len(content) != length:
        raise Malformed("a deliver_sm that ends in the middle of its text")
    return ShortMessage(
        source=source,
        source_ton=source_ton,
        source_npi=source_npi,
        destination=destination,
        destination_ton=destination_ton,
        destination_npi=destination_npi,
        esm_class=esm_class,
        registered_delivery=registered,
        data_coding=data_coding,
        content=tags.get(Tag.MESSAGE_PAYLOAD, content),
        tags=tags,
    )


def bind_body(system_id: str, password: str, system_type: str) -> bytes:
    """The body of bind_transceiver (4.1.5)."""
    return b"".join(
        (
            c_string(system_id, 15),
            c_string(password, 8),
            c_string(system_type, 12),
            bytes((INTERFACE_VERSION, 0, 0)),
            b"\0",  # any address
        )
    )


def message_id_of(body: bytes) -> str | None:
    """What a submit_sm_resp calls the message; None where it says nothing."""
    text, _, _ = body.partition(b"\0")
    return text.decode("ascii", "replace") or None


def c_string(text: str, longest: int) -> bytes:
    """A text of ASCII with its NUL. Raises ValueError for one that is too long or no ASCII."""
    encoded = text.encode("ascii")
    if len(encoded) > longest or b"\0" in encoded:
        raise ValueError(f"a text of at most {longest} characters is needed")
    return encoded + b"\0"


def read_header(header: bytes) -> tuple[int, int, int, int]:
    """Length of the body, command, status and sequence. Raises Malformed."""
    length, command, status, sequence = HEADER.unpack(header)
    if not HEADER.size <= length <= LARGEST:
        raise Malformed(f"a unit of {length} bytes")
    return length - HEADER.size, command, status, sequence


def _string(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(0, at)
    return body[at:end].decode("ascii", "replace"), end + 1


def _tags(body: bytes, at: int) -> dict[int, bytes]:
    tags: dict[int, bytes] = {}
    while at + 4 <= len(body):
        tag, length = struct.unpack_from(">HH", body, at)
        tags[tag] = body[at + 4 : at + 4 + length]
        at += 4 + length
    return tags
