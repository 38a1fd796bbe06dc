"""An account that incoming calls arrive at."""

from collections.abc import Callable
from dataclasses import replace

import pjsua2 as pj

from offhook.pjsua.c_library import transport_of
from offhook.pjsua.far_end import hosts_of
from offhook.pjsua.invite import Invite, read_invite
from offhook.pjsua.sip_call import guarded


class IncomingCalls(pj.Account):
    """Hands each INVITE over, with PJSUA's number of the call."""

    def __init__(self, on_invite: Callable[[int, Invite], None]) -> None:
        super().__init__()
        self._on_invite = on_invite

    @guarded
    def onIncomingCall(self, parameter: pj.OnIncomingCallParam) -> None:
        """A call took a slot."""
        received = parameter.rdata
        transport = transport_of(int(received.pjRxData))
        message, source = received.wholeMsg, received.srcAddress
        invite = read_invite(message, source, transport)
        self._on_invite(parameter.callId, replace(invite, hosts=hosts_of(message, source)))
