"""What becomes of a far end's wish that whom it talks with be connected with somebody else (REFER).

The application of the number that was called says how. Its document is fetched while both still talk, so that nothing is
lost where it cannot be had. Then whom the far end talks with, the transferee, is taken to that document; a far end that
talks with nobody is its own transferee. The far end, the transferor, hears silence and is told the outcome.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import replace

from offhook.call.ending import EndedBy
from offhook.call.errors import CallEnded, CustomerError, FetchFailed, OffhookError
from offhook.call.info import CallInfo, CallStatus, TransferInfo
from offhook.call.port import Transfer
from offhook.call.timeline import Timeline
from offhook.interpreter.connected import ControlOf, connected
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.notices import Notices
from offhook.interpreter.program import Program
from offhook.interpreter.transfer_program import GONE, TransferProgram
from offhook.verbs import Document, Pause

TRYING, NOT_FOUND, BUSY, SERVER_ERROR = 100, 404, 486, 500
LONGEST_S = 180.0
"""How long a transfer may take until the transferor is told that it failed."""
LEAVE_S = 5.0
"""How long a transferor has to hang up by itself, once it knows the outcome."""
_NUMBER = re.compile(r"sips?:(\+?[0-9*#]+)(?:@.*)?", re.IGNORECASE)

ProgramOf = Callable[[CallInfo, Timeline], Program]
"""The application that is asked about transfers, for a call that is taken to it."""


class Transfers:
    """Takes the REFERs of one call, one at a time."""

    def __init__(
        self, control: Control, *, control_of: ControlOf, program_of: ProgramOf, notices: Notices
    ) -> None:
        """`control` is the call's; `notices` tells its customer of faults."""
        self._control = control
        self._control_of = control_of
        self._program_of = program_of
        self._notices = notices
        self._running: asyncio.Task[None] | None = None

    def take(self, transfer: Transfer) -> None:
        """Begin a transfer: fills `call.port.TransferSink`."""
        if self._running is not None and not self._running.done():
            transfer.tell(BUSY)
            return
        self._running = asyncio.create_task(self._run(transfer), name="transfer")

    async def _run(self, transfer: Transfer) -> None:
        transfer.tell(TRYING)
        try:
            others = connected(self._control, self._control_of)
            transferee = others[0] if others else self._control
            status = await self._connect(transfer, transferee)
        except CustomerError as error:
            self._notices.fault(error)
            status = (
                NOT_FOUND if isinstance(error, FetchFailed) and error.status == NOT_FOUND else SERVER_ERROR
            )
        except CallOver:
            status = GONE
        except OffhookError as error:
            self._notices.own_fault(str(error))
            status = SERVER_ERROR
        transfer.tell(status)

    async def _connect(self, transfer: Transfer, transferee: Control) -> int:
        """Take the transferee to the application; returns the SIP status of what came of it. Raises CustomerError where
        there is no document, and CallOver where the transferee has gone; both calls then go on as before."""
        call = transferee.call
        program = self._program_of(_info(call.info, transfer), call.timeline)
        fetching = asyncio.create_task(_first(program))
        fetching.add_done_callback(
            lambda done: done.cancelled() or done.exception()
        )  # maybe nobody waits for it
        try:
            async with self._control.call.alive():
                await asyncio.shield(fetching)
        except CallEnded:
            pass  # it hung up, as many do at once: the transferee must not leave with it
        if fetching.done():
            fetching.result()
        watched = TransferProgram(program, fetching)
        transferee.when_connected = watched.dial_connected
        transferee.divert(watched)
        if transferee is self._control:
            return await watched.outcome(LONGEST_S)
        self._let_wait()
        try:
            return await watched.outcome(LONGEST_S)
        finally:
            asyncio.get_running_loop().call_later(LEAVE_S, self._send_away)

    def _let_wait(self) -> None:
        """The transferor runs nothing any more, and waits to know the outcome."""
        with contextlib.suppress(CallOver):  # it has gone already
            self._control.divert(FixedProgram(Pause(length_s=LONGEST_S + 2 * LEAVE_S)))

    def _send_away(self) -> None:
        with contextlib.suppress(CallOver):
            self._control.finish("transferred", EndedBy.TRANSFERRED)


async def _first(program: Program) -> Document:
    return await program.first(CallStatus.IN_PROGRESS)


def _info(info: CallInfo, transfer: Transfer) -> CallInfo:
    """The transferee's call, as the application is told of it."""
    number = _NUMBER.fullmatch(transfer.target)
    told = TransferInfo(
        target=number[1] if number else transfer.target,
        transferor=transfer.referred_by,
        transferee=info.from_ if info.parent_call_id is None else info.to,
    )
    return replace(info, transfer=told)
