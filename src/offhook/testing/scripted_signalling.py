"""What the far end of a scripted call makes of re-INVITE and REFER, and the REFERs that it sends itself."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from offhook.call.port import ReferOutcome, TransferSink

OK, ACCEPTED, TIMED_OUT = 200, 202, 408
ANSWER_S = 0.1
"""How long the far end takes to answer a request."""
CALLS_S = 0.5
"""How long it takes to tell what became of a call that it was referred to."""


class ScriptedTransfer:
    """Fills `call.port.Transfer`."""

    def __init__(self, target: str, referred_by: str, tell: Callable[[int], None]) -> None:
        self._target = target
        self._referred_by = referred_by
        self._tell = tell
        self._is_over = False

    @property
    def target(self) -> str:
        """The URI that the caller is to be connected with."""
        return self._target

    @property
    def referred_by(self) -> str:
        """Who asks for it."""
        return self._referred_by

    def tell(self, sip_status: int) -> None:
        """Tell what has become of it; nothing is told after the last word."""
        if not self._is_over:
            self._is_over = sip_status >= OK
            self._tell(sip_status)


class ScriptedSignalling:
    """Holding, referring and being referred, for one scripted call."""

    def __init__(self, user: str, hear: Callable[[str], None], over: asyncio.Event) -> None:
        """`user` is who the far end is; `over` is set at the call's end."""
        self._user = user
        self._hear = hear
        self._over = over
        self._refusals: dict[str, int] = {}
        self._reported: int | None = OK
        self._sinks: list[TransferSink] = []
        self.is_held = False
        """Whether the far end is on hold."""
        self.referred_to: list[str] = []
        """The URIs that the far end was asked to call."""

    def refuse(self, what: str, status: int) -> None:
        """Answer `hold`, `resume` or `refer` with a status from now on; 200 stops that."""
        if what not in ("hold", "resume", "refer"):
            raise ValueError(
                f"a scripted caller cannot refuse {what!r}; it can refuse hold, resume and refer"
            )
        self._refusals[what] = status

    def report(self, status: int | None) -> None:
        """Tell this of calls that it is referred to from now on; None tells nothing."""
        self._reported = status

    async def hold(self) -> int:
        """Be put on hold."""
        return await self._turn("hold", to=True)

    async def resume(self) -> int:
        """Be taken off hold."""
        return await self._turn("resume", to=False)

    async def refer(self, to: str) -> ReferOutcome:
        """Be asked to call somebody."""
        if not await self._within(ANSWER_S):
            return ReferOutcome(TIMED_OUT)
        status = self._refusals.get("refer", ACCEPTED)
        if status >= 300:
            return ReferOutcome(status)
        self.referred_to.append(to)
        self._hear(f"referred to {to}")
        if self._reported is None:
            await self._over.wait()
            return ReferOutcome(ACCEPTED)
        return ReferOutcome(ACCEPTED, self._reported if await self._within(CALLS_S) else None)

    @contextmanager
    def transfers(self, to: TransferSink) -> Iterator[None]:
        """A block in which REFERs of the far end are told."""
        self._sinks.append(to)
        try:
            yield
        finally:
            self._sinks.remove(to)

    def ask_for_transfer(self, target: str) -> None:
        """The far end sends a REFER."""
        if not self._sinks:
            self._hear("transfer refused 603")
            return
        self._hear("transfer accepted 202")
        for sink in tuple(self._sinks):
            sink(ScriptedTransfer(target, self._user, lambda status: self._hear(f"transfer told {status}")))

    async def _turn(self, what: str, *, to: bool) -> int:
        if self.is_held is to:
            return OK
        if not await self._within(ANSWER_S):
            return TIMED_OUT
        status = self._refusals.get(what, OK)
        if status < 300:
            self.is_held = to
            self._hear("held" if to else "resumed")
        return status

    async def _within(self, seconds: float) -> bool:
        """Let some time pass; whether the call lives then."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return not self._over.is_set()
        return False
