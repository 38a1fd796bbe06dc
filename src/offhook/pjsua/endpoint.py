"""The library's endpoint: it asks what account a request belongs to, and hears why a connection over TLS failed."""

import time
from dataclasses import replace

import pjsua2 as pj
import structlog

from offhook.call.ending import Ending
from offhook.pjsua.accounts import OwnAccounts
from offhook.pjsua.call_connections import CallConnections
from offhook.pjsua.connections import Connections
from offhook.pjsua.dead_sockets import DeadSockets
from offhook.pjsua.sip_call import guarded

log = structlog.get_logger()

CERTIFICATE_REFUSED = "PJSIP_TLS_ECERTVERIF"
"""How the library names a call's end whose far end showed a certificate that does not count."""


class Endpoint(pj.Endpoint):
    """`pj.Endpoint`, of which there is one a process. Everything here runs on the owner thread."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts: OwnAccounts | None = None
        """Set once they are there."""
        self.connections: Connections | None = None
        """Who is told of them; set before anything listens."""
        self.call_connections: CallConnections | None = None
        """As above, which calls are asked by them."""
        self.dead_sockets = DeadSockets()
        self._refused = ""

    @guarded
    def onSelectAccount(self, parameter: pj.OnSelectAccountParam) -> None:
        """A request came that begins something."""
        if self.accounts is not None:  # the library might find one that registers, with its password
            received = parameter.rdata
            parameter.accountIndex = self.accounts.number_for(received.wholeMsg, received.srcAddress)

    @guarded
    def onTransportState(self, parameter: pj.OnTransportStateParam) -> None:
        """A connection came, went, or failed."""
        if self.connections is not None:
            if parameter.state == pj.PJSIP_TP_STATE_CONNECTED:
                self.connections.begun(int(parameter.hnd), time.monotonic())
            else:
                self.connections.over(int(parameter.hnd))
        if self.call_connections is not None and parameter.state != pj.PJSIP_TP_STATE_CONNECTED:
            self.call_connections.closed(int(parameter.hnd))
        if parameter.state == pj.PJSIP_TP_STATE_DISCONNECTED:
            self.dead_sockets.broke(int(parameter.hnd))
        elif parameter.state != pj.PJSIP_TP_STATE_SHUTDOWN:
            self.dead_sockets.gone(int(parameter.hnd))
        told = parameter.tlsInfo
        if told.isEmpty() or not told.verifyStatus or parameter.state != pj.PJSIP_TP_STATE_DISCONNECTED:
            return
        self._refused = "; ".join(told.verifyMsgs)
        log.warning("sip.certificate_refused", peer=told.remoteAddr, reason=self._refused)

    def with_words(self, ending: Ending) -> Ending:
        """The ending, with what was wrong with the certificate where that was the cause: it is told right before."""
        if CERTIFICATE_REFUSED not in ending.reason or not self._refused:
            return ending
        return replace(ending, reason=f"the far end's certificate is refused: {self._refused}")
