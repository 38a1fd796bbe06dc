"""Whose audio packets a call takes: the far end's, once it is known where that sends from.

The far end says in SDP where it wants to hear, and most send from there. One behind NAT sends from somewhere that nobody knows
before its first packet has come. So, from one negotiation to the next:

1. Packets are taken from the hosts that the far end has named or signals from, whatever their port, and from the port that it has
   named, whatever the host: a machine of many addresses names one and sends from another.
2. Where nothing comes from those for a second, packets are taken from anybody.
3. The first to send is the far end, and packets are taken from that address and port alone.
4. Where those stay away for 2 s, its host may send from another port, and the hosts of 1 may as well.

Pure: it is told the time, what came, and what was negotiated. It says what is to be let in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from offhook.pjsua.packet_filter import Admitted, AnyHost, IpAddress, Source

OPEN_AFTER_S = 1.0
"""How long only those are heard that were named."""
SEEK_S = 10.0
"""How long it is worth to look often for a far end that sends nothing; to look costs 4 µs."""
LET_GO_AFTER_S = 2.0
"""How long the one that was heard may say nothing before its host may send from elsewhere."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Whom the sockets of a call take packets from; None is anybody."""

    rtp: tuple[Admitted, ...] | None
    rtcp: tuple[Admitted, ...] | None


ANYBODY, NOBODY = Admission(None, None), Admission((), ())


class SourceLock:
    """One call. Times are seconds on one monotonic clock."""

    def __init__(self) -> None:
        self._named: tuple[Source, ...] = ()
        self._signalled: Source | None = None
        self._known: Source | None = None
        self._is_open = self._is_late = False
        self._packets = 0
        self._quiet_since = 0.0

    @property
    def is_searching(self) -> bool:
        """Whether it is worth to look for the far end's packets at once."""
        return self._known is None and self._signalled is not None and not self._is_late

    @property
    def admission(self) -> Admission:
        """Whom to let in as things stand."""
        if self._known is None:
            if self._signalled is None and self._named:
                return Admission(self._named, self._named)
            if self._is_open or self._signalled is None or self._signalled.port is None:
                return ANYBODY
            return Admission((*self._named, AnyHost(self._signalled.port)), self._named)
        # Reports come from a port that NAT has chosen, too, and few of them: their host is what can be asked for.
        known_host = Source(self._known.address)
        hosts = (known_host, *(source for source in self._named if source != known_host))
        return Admission(hosts if self._is_open else (self._known,), hosts)

    def negotiated(self, signalled: Source, hosts: Iterable[IpAddress], at: float) -> Admission:
        """The far end wants to hear at `signalled`, and its signalling has to do with these hosts."""
        self._quiet_since, self._packets = at, 0
        if signalled == self._signalled and self._known is not None:
            return self.admission  # it is where it was: as with a hold, or a refreshed session
        version = signalled.address.version
        others = {host for host in hosts if host.version == version} - {signalled.address}
        self._named = (Source(signalled.address), *(Source(host) for host in sorted(others)))
        self._signalled, self._known = signalled, None
        self._is_open = self._is_late = False
        return self.admission

    def held(self, hosts: Iterable[IpAddress]) -> Admission:
        """The far end wants to hear nowhere, as on hold in the old way; its signalling has to do with these hosts. Where it has said
        no other place before, these alone may speak until it does."""
        if self._signalled is None:
            self._named = tuple(Source(host) for host in sorted(hosts))
        return self.admission

    def looked(self, last_source: Source | None, packets: int | None, at: float) -> Admission | None:
        """The library's last packet came from here, and so many came in all (None where nobody counted); what is to
        change."""
        if self._known is None:
            return self._search(last_source, at)
        if packets is not None and packets != self._packets:
            self._packets, self._quiet_since = packets, at
            if self._is_open and last_source is not None and last_source != self._known:
                return self._found(last_source)
        if not self._is_open and at - self._quiet_since >= LET_GO_AFTER_S:
            self._is_open = True
            return self.admission
        if self._is_open and last_source == self._known and self._quiet_since == at:
            self._is_open = False
            return self.admission
        return None

    def _search(self, last_source: Source | None, at: float) -> Admission | None:
        if last_source is not None and (self._is_open or self._is_named(last_source)):
            self._quiet_since = at
            return self._found(last_source)
        self._is_late = at - self._quiet_since >= SEEK_S
        if not self._is_open and self._signalled is not None and at - self._quiet_since >= OPEN_AFTER_S:
            self._is_open = True
            return self.admission
        return None

    def _found(self, source: Source) -> Admission:
        self._known, self._is_open = source, False
        return self.admission

    def _is_named(self, source: Source) -> bool:
        is_port = self._signalled is not None and source.port == self._signalled.port
        return is_port or Source(source.address) in self._named
