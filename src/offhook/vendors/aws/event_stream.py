"""Messages of headers and a payload, guarded by checksums: `application/vnd.amazon.eventstream`.

https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html
"""

import struct
from collections.abc import Mapping
from zlib import crc32

STRING = 7
SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type; the other two types tell theirs."""
PRELUDE_BYTES = 12
CHECKSUM_BYTES = 4


class Malformed(ValueError):
    """What came is no such message; the text says why."""


def write_message(headers: Mapping[str, str], payload: bytes) -> bytes:
    """A message as it crosses the wire."""
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    sizes = struct.pack("!II", PRELUDE_BYTES + len(head) + len(payload) + CHECKSUM_BYTES, len(head))
    guarded = sizes + struct.pack("!I", crc32(sizes)) + head + payload
    return guarded + struct.pack("!I", crc32(guarded))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", STRING, len(value)) + value


def read_message(message: bytes) -> tuple[dict[str, str], bytes]:
    """The headers that are strings, and the payload. Raises Malformed."""
    if len(message) < PRELUDE_BYTES + CHECKSUM_BYTES:
        raise Malformed("a message is too short")
    total, head_length, prelude_sum = struct.unpack_from("!III", message)
    if crc32(message[:8]) != prelude_sum or total != len(message):
        raise Malformed("the lengths of a message are wrong")
    if crc32(message[:-CHECKSUM_BYTES]) != struct.unpack("!I", message[-CHECKSUM_BYTES:])[0]:
        raise Malformed("the checksum of a message is wrong")
    head_end = PRELUDE_BYTES + head_length
    if head_end > total - CHECKSUM_BYTES:
        raise Malformed("the headers of a message are longer than it")
    try:
        return _headers(message[PRELUDE_BYTES:head_end]), message[head_end:-CHECKSUM_BYTES]
    except (IndexError, struct.error, KeyError, UnicodeDecodeError):
        raise Malformed("the headers of a message cannot be read") from None


def _headers(head: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    while at < len(head):
        name_end = at + 1 + head[at]
        name, kind = head[at + 1 : name_end].decode(), head[name_end]
        at = name_end + 1
        if kind in SIZES:
            at += SIZES[kind]
            continue
        if kind not in (6, STRING):
            raise KeyError(kind)
        (length,) = struct.unpack_from("!H", head, at)
        if kind == STRING:
            headers[name] = head[at + 2 : at + 2 + length].decode()
        at += 2 + length
    return headers
