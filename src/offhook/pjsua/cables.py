"""What is connected with what: connections of PJMEDIA's conference bridge, kept right while ports come,
change and go.

A node is anything with a conference port: a call's audio, a player, a recorder. A connection is wanted,
maybe for several reasons at once; it is made as soon as both nodes have a port, and made anew when one gets
another. Everything here runs on the owner thread.
"""

from collections import defaultdict
from typing import Protocol

import pjsua2 as pj
import structlog

log = structlog.get_logger()


class Node(Protocol):
    """What can be connected."""

    @property
    def audio(self) -> pj.AudioMedia | None:
        """Its conference port; None while it has none."""


Cable = tuple[Node, Node]
"""Who is heard, and who hears."""


class Cables:
    """All connections of one engine."""

    def __init__(self) -> None:
        self._reasons: dict[Cable, int] = {}
        """What is wanted, and how often."""
        self._made: set[Cable] = set()
        self._of: defaultdict[Node, set[Cable]] = defaultdict(set)

    def connect(self, source: Node, sink: Node) -> None:
        """Let `sink` hear `source`, for one more reason. Raises pj.Error where the bridge cannot."""
        cable = (source, sink)
        if cable not in self._reasons:
            self._of[source].add(cable)
            self._of[sink].add(cable)
        self._reasons[cable] = self._reasons.get(cable, 0) + 1
        try:
            self._make(cable)
        except pj.Error:
            self._forget(cable)
            raise

    def disconnect(self, source: Node, sink: Node) -> None:
        """There is one reason less; with the last one the connection goes. Does nothing for what is not
        connected."""
        cable = (source, sink)
        reasons = self._reasons.get(cable, 0)
        if reasons > 1:
            self._reasons[cable] = reasons - 1
        elif reasons:
            is_made = cable in self._made
            self._forget(cable)
            if is_made and source.audio is not None and sink.audio is not None:
                source.audio.stopTransmit(sink.audio)

    def changed(self, node: Node) -> None:
        """A node has got another port, or lost the one it had: with the old port its connections went."""
        for cable in tuple(self._of.get(node, ())):
            self._made.discard(cable)
            try:
                self._make(cable)
            except pj.Error as error:
                log.warning("pjsua.not_connected", error=error.info())

    def gone(self, node: Node) -> None:
        """A node goes. The library takes its port away, and every connection with it; to disconnect
        anything from that port now could be carried out too late and abort the process."""
        for cable in tuple(self._of.get(node, ())):
            self._forget(cable)

    def _make(self, cable: Cable) -> None:
        source, sink = cable
        if cable not in self._made and source.audio is not None and sink.audio is not None:
            source.audio.startTransmit(sink.audio)
            self._made.add(cable)

    def _forget(self, cable: Cable) -> None:
        self._reasons.pop(cable, None)
        self._made.discard(cable)
        for node in set(cable):
            self._of[node].discard(cable)
            if not self._of[node]:
                del self._of[node]
