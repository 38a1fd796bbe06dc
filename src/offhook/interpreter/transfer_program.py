"""The application that a transferee is taken to, watched for what comes of the transfer."""

import asyncio

from offhook.call.errors import Asked, OffhookError
from offhook.call.info import CallStatus
from offhook.interpreter.news import News
from offhook.interpreter.ports import StatusChange
from offhook.interpreter.program import Program
from offhook.verbs import Dial, DialEnd, Dialled, Document, Outcome, Request, Target, Understood, Verb

OK, GONE, TIMED_OUT, SERVER_ERROR = 200, 480, 408, 500
_STATUS = {DialEnd.COMPLETED: OK, DialEnd.BUSY: 486, DialEnd.NO_ANSWER: 408, DialEnd.CANCELED: 487}
"""The SIP status that tells what became of a Dial that does not know its own; 503 for all others."""
UNAVAILABLE = 503


class TransferProgram:
    """Fills `program.Program`: asks `program`, and knows when the transfer has succeeded or failed.

    A document that dials has succeeded once somebody is connected; any other, once it is there.
    """

    def __init__(self, program: Program, first: "asyncio.Task[Document]") -> None:
        """`first` fetches the first document of `program`."""
        self._program = program
        self._first = first
        self._outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def dial_connected(self) -> None:
        """The transferee talks with somebody."""
        self._settle(OK)

    async def outcome(self, longest_s: float) -> int:
        """The SIP status of what came of the transfer."""
        try:
            async with asyncio.timeout(longest_s):
                return await asyncio.shield(self._outcome)
        except TimeoutError:
            return TIMED_OUT

    async def first(self, status: CallStatus) -> Document:
        """The document that was fetched, or is being."""
        document = await self._first
        if not any(isinstance(verb, Dial) for verb in document.verbs):
            self._settle(OK)
        return document

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """As the application says."""
        if isinstance(outcome, Dialled):
            fallback = _STATUS.get(outcome.end, UNAVAILABLE)
            refused = outcome.sip_status if (outcome.sip_status or 0) >= 300 else None
            self._settle(
                refused if refused is not None and outcome.end is not DialEnd.COMPLETED else fallback
            )
        return await self._program.after(verb, outcome, status)

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """As the application says; the transfer has failed."""
        self._settle(SERVER_ERROR)
        return await self._program.recover(error, status)

    async def aside(
        self,
        target: Target,
        parameters: tuple[tuple[str, str], ...],
        status: CallStatus,
        asked: Asked = Asked.ASIDE,
    ) -> Document:
        """As the application says."""
        return await self._program.aside(target, parameters, status, asked)

    def about(self, status: CallStatus) -> tuple[tuple[str, str], ...]:
        """As the application says."""
        return self._program.about(status)

    def caller_left(self) -> None:
        """The transferee has gone."""
        self._settle(GONE)
        self._program.caller_left()

    def partial(self, target: Target, understood: Understood, status: CallStatus) -> Request:
        """As the application says."""
        return self._program.partial(target, understood, status)

    def news(self, target: Target, verb: Verb, news: News, status: CallStatus) -> Request:
        """As the application says."""
        return self._program.news(target, verb, news, status)

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """As the application says."""
        return self._program.callbacks(change)

    def _settle(self, sip_status: int) -> None:
        if not self._outcome.done():
            self._outcome.set_result(sip_status)
