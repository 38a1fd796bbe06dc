"""Keeps the way of a call's audio open through NAT while we send none: on hold, for instance.

A NAT forgets a way that nothing has gone for some 30 s, and the far end's audio would find no way in after the hold. The library's
own keep-alives do nothing in the PyPI wheel, so it is done here. Runs on the owner thread.
"""

import socket
from typing import TYPE_CHECKING

from offhook.pjsua.far_end import source_of
from offhook.pjsua.media_sockets import media_sockets
from offhook.pjsua.packet_filter import Source

if TYPE_CHECKING:
    from offhook.pjsua.sip_call import SipCall

QUIET_S = 14.0
"""How long nothing may go; RFC 6263 recommends a packet each 15 s, and calls are looked at each second."""
LEARN_EVERY_S = 5.0
"""How often it is looked where the far end sends from, which is forgotten with its hold; a look costs 25 µs."""
PACKET = b"\r\n"
"""Too short to be taken for audio."""


class KeepAlive:
    """One call. Times are seconds on one monotonic clock."""

    def __init__(self, at: float) -> None:
        self._sent = 0
        self._sent_at = at
        self._to: Source | None = None
        self._signalled: Source | None = None
        self._learn_at = at

    def is_due(self, sent: int, at: float) -> bool:
        """Whether a packet has to go; `sent` is how many the library has sent, and a renegotiated stream counts anew."""
        if sent != self._sent:
            self._sent, self._sent_at = sent, at
        if at - self._sent_at < QUIET_S:
            return False
        self._sent_at = at
        return True

    def go_to(self, signalled: Source | None, last_source: Source | None) -> Source | None:
        """Where a packet goes: to where the far end sends from, or did before its hold; else to where it wants to hear."""
        if signalled is not None and signalled != self._signalled:
            self._signalled, self._to = signalled, None
        self._to = last_source or self._to or self._signalled
        return self._to

    def keep(self, call: "SipCall", stream: int, sent: int, at: float) -> None:
        """Send a packet where one is due."""
        is_due = self.is_due(sent, at)
        if not is_due and at < self._learn_at:
            return
        self._learn_at = at + LEARN_EVERY_S
        sockets = media_sockets(call.getId(), stream)
        signalled = source_of(call.getStreamInfo(stream).remoteRtpAddress)
        to = self.go_to(signalled, sockets.last_source if sockets is not None else None)
        if not is_due or sockets is None or to is None or to.port is None:
            return
        borrowed = socket.socket(fileno=sockets.rtp)
        try:
            borrowed.sendto(PACKET, (str(to.address), to.port))
        except OSError:  # nobody there now: what counts is the way
            return
        finally:
            borrowed.detach()
