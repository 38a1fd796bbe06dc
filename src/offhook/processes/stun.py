"""Asks a STUN server (RFC 8489) by which address and port the outside sees packets of ours. Blocks; a thread is for that."""

import ipaddress
import secrets
import socket
import struct
import time
from collections.abc import Iterator

from offhook.call.errors import OffhookError

DEFAULT_PORT = 3478
COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_ANSWER, BINDING_ERROR = 0x0001, 0x0101, 0x0111
MAPPED_ADDRESS, XOR_MAPPED_ADDRESS = 0x0001, 0x0020
HEADER = struct.Struct("!HHI12s")
WAITS_S = (0.5, 1.0, 1.5)
"""How long each try waits for the answer."""

Address = tuple[str, int]


class StunFailed(OffhookError):
    """A STUN server told nothing; the text says which, and why."""


def seen_address(server: Address, *, bound: socket.socket | None = None) -> Address:
    """The address that `server` sees packets of ours come from, those of the UDP socket `bound` where one is given.
    Raises StunFailed; takes 3 s at most, besides the looking up of a name."""
    name = f"{server[0]}:{server[1]}"
    family = bound.family if bound is not None else socket.AF_INET
    try:
        place = socket.getaddrinfo(*server, family, socket.SOCK_DGRAM)[0][4]
    except OSError as error:
        raise StunFailed(f"the STUN server {name} is not found: {error.strerror or error}") from None
    own = None if bound is not None else socket.socket(family, socket.SOCK_DGRAM)
    asking = bound or own
    assert asking is not None
    try:
        return _ask(asking, place, name)
    except OSError as error:
        raise StunFailed(f"the STUN server {name} cannot be asked: {error.strerror or error}") from None
    finally:
        if own is not None:
            own.close()


def request(transaction: bytes) -> bytes:
    """A binding request."""
    return HEADER.pack(BINDING_REQUEST, 0, COOKIE, transaction)


def read_answer(data: bytes, transaction: bytes) -> Address | None:
    """The address in an answer to this transaction; None for what is none. Raises StunFailed for a refusal."""
    if len(data) < HEADER.size:
        return None
    kind, length, cookie, answered = HEADER.unpack_from(data)
    if cookie != COOKIE or answered != transaction or len(data) < HEADER.size + length:
        return None
    if kind == BINDING_ERROR:
        raise StunFailed("the STUN server refuses to answer")
    if kind != BINDING_ANSWER:
        return None
    found = dict(_attributes(data[HEADER.size : HEADER.size + length]))
    if XOR_MAPPED_ADDRESS in found:
        return _address(found[XOR_MAPPED_ADDRESS], data[4:20])
    return _address(found.get(MAPPED_ADDRESS, b""), bytes(16))


def _ask(asking: socket.socket, place: tuple[object, ...], name: str) -> Address:
    transaction = secrets.token_bytes(12)
    patience = asking.gettimeout()
    try:
        for wait_s in WAITS_S:
            asking.sendto(request(transaction), place)
            end = time.monotonic() + wait_s
            while (left_s := end - time.monotonic()) > 0:
                asking.settimeout(left_s)
                try:
                    found = read_answer(asking.recv(2048), transaction)
                except TimeoutError:
                    break
                if found is not None:
                    return found
    finally:
        asking.settimeout(patience)
    raise StunFailed(f"the STUN server {name} does not answer")


def _attributes(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(body):
        kind, length = struct.unpack_from("!HH", body, at)
        yield kind, body[at + 4 : at + 4 + length]
        at += 4 + length + -length % 4


def _address(value: bytes, mask: bytes) -> Address | None:
    """`mask` is what address and port were mixed with: the cookie and the transaction, or zeros."""
    if len(value) not in (8, 20):
        return None
    port = int.from_bytes(value[2:4]) ^ int.from_bytes(mask[:2])
    packed = bytes(byte ^ other for byte, other in zip(value[4:], mask, strict=False))
    return str(ipaddress.ip_address(packed)), port
