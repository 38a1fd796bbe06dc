"""What a call's timeline is told of SIP and RTP. Runs on the owner thread.

Each look into a value of the library costs about a microsecond, so no more is looked at than is told.
"""

import re
from typing import Any

import pjsua2 as pj

from offhook.call.timeline import Timeline

MESSAGE = re.compile(r"(?:Request|Response) msg (?:(\d+)/)?(\w+)/cseq=(\d+)")
"""How the library describes a message; a response begins with its status."""


class SipNotes:
    """Notes the signalling and the media of one call."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._peer = ""
        self._cseq: int | None = None
        self._is_ack_owed = False
        self.has_heard = False
        """Whether anything came back from the far end, a 100 included; the event loop may look."""

    def came_in(self, source: str, cseq: int | None) -> None:
        """The INVITE of an incoming call, from `address:port`."""
        self._peer, self._cseq = source, cseq
        self._timeline.note_here("sip", {"way": "in", "method": "INVITE", "cseq": cseq, "peer": source})

    def transaction_changed(self, change: pj.TsxStateEvent) -> None:
        """A message changed a transaction; what a timer did is no message."""
        kind = change.type
        if kind == pj.PJSIP_EVENT_RX_MSG:
            received = change.src.rdata
            self.has_heard = True
            facts = self._facts("in", received.info, received, "srcAddress")
        elif kind == pj.PJSIP_EVENT_TX_MSG:
            sent = change.src.tdata
            facts = self._facts("out", sent.info, sent, "dstAddress")
        else:
            return
        if facts is not None:
            self._timeline.note_here("sip", facts)
        if self._is_ack_owed:
            self._is_ack_owed = False
            self._note_ack("out")

    def confirmed(self, *, is_incoming: bool) -> None:
        """The dialog is confirmed by an ACK, which belongs to no transaction that the library tells of."""
        if is_incoming:
            self._note_ack("in")
        else:
            # The 200 that it answers is told after it.
            self._is_ack_owed = True

    def own(self, method: str, status: int | None = None) -> None:
        """A request of ours, or with a `status` our answer to one, that the library does not tell of."""
        facts: dict[str, object] = {"way": "out", "method": method, "peer": self._peer}
        if status is not None:
            facts["status"] = status
        self._timeline.note_here("sip", facts)

    def stream_over(self, statistics: pj.StreamStat, codec: str, *, refused: int = 0) -> None:
        """How the audio of one stream travelled: packets, and times in milliseconds.

        `lost` and `discarded` came too little or too late to us; `lost_there` is what the far end says of ours (RTCP),
        as `round_trip_ms` is, where it says so at all. `refused` were not let in: they came from strangers.
        """
        rtcp = statistics.rtcp
        received, sent, trip = rtcp.rxStat, rtcp.txStat, rtcp.rttUsec
        jitter = received.jitterUsec
        facts: dict[str, object] = {
            "codec": codec,
            "received": received.pkt,
            "sent": sent.pkt,
            "lost": received.loss,
            "discarded": received.discard,
            "lost_there": sent.loss,
            "jitter_ms": round(jitter.mean / 1000, 1),
            "jitter_most_ms": round(jitter.max / 1000, 1),
        }
        if refused:
            facts["refused"] = refused
        if trip.n:
            facts["round_trip_ms"] = round(trip.mean / 1000, 1)
        self._timeline.note_here("media", facts)

    def _facts(self, way: str, info: str, message: Any, address: str) -> dict[str, object] | None:
        found = MESSAGE.match(info)
        if found is None:
            return None
        status, method, number = found.groups()
        cseq = int(number)
        if status is None:
            # Answers come from, and go to, where requests do.
            self._peer = getattr(message, address)
            if method == "INVITE":
                self._cseq = cseq
            return {"way": way, "method": method, "cseq": cseq, "peer": self._peer}
        return {"way": way, "method": method, "status": int(status), "cseq": cseq}

    def _note_ack(self, way: str) -> None:
        self._timeline.note_here("sip", {"way": way, "method": "ACK", "cseq": self._cseq, "peer": self._peer})
