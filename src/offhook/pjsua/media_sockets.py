"""The sockets of a call's audio, and where their last packets came from. PJSUA2 does not tell the former; the C library does.

It relies on how `pjmedia_transport_info` begins, and checks what it read against the address that a socket is bound to.
Everything here runs on the owner thread.
"""

import ctypes
import socket
import struct
from dataclasses import dataclass, replace
from ipaddress import ip_address

from offhook.pjsua.c_library import c_library
from offhook.pjsua.packet_filter import IpAddress, Source, address_of

STRUCTURE_BYTES = 8192
"""More than `pjmedia_transport_info` has in any build: 168 bytes of interest, then notes of transports."""
RTP_SOCKET_AT, RTP_NAME_AT = 0, 8
RTCP_SOCKET_AT, RTCP_NAME_AT = 40, 48
RTP_SOURCE_AT = 80
OPERATIONS_AT = 40
"""In `pjmedia_transport`: after its name and kind. The first of its operations tells about the transport."""
SOURCE_BYTES = 28
"""Of a `pj_sockaddr`; that of the last packet is the last thing of interest."""
STANDARD_ERROR = 2
_told = ctypes.create_string_buffer(STRUCTURE_BYTES)
"""What the library writes into; it is read at once, and cleared before it is written the next time."""


@dataclass(frozen=True, slots=True)
class MediaSockets:
    """What the library tells of one call's audio."""

    rtp: int
    """A descriptor; the library's, and only until it is asked again."""
    rtcp: int
    last_source: Source | None
    """Where the last RTP packet came from; None before the first, and after a negotiation."""
    advertised: Source | None = None
    """Where our SDP says that we hear."""
    names: bytes = b""
    """What the two were told with."""


def media_sockets(call_number: int, index: int, known: MediaSockets | None = None) -> MediaSockets | None:
    """The sockets of a call's stream; None where they cannot be told, or there are none.

    `known` is what was told of that call before: sockets that are still the same are not checked again, which is most of
    the work.
    """
    _clear()
    try:
        status = c_library().pjsua_call_get_med_transport_info(call_number, ctypes.c_uint(index), _told)
    except AttributeError:
        return None
    return None if status else _read(known)


def sockets_of(transport: int) -> MediaSockets | None:
    """The sockets of a transport that no call can be asked for yet; `transport` is the address of its `pjmedia_transport`."""
    operations = ctypes.c_void_p.from_address(transport + OPERATIONS_AT).value
    tell = ctypes.c_void_p.from_address(operations).value if operations else None
    if not tell:
        return None
    _clear()
    status = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(tell)(transport, _told)
    return None if status else _read(None)


def _clear() -> None:
    ctypes.memset(_told, 0, STRUCTURE_BYTES)  # all of it: transports count on from what they find there


def _read(known: MediaSockets | None) -> MediaSockets | None:
    facts = ctypes.string_at(_told, RTP_SOURCE_AT + SOURCE_BYTES)
    names, last_source = facts[:RTP_SOURCE_AT], _source(facts[RTP_SOURCE_AT:])
    if known is not None and known.names == names:
        return known if known.last_source == last_source else replace(known, last_source=last_source)
    rtp, rtcp = (struct.unpack_from("l", facts, at)[0] for at in (RTP_SOCKET_AT, RTCP_SOCKET_AT))
    if not _belongs(rtp, facts[RTP_NAME_AT:]) or not _belongs(rtcp, facts[RTCP_NAME_AT:]):
        return None
    return MediaSockets(rtp, rtcp, last_source, _source(facts[RTP_NAME_AT:]), names)


def _belongs(descriptor: int, name: bytes) -> bool:
    """Whether a socket is bound to the port that it was told with."""
    named = _source(name)
    if named is None or descriptor <= STANDARD_ERROR:
        return False
    try:
        return address_of(descriptor)[1] == named.port
    except OSError:
        return False


def _source(structure: bytes) -> Source | None:
    """A `pj_sockaddr`, read; None where none is set."""
    family = int.from_bytes(structure[:2], "little")
    port = int.from_bytes(structure[2:4])
    if family == socket.AF_INET:
        packed = structure[4:8]
    elif family == socket.AF_INET6:
        packed = structure[8:24]
    else:
        return None
    address: IpAddress = ip_address(packed)
    return Source(address, port) if port else None
