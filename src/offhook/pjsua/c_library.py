"""PJSIP's C functions, as far as PJSUA2 does not pass them on; both the PyPI wheel and a build of our own
export them."""

import contextlib
import ctypes
import sys
from functools import cache

DIRECTION_DECODING = 2
"""PJMEDIA_DIR_DECODING."""


class Text(ctypes.Structure):
    """`pj_str_t`."""

    _fields_ = (("characters", ctypes.c_char_p), ("length", ctypes.c_ssize_t))

    @classmethod
    def of(cls, text: str) -> "Text":
        """A string; the bytes live as long as this object does."""
        encoded = text.encode("utf-8", "surrogateescape")
        return cls(encoded, len(encoded))


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
