"""Which build of PJSIP is installed, and what it can hold."""

import json
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

WHEEL_CALL_SLOTS = 4
"""PJSUA_MAX_CALLS of the PyPI wheel; it cannot be raised at run time."""
WHEEL_NEW_CALLS_PER_S = 25.0
WHEEL_MEDIA_HANDLES = 64
"""Sockets that the wheel's I/O queue holds; one more aborts the process (ioqueue_select.c)."""
BUILD_FILE = "offhook_build.json"
"""What a build of our own writes beside its module: the limits that it was compiled with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """An installed pjsua2 module."""

    name: str
    call_slots: int
    new_calls_per_s: float
    """How many new calls it takes in without harm."""
    media_handles: int
    """How many RTP and RTCP sockets may be open or lingering at once."""
    asserts: bool
    """Whether a broken rule aborts the process."""


def installed_build() -> Build:
    """The build in this environment. Raises ModuleNotFoundError where there is none."""
    spec = find_spec("pjsua2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("no pjsua2 module is installed: pip install pjsua2-python")
    notes = Path(spec.origin).parent / BUILD_FILE
    if notes.is_file():
        return Build(**json.loads(notes.read_text("utf-8")))
    try:
        wheel = version("pjsua2-python")
    except PackageNotFoundError:
        wheel = "unknown"
    return Build(
        name=f"pjsua2-python {wheel} (PyPI wheel)",
        call_slots=WHEEL_CALL_SLOTS,
        new_calls_per_s=WHEEL_NEW_CALLS_PER_S,
        media_handles=WHEEL_MEDIA_HANDLES,
        asserts=True,
    )
