"""The calls of one worker, each in its own task, from the first ring to the last fact."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.rows import NumberRow
from offhook.interpreter.ports import Tools
from offhook.interpreter.program import Program
from offhook.interpreter.run import run_inbound, run_outbound
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.processes.admission import Admission
from offhook.processes.programs import Programs
from offhook.rest.ports import CallRefused, LimitReached, NewCall
from offhook.webhooks.partials import PartialQueue
from offhook.webhooks.sender import Sender

log = structlog.get_logger()

NOT_FOUND, SERVER_ERROR, UNAVAILABLE = 404, 500, 503


class CallRuns:
    """Takes calls in, makes calls, and runs them."""

    def __init__(
        self,
        *,
        programs: Programs,
        find_number: Callable[[str], Awaitable[NumberRow | None]],
        first_account_sid: str,
        tools_of: Callable[[str], Tools],
        admission: Admission,
        are_records_away: Callable[[], bool] = lambda: False,
        sender_of: Callable[[str], Sender],
        trunk: str | None,
    ) -> None:
        """`tools_of` and `sender_of` give what the calls of an account work with, and what sends their partial results."""
        self._programs = programs
        self._find_number = find_number
        self._first_account_sid = first_account_sid
        self._tools_of = tools_of
        self._admission = admission
        self._are_records_away = are_records_away
        self._sender_of = sender_of
        self._trunk = trunk
        self._running: set[asyncio.Task[None]] = set()
        self._switchboard: Switchboard | None = None
        self._is_closed = False

    def connect(self, switchboard: Switchboard) -> None:
        """Calls are made through `switchboard`."""
        self._switchboard = switchboard

    def take(self, incoming: Incoming) -> None:
        """A call came in."""
        if self._is_closed:
            incoming.refuse(UNAVAILABLE)
            return
        self._start(self._take(incoming))

    async def place(self, asked: NewCall) -> str:
        """Begin a call; returns its call_id once it can be looked up.

        Raises NoFreeSlot, CallRefused, LimitReached.
        """
        assert self._switchboard is not None
        if self._is_closed:
            raise NoFreeSlot("this worker is stopping")
        if self._are_records_away():
            raise NoFreeSlot("the database is away, so that nobody could look the call up")
        info = CallInfo(
            call_id=new_id(),
            account_sid=asked.account_sid,
            direction=Direction.OUTBOUND_API,
            from_=asked.from_,
            to=asked.to,
            created_at=datetime.now(UTC),
            sip_headers=asked.sip_headers,
            metadata=asked.metadata,
        )
        await self._admission.check_destination(asked.account_sid, asked.to)
        await self._admission.admit(info)
        try:
            leg = await self._switchboard.dial(info, self._uri(asked.to), dict(asked.sip_headers))
        except BaseException as error:
            self._admission.is_over(info.call_id)
            if isinstance(error, OffhookError) and not isinstance(error, NoFreeSlot):
                raise CallRefused(str(error)) from error
            raise
        placed = asyncio.Event()
        running = self._start(self._run_placed(leg, asked, placed))
        looked_up = asyncio.create_task(placed.wait())
        await asyncio.wait((running, looked_up), return_when=asyncio.FIRST_COMPLETED)
        looked_up.cancel()
        if not placed.is_set():
            raise NoFreeSlot("the call ended before it could be looked up")
        return info.call_id

    def close(self) -> None:
        """Take no new calls from now on."""
        self._is_closed = True

    @property
    def count(self) -> int:
        """How many calls run."""
        return len(self._running)

    async def finished(self) -> None:
        """Returns when no call runs any more."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def stop(self) -> None:
        """End all calls: each is hung up and its last fact is written."""
        for task in tuple(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _start(self, course: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(course)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("call.lost_its_task", exc_info=task.exception())

    async def _take(self, incoming: Incoming) -> None:
        invite = incoming.invite
        try:
            number = await self._find_number(invite.called)
        except Exception:
            incoming.refuse(SERVER_ERROR)
            raise
        info = self._info(invite, number)
        if number is not None:
            program: Program | None = self._programs.of_number(number, info, incoming.timeline)
        else:
            program = self._programs.built_in(invite.called, info, incoming.timeline)
        if program is None:
            log.info("call.number_unknown", called=invite.called, source=invite.source)
            incoming.refuse(NOT_FOUND)
            return
        try:
            await self._admission.admit(info)
        except LimitReached:
            incoming.refuse(UNAVAILABLE)
            return
        try:
            await self._run(incoming.take(info), program)
        finally:
            self._admission.is_over(info.call_id)

    async def _run(self, leg: Leg, program: Program) -> None:
        structlog.contextvars.bind_contextvars(call_id=leg.info.call_id)
        async with PartialQueue(self._sender_of(leg.info.account_sid)) as partials:
            await run_inbound(leg, program, self._tools_of(leg.info.account_sid), partials)

    async def _run_placed(self, leg: Leg, asked: NewCall, placed: asyncio.Event) -> None:
        structlog.contextvars.bind_contextvars(call_id=leg.info.call_id)
        program = self._programs.of_new_call(asked, leg.info, leg.timeline)
        try:
            tools = self._tools_of(leg.info.account_sid)
            async with PartialQueue(self._sender_of(leg.info.account_sid)) as partials:
                await run_outbound(
                    leg, program, tools, partials, ring_timeout_s=asked.timeout_s, on_placed=placed.set
                )
        finally:
            self._admission.is_over(leg.info.call_id)

    def _info(self, invite: Invite, number: NumberRow | None) -> CallInfo:
        return CallInfo(
            call_id=new_id(),
            account_sid=number.account_sid if number is not None else self._first_account_sid,
            direction=Direction.INBOUND,
            from_=invite.caller,
            to=invite.called,
            created_at=datetime.now(UTC),
            caller_name=invite.caller_name,
            forwarded_from=invite.diversion,
            sip_headers=invite.headers,
            number_sid=number.sid if number is not None else None,
        )

    def _uri(self, to: str) -> str:
        if to.lower().startswith(("sip:", "sips:")):
            return to
        if self._trunk is None:
            raise CallRefused(
                f"{to} is a number, and there is no trunk to send it to: set OFFHOOK_TRUNK, or call a SIP URI"
            )
        return f"sip:{to}@{self._trunk.removeprefix('sip:')}"
