"""Which build of PJSIP is installed, and what it can hold."""

import json
import resource
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from offhook.call.errors import OffhookError

WHEEL_CALL_SLOTS = 4
"""PJSUA_MAX_CALLS of the PyPI wheel; it cannot be raised at run time."""
WHEEL_NEW_CALLS_PER_S = 25.0
WHEEL_MEDIA_HANDLES = 64
"""Sockets that the wheel's I/O queue holds; one more aborts the process (ioqueue_select.c)."""
WHEEL_ACCOUNTS = 8
"""PJSUA_MAX_ACC of the PyPI wheel; one more aborts the process (pjsua_acc.c)."""
BUILD_FILE = "offhook_build.json"
"""What a build of our own writes beside its module: the limits that it was compiled with."""
FILES_PER_CALL = 4
"""RTP and RTCP, the recogniser's socket, a recording or prompt."""
FILES_BESIDES = 256


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
    pjsip: str = "unknown"
    """The version of PJSIP, such as 2.17."""
    source_checksum: str | None = None
    """SHA-256 of the source that it was compiled from, in hex; None where that is not known."""
    limits: Mapping[str, int] = field(default_factory=dict, hash=False)
    """What it was compiled with, under PJSIP's own names (config_site.h)."""


class BuildNotesUnreadable(OffhookError):
    """The notes beside an installed module make no sense; the text says what to do."""


def accounts_of(build: Build) -> int:
    """How many SIP accounts a build holds at once."""
    return build.limits.get("PJSUA_MAX_ACC", WHEEL_ACCOUNTS)


def handles_of(build: Build) -> int:
    """How many sockets its I/O queue holds."""
    return build.limits.get("PJ_IOQUEUE_MAX_HANDLES", WHEEL_MEDIA_HANDLES)


def has_ipv6(build: Build) -> bool:
    """Whether a build speaks IPv6."""
    return bool(build.limits.get("PJ_HAS_IPV6", 0))


def installed_build() -> Build:
    """The build in this environment. Raises ModuleNotFoundError where there is none, BuildNotesUnreadable."""
    spec = find_spec("pjsua2")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("no pjsua2 module is installed: pip install pjsua2-python")
    notes = Path(spec.origin).parent / BUILD_FILE
    if notes.is_file():
        return _noted(notes)
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
        pjsip=wheel.partition(".post")[0],
    )


def files_needed(build: Build) -> int:
    """How many files and sockets a process holds open when all its call slots are taken."""
    return build.call_slots * FILES_PER_CALL + FILES_BESIDES


def allow_open_files(build: Build) -> int:
    """Raise this process's limit of open files as far as the build needs and the system lets it; the limit then.

    A login or a service begins with 1,024, which 512 calls exceed; the hard limit is mostly far higher.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files_needed(build)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return files_needed(build) if soft == resource.RLIM_INFINITY else soft


def _noted(notes: Path) -> Build:
    known = {field.name for field in fields(Build)}
    try:
        told = json.loads(notes.read_text("utf-8"))
        return Build(**{name: value for name, value in told.items() if name in known})
    except (ValueError, TypeError, AttributeError) as error:
        raise BuildNotesUnreadable(
            f"{notes} cannot be read ({error}); build PJSIP again: make engine-remove engine"
        ) from None
