"""A call that can be made in several ways: one after another is dialled, until one leads to the called side or none is
left. The leg above lives through all of them, and hears only of the last.

The next way is dialled after a final answer that tells of the trunk (`call.trunks.tries_next`), after nothing at all
for 4 s, and where a way cannot even be begun. Once the far end rings, or sends early media, the choice is made.
Everything here runs on the event loop.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.trunks import Way, tries_next
from offhook.pjsua.leg_events import LegEvent, Over
from offhook.pjsua.sip_call import SipCall

NO_ANSWER_S = 4.0
"""How long a trunk may say nothing, not even 100, while there is another one. SIP itself would wait for 32 s."""
UNAVAILABLE = 503
UNAUTHORIZED = (401, 407)

PassedOver = Callable[[Way, str, Way | None], None]
"""Hears which way failed, how, and which one is tried next; None is none."""


class FailOver:
    """The ways of one call."""

    def __init__(
        self,
        ways: Sequence[Way],
        *,
        dial: Callable[[Way, bool], Awaitable[SipCall]],
        passed_over: PassedOver,
        go_on: Callable[[SipCall], None],
        leave: Callable[[SipCall], None],
        end: Callable[[Over], None],
        is_wanted: Callable[[], bool],
        patience_s: float = NO_ANSWER_S,
    ) -> None:
        """`dial` is told whether there is another way after this one; `go_on` puts a SIP call in the place of one before, `leave` ends one that nobody waits for any more, `end`
        tells the leg that it is over, and `is_wanted` whether it still lives."""
        self._left = deque(ways)
        self._dial = dial
        self._passed_over = passed_over
        self._go_on = go_on
        self._leave = leave
        self._end = end
        self._is_wanted = is_wanted
        self._patience_s = patience_s
        self._sip_call: SipCall | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._dialling: asyncio.Task[None] | None = None

    async def begin(self) -> SipCall:
        """Dial the next way that can be begun. Raises NoFreeSlot, and what the last way raised."""
        while True:
            self._way = self._left.popleft()
            try:
                sip_call = await self._dial(self._way, bool(self._left))
            except NoFreeSlot:
                raise  # no other trunk would help
            except OffhookError as error:
                self._tell(str(error))
                if not self._left:
                    raise
                continue
            self._sip_call = sip_call
            if self._left:
                loop = asyncio.get_running_loop()
                self._patience = loop.call_later(self._patience_s, self._out_of_patience, sip_call)
            return sip_call

    def keeps(self, event: LegEvent) -> bool:
        """Whether the leg is to hear nothing of an event, since another way is tried."""
        sip_call = self._sip_call
        if sip_call is None:
            return False
        self._be_patient()
        if not isinstance(event, Over):
            self._sip_call = None
            return False
        ending = event.ending
        if ending.cause is not EndCause.REFUSED or not tries_next(ending.sip_status):
            self._sip_call = None
            return False
        self._tell(_why(ending, has_heard=sip_call.notes.has_heard))
        self._sip_call = None
        if not self._left:
            return False
        self._dial_next()
        return True

    def _out_of_patience(self, sip_call: SipCall) -> None:
        if self._sip_call is not sip_call or sip_call.notes.has_heard:
            return
        self._sip_call = None
        self._tell(f"did not answer within {self._patience_s:g} s")
        self._leave(sip_call)
        self._dial_next()

    def _be_patient(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _tell(self, why: str) -> None:
        self._passed_over(self._way, why, self._left[0] if self._left else None)

    def _dial_next(self) -> None:
        self._dialling = asyncio.create_task(self._next(), name="next trunk")

    async def _next(self) -> None:
        if not self._is_wanted():
            return
        try:
            self._go_on(await self.begin())
        except OffhookError as error:
            self._end(Over(Ending(EndCause.REFUSED, UNAVAILABLE, str(error))))


def _why(ending: Ending, *, has_heard: bool) -> str:
    words = f"{ending.sip_status} {ending.reason}".strip()
    if not has_heard:
        return f"could not be reached ({words})"
    if ending.sip_status in UNAUTHORIZED:
        return f"answered {words}: it does not take the user name and password"
    return f"answered {words}"
