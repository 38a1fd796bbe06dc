"""Keeps strangers' packets out of the audio of calls: each call's lock, carried out on its sockets.

PJMEDIA follows whoever sends ten packets while the far end is silent for as long, and plays all that comes besides. So the
kernel is told whom to take packets from, as soon as that is known, with either build. Everything here runs on the owner thread.
"""

import time
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from offhook.pjsua.far_end import source_of
from offhook.pjsua.media_sockets import MediaSockets, media_sockets, sockets_of
from offhook.pjsua.packet_filter import (
    Admitted,
    IpAddress,
    address_of,
    admit_all,
    admit_only,
    discard,
    dropped_by,
)
from offhook.pjsua.source_lock import NOBODY, Admission, SourceLock

if TYPE_CHECKING:
    from offhook.pjsua.sip_call import SipCall

log = structlog.get_logger()


class MediaGuard:
    """The guard of one call's audio."""

    def __init__(self) -> None:
        self._lock = SourceLock()
        self._is_able = True
        self._stream: tuple[int, int] | None = None
        self._sockets: MediaSockets | None = None
        """As they were told last."""
        self._is_shut = False
        self._shut_at = self._shut_out = 0
        """How many packets had been dropped when it was shut; how many of all were because it was."""

    @property
    def is_searching(self) -> bool:
        """Whether it is worth to look for the far end's packets at once."""
        return self._is_able and self._lock.is_searching

    def shut(self, transport: int) -> None:
        """A transport was made for the call's audio; nothing is let in until it reads.

        PJMEDIA begins to read a moment before it notes that it does. A packet that lies there already is taken in between by
        its other thread, which then finds that nobody reads, and stops for good: the call stays deaf.
        """
        sockets = sockets_of(transport) if self._is_able else None
        if sockets is not None:
            self._shut(sockets)

    def shut_for_the_next(self) -> None:
        """The stream comes to its end, perhaps for another, which begins to read as the first did."""
        sockets = self._asked() if self._is_able else None
        if sockets is not None and not self._is_shut:
            self._shut(sockets)

    def negotiated(self, call: int, index: int, signalled: str, hosts: frozenset[IpAddress]) -> None:
        """Media number `index` of PJSUA's `call` was negotiated: the far end wants to hear at `signalled`."""
        source = source_of(signalled)
        if not self._is_able:
            return
        self._stream = (call, index)
        sockets = self._asked()
        if self._is_shut and sockets is not None:
            self._is_shut = False
            self._shut_out += _dropped_by(sockets) - self._shut_at
            if source is None:
                self._carry_out(self._lock.held(_of_version(sockets, hosts)), sockets)
        if source is None:  # on hold in the old way, it wants to hear nowhere
            return
        admission = self._lock.negotiated(source, hosts, time.monotonic())
        self._carry_out(admission, sockets)

    def look(self, at: float, packets: int | None = None) -> None:
        """See what came; `packets` in all, where somebody counted."""
        sockets = self._asked() if self._is_able else None
        if sockets is None:
            return
        admission = self._lock.looked(sockets.last_source, packets, at)
        if admission is not None:
            self._carry_out(admission, sockets)

    def refused(self) -> int:
        """How many packets of audio were not let in."""
        sockets = self._asked()
        return max(0, _dropped_by(sockets) - self._shut_out) if sockets is not None else 0

    def _asked(self) -> MediaSockets | None:
        self._sockets = media_sockets(*self._stream, self._sockets) if self._stream is not None else None
        return self._sockets

    def _shut(self, sockets: MediaSockets) -> None:
        self._shut_at = _dropped_by(sockets)
        self._carry_out(NOBODY, sockets)
        self._is_shut = self._is_able
        if self._is_shut:  # a library that reads at this moment finds nothing, and goes on
            for descriptor in (sockets.rtp, sockets.rtcp):
                with suppress(OSError):
                    discard(descriptor)

    def _carry_out(self, admission: Admission, sockets: MediaSockets | None) -> None:
        if sockets is None:
            return
        try:
            _admit(sockets.rtp, admission.rtp)
            _admit(sockets.rtcp, admission.rtcp)
        except OSError as error:
            self._is_able = False
            for descriptor in (sockets.rtp, sockets.rtcp):
                with suppress(OSError):
                    admit_all(descriptor)
            log.warning("pjsua.strangers_not_kept_out", reason=f"the system takes no packet filter: {error}")


class MediaGuards:
    """The guards that search: those of calls whose far end has sent nothing yet."""

    def __init__(self) -> None:
        self._searching: set[SipCall] = set()

    def negotiated(self, call: "SipCall") -> None:
        """A call's media was negotiated; it is looked after from now on."""
        if call.guard.is_searching:
            self._searching.add(call)

    def look(self, at: float) -> None:
        """See what came for those that search; costs nothing while there are none."""
        for call in tuple(self._searching):
            if not call.is_over:
                call.guard.look(at)
            if call.is_over or not call.guard.is_searching:
                self._searching.discard(call)


def _of_version(sockets: MediaSockets, hosts: frozenset[IpAddress]) -> tuple[IpAddress, ...]:
    """Those that the sockets' version of IP can bring packets from."""
    try:
        version = 6 if ":" in address_of(sockets.rtp)[0] else 4
    except OSError:
        return ()
    return tuple(host for host in hosts if host.version == version)


def _dropped_by(sockets: MediaSockets) -> int:
    try:
        return dropped_by(sockets.rtp)
    except OSError:
        return 0


def _admit(descriptor: int, sources: tuple[Admitted, ...] | None) -> None:
    if sources is None:
        admit_all(descriptor)
    else:
        admit_only(descriptor, sources)
