"""Watches whether one side of a call is not heard, and gathers what tells why. Runs on the owner thread."""

from typing import TYPE_CHECKING

import pjsua2 as pj

from offhook.pjsua.far_end import source_of
from offhook.pjsua.leg_events import NotHeard
from offhook.pjsua.media_sockets import media_sockets
from offhook.pjsua.one_way import Flow, OneWayWatch
from offhook.pjsua.one_way_cause import KnownOfAudio, why

if TYPE_CHECKING:
    from offhook.pjsua.sip_call import SipCall


class OneWayAudio:
    """One answered call."""

    def __init__(self, at: float) -> None:
        self._watch = OneWayWatch(at)

    def looked(
        self, call: "SipCall", stream: int, statistics: pj.StreamStat, *, is_two_way: bool, at: float
    ) -> NotHeard | None:
        """What is wrong, once; `stream` is the number of the call's audio, `statistics` are those of it."""
        counted = statistics.rtcp  # memory of `statistics`, which has to stay
        received, sent = counted.rxStat, counted.txStat
        flow = Flow(received=received.pkt, sent=sent.pkt, is_usable=_is_usable(statistics))
        found = self._watch.looked(flow, is_two_way=is_two_way, at=at)
        if found is None:
            return None
        return NotHeard(found, flow.received, flow.sent, why(found, _known(call, stream, flow)))


def _is_usable(statistics: pj.StreamStat) -> bool:
    """Whether the jitter buffer ever had a frame: packets of another codec are counted, and dropped before it."""
    buffer = statistics.jbuf
    return bool(buffer.size or buffer.avgBurst or buffer.maxDelayMsec or buffer.discard or buffer.lost)


def _known(call: "SipCall", stream: int, flow: Flow) -> KnownOfAudio:
    information = call.getStreamInfo(stream)
    sockets = media_sockets(call.getId(), stream)
    return KnownOfAudio(
        flow=flow,
        codec=information.codecName,
        sent_to=source_of(information.remoteRtpAddress),
        came_from=sockets.last_source if sockets is not None else None,
        signalling=call.hosts,
        advertised=sockets.advertised if sockets is not None else None,
        refused=call.guard.refused(),
    )
