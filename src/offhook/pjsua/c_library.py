"""PJSIP's C functions, as far as PJSUA2 does not pass them on; both the PyPI wheel and a build of our own
export them."""

import contextlib
import ctypes
import sys
from functools import cache

DIRECTION_DECODING = 2
"""PJMEDIA_DIR_DECODING."""
TRANSPORT_OFFSET = ctypes.sizeof(ctypes.c_void_p)
"""In `pjsip_rx_data`: after the pool."""
OBJECT_NAME_BYTES = 32
"""PJ_MAX_OBJ_NAME."""
SIP_CONFIGURATION = "pjsip_sip_cfg_var"
TIMERS_MS = [500, 4000, 5000]
"""T1, T2 and T4, by which the place of what stands before them is known."""
TIMERS_AT, TCP_SWITCH_AT = 14, 4


class Text(ctypes.Structure):
    """`pj_str_t`."""

    _fields_ = (("characters", ctypes.c_char_p), ("length", ctypes.c_ssize_t))

    @classmethod
    def of(cls, text: str) -> "Text":
        """A string; the bytes live as long as this object does."""
        encoded = text.encode("utf-8", "surrogateescape")
        return cls(encoded, len(encoded))


_OWN_NAME = Text.of("offhook")


@cache
def c_library() -> ctypes.CDLL:
    """The loaded extension module, as a C library. A function that it does not export raises
    AttributeError."""
    extension = next(module for name, module in sys.modules.items() if name.endswith("_pjsua2"))
    return ctypes.CDLL(str(extension.__file__))


def hear_keys_on_hold(stream: int) -> None:
    """Have a stream take packets in although its far end was told to send none: phones that send keys all
    the same send them as packets. Their sound comes in too, and has to be muted. `stream` is the address
    that PJSUA2 tells."""
    with contextlib.suppress(AttributeError):
        c_library().pjmedia_stream_resume(ctypes.c_void_p(stream), DIRECTION_DECODING)


def transport_of(received: int) -> str:
    """What a message came by: udp, tcp or tls. `received` is the address of its `pjsip_rx_data`; the library begins
    the name of a transport with its kind."""
    transport = ctypes.c_void_p.from_address(received + TRANSPORT_OFFSET).value
    name = ctypes.string_at(transport, OBJECT_NAME_BYTES) if transport else b""
    return name[:3].decode("ascii", "replace") if name[:3] in (b"tcp", b"tls") else "udp"


def keep_long_requests_on_udp() -> None:
    """A request of more than 1,300 bytes goes by TCP of itself (RFC 3261, 18.1.1), which carriers that are called over
    UDP do not take: it waits for a connection that does not come. Before the library listens."""
    numbers = (ctypes.c_int * (TIMERS_AT + len(TIMERS_MS))).in_dll(c_library(), SIP_CONFIGURATION)
    if list(numbers[TIMERS_AT:]) == TIMERS_MS:
        numbers[TCP_SWITCH_AT] = 1


def tell_no_host_name() -> None:
    """The library signs what it warns far ends of (`Warning`) with the name of the machine, which is nobody's business.
    The library is created."""
    with contextlib.suppress(AttributeError):
        library = c_library()
        library.pjsua_get_pjsip_endpt.restype = library.pjsip_endpt_name.restype = ctypes.c_void_p
        name = library.pjsip_endpt_name(ctypes.c_void_p(library.pjsua_get_pjsip_endpt()))
        ctypes.memmove(name, ctypes.byref(_OWN_NAME), ctypes.sizeof(Text))
