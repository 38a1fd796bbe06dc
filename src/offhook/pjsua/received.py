"""What PJSIP has read of a message that it shows to modules: the fields of `pjsip_rx_data`.

Their places follow from one number, the size of the packet that a build takes, and are checked with each message: the library's
pointer to the text must lead into the packet, and the source's name must be its address. Everything here runs on the owner thread.
"""

import ctypes
import socket
from ipaddress import ip_address

from offhook.pjsua.c_library import TRANSPORT_OFFSET, transport_of
from offhook.pjsua.packet_filter import IpAddress

WHEEL_PACKET_BYTES = 4000
"""PJSIP_MAX_PKT_LEN of the PyPI wheel."""
PACKET_AT = 320
ALIGNED = 8
SOURCE_AFTER = 16
"""`src_addr`, counted from the packet's end, which is aligned: after `zero` and `len`."""
PORT_AFTER = 2
"""Counted from where `src_addr` begins."""
SOURCE_NAME_AFTER, SOURCE_NAME_BYTES = 48, 46
MESSAGE_AFTER = 104
"""`msg_info`: after the source's name and port."""
LENGTH_AT, MESSAGE_AT, CALL_ID_AT, FROM_AT, TO_AT, VIA_AT, CSEQ_AT = 8, 16, 32, 40, 48, 56, 64
"""Within `msg_info`: the length of the text, and pointers to what was parsed."""
METHOD_AT = 16
"""In `pjsip_msg`: the name of the request's method."""
VALUE_AT, TAG_AT, CSEQ_METHOD_AT, MADDR_AT = 64, 72, 80, 112
"""In a header: the text of a Call-ID; the tag of a From or To; the name of the method in a CSeq; where a Via wants answers sent."""
MOST_BYTES = 65_536


class Received:
    """One message. Its memory is the library's, and gone after the callback."""

    def __init__(self, address: int, packet_bytes: int) -> None:
        """`address` is that of the `pjsip_rx_data`; `packet_bytes` is PJSIP_MAX_PKT_LEN."""
        self._address = address
        self._end = address + PACKET_AT + -(-packet_bytes // ALIGNED) * ALIGNED
        self._message = self._end + MESSAGE_AFTER

    @property
    def is_understood(self) -> bool:
        """Whether this build lays a message out as is assumed here."""
        text, packet = _pointer(self._message), self._address + PACKET_AT
        return packet <= text < self._end and self.source is not None

    @property
    def transport(self) -> str:
        """What it came by: udp, tcp or tls."""
        return transport_of(self._address)

    @property
    def connection(self) -> int:
        """The `pjsip_transport` that it came by."""
        return _pointer(self._address + TRANSPORT_OFFSET)

    @property
    def source(self) -> IpAddress | None:
        """Where it came from; None where that is not found."""
        structure = ctypes.string_at(self._end + SOURCE_AFTER, 28)
        family = int.from_bytes(structure[:2], "little")
        if family not in (socket.AF_INET, socket.AF_INET6):
            return None
        address = ip_address(structure[4:8] if family == socket.AF_INET else structure[8:24])
        name = ctypes.string_at(self._end + SOURCE_NAME_AFTER, SOURCE_NAME_BYTES).partition(b"\0")[0]
        return address if name == str(address).encode() else None

    @property
    def source_name(self) -> str:
        """Where it came from: `address:port`; empty where that is not found."""
        address = self.source
        port = int.from_bytes(ctypes.string_at(self._end + SOURCE_AFTER + PORT_AFTER, 2), "big")
        if address is None:
            return ""
        return f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"

    @property
    def message(self) -> int:
        """Where the `pjsip_msg` is that it was parsed to."""
        return _pointer(self._message + MESSAGE_AT)

    @property
    def method(self) -> str:
        """The method of a request."""
        return _text(self.message + METHOD_AT)

    @property
    def cseq_method(self) -> str:
        """The method that its CSeq names."""
        return _text(_pointer(self._message + CSEQ_AT) + CSEQ_METHOD_AT)

    @property
    def text(self) -> bytes:
        """The whole of it. Where its body begins is the library's to say, which takes many things for an empty line."""
        length = ctypes.c_int.from_address(self._message + LENGTH_AT).value
        return ctypes.string_at(_pointer(self._message), max(0, min(length, MOST_BYTES)))

    def overwrite(self, text: bytes) -> None:
        """Have the library read another text, of the same length, where it has not parsed it yet: in the body."""
        if len(text) == len(self.text):
            ctypes.memmove(_pointer(self._message), text, len(text))

    @property
    def wanted_at(self) -> str:
        """Where its sender wants the answer instead of where it came from (`maddr` of the first Via); empty where nowhere else."""
        return _text(_pointer(self._message + VIA_AT) + MADDR_AT)

    @property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self.written_call_id.strip()

    @property
    def written_call_id(self) -> str:
        """Its Call-ID as the library compares it, for which blanks at its end belong to it."""
        return _text(_pointer(self._message + CALL_ID_AT) + VALUE_AT)

    @property
    def from_tag(self) -> str:
        """The tag of its From; empty where it has none."""
        return _text(_pointer(self._message + FROM_AT) + TAG_AT)

    @property
    def to_tag(self) -> str:
        """The tag of its To; empty where it has none."""
        return _text(_pointer(self._message + TO_AT) + TAG_AT)


def _pointer(address: int) -> int:
    return ctypes.c_void_p.from_address(address).value or 0


def _text(address: int) -> str:
    """A `pj_str_t`."""
    length = ctypes.c_ssize_t.from_address(address + 8).value
    if not 0 < length <= MOST_BYTES:
        return ""
    return ctypes.string_at(_pointer(address), length).decode("utf-8", "surrogateescape")
