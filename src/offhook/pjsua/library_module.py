"""Modules of ours in PJSIP: it shows each message to its modules in the order of their priority, through its C interface.

All that they need are functions that every build exports. Everything here runs on the owner thread; docs/pjsua2.md tells more.
"""

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from offhook.call.errors import OffhookError
from offhook.pjsua.c_library import Text, c_library

OnRequest = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)
"""Given a `pjsip_rx_data` or `pjsip_tx_data`; 1 keeps it from the modules that come after."""


class Module(ctypes.Structure):
    """`pjsip_module`. It has to be kept until the library is destroyed."""

    _fields_ = (
        ("previous", ctypes.c_void_p),
        ("next", ctypes.c_void_p),
        ("name", Text),
        ("id", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("load", ctypes.c_void_p),
        ("start", ctypes.c_void_p),
        ("stop", ctypes.c_void_p),
        ("unload", ctypes.c_void_p),
        ("on_rx_request", OnRequest),
        ("on_rx_response", ctypes.c_void_p),
        ("on_tx_request", ctypes.c_void_p),
        ("on_tx_response", ctypes.c_void_p),
        ("on_tsx_state", ctypes.c_void_p),
    )


class ModuleRefused(OffhookError):
    """The library cannot show messages to a module of ours; the text says why."""


def module(name: str, priority: int) -> Module:
    """One that is shown nothing yet. `priority` is PJSIP_MOD_PRIORITY: lower ones see what is received first, and what is sent last."""
    made = Module()
    made.name, made.id, made.priority = Text.of(f"mod-offhook-{name}"), -1, priority
    return made


def register(made: Module, *pointing: str) -> ctypes.c_void_p:
    """Have the library show messages to a module from now on; its endpoint. The library is initialised. Raises ModuleRefused.

    `pointing` are the functions that the module calls for what is a pointer.
    """
    library = c_library()
    pointing_functions("pjsua_get_pjsip_endpt", *pointing)
    with _exported():
        endpoint = ctypes.c_void_p(library.pjsua_get_pjsip_endpt())
        status = library.pjsip_endpt_register_module(endpoint, ctypes.byref(made))
    if status:
        raise ModuleRefused(f"the library refused a module of ours ({status})")
    return endpoint


def pointing_functions(*names: str) -> None:
    """Have functions of the library return what is a pointer. Raises ModuleRefused where the build does not export one."""
    with _exported():
        for name in names:
            getattr(c_library(), name).restype = ctypes.c_void_p


def header_list(name: str, value: str) -> ctypes.Array[ctypes.c_void_p]:
    """A `pjsip_hdr` list of one header, for an answer; its memory is the library's until that ends. Raises ModuleRefused."""
    library = c_library()
    with _exported():
        library.pjsua_pool_create.restype = ctypes.c_void_p
        library.pjsip_generic_string_hdr_create.restype = ctypes.c_void_p
    return _listed(library.pjsua_pool_create(b"offhook", 512, 512), ((name, value),))


def headers_in(received: int, headers: Iterable[tuple[str, str]]) -> ctypes.Array[ctypes.c_void_p]:
    """The same of some headers for the answer to a message, a `pjsip_rx_data`; their memory is that message's, and the answer has its own."""
    pool = ctypes.c_void_p.from_address(received).value
    return _listed(pool, headers)


def _listed(pool: int | None, headers: Iterable[tuple[str, str]]) -> ctypes.Array[ctypes.c_void_p]:
    library = c_library()
    # A list's head is two pointers to itself, as long as it is empty; nobody looks at the rest of it.
    head = (ctypes.c_void_p * 2)()
    head[0] = head[1] = ctypes.addressof(head)
    for name, value in headers:
        header_name, header_value = Text.of(name), Text.of(value)
        header = library.pjsip_generic_string_hdr_create(
            ctypes.c_void_p(pool), ctypes.byref(header_name), ctypes.byref(header_value)
        )
        library.pj_list_insert_before(ctypes.byref(head), ctypes.c_void_p(header))
    return head


@contextmanager
def _exported() -> Iterator[None]:
    try:
        yield
    except AttributeError as error:
        raise ModuleRefused(f"this build does not export a function: {error}") from None
