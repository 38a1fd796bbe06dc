"""The account that incoming calls arrive at."""

from collections.abc import Callable

import pjsua2 as pj

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
        invite = read_invite(parameter.rdata.wholeMsg, parameter.rdata.srcAddress)
        self._on_invite(parameter.callId, invite)
