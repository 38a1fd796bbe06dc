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
from offhook.processes.programs import Programs
from offhook.rest.ports import CallRefused, NewCall
from offhook.webhooks.partials import PartialQueue
from offhook.webhooks.sender import Sender

log = structlog.get_logger()

NOT_FOUND, SERVER_ERROR = 404, 500


class CallRuns:
    """Takes calls in, makes calls, and runs them."""

    def __init__(
        self,
        *,
        programs: Programs,
        find_number: Callable[[str], Awaitable[NumberRow | None]],
        first_account_sid: str,
        tools: Tools,
        partials_sender: Sender,
        trunk: str | None,
    ) -> None:
        self._programs = programs
        self._find_number = find_number
        self._first_account_sid = first_account_sid
        self._tools = tools
        self._partials_sender = partials_sender
        self._trunk = trunk
        self._running: set[asyncio.Task[None]] = set()
        self._switchboard: Switchboard | None = None

    def connect(self, switchboard: Switchboard) -> None:
        """Calls are made through `switchboard`."""
        self._switchboard = switchboard

    def take(self, incoming: Incoming) -> None:
        """A call came in."""
        self._start(self._take(incoming))

    async def place(self, asked: NewCall) -> str:
        """Begin a call; returns its call_id once it can be looked up. Raises NoFreeSlot, CallRefused."""
        assert self._switchboard is not None
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
        try:
            leg = await self._switchboard.dial(info, self._uri(asked.to), dict(asked.sip_headers))
        except NoFreeSlot:
            raise
        except OffhookError as error:
            raise CallRefused(str(error)) from error
        placed = asyncio.Event()
        self._start(self._run_placed(leg, asked, placed))
        await placed.wait()
        return info.call_id

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

    def _start(self, course: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(course)
        self._running.add(task)
        task.add_done_callback(self._done)

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
            program: Program | None = self._programs.of_number(number, info)
        else:
            program = self._programs.built_in(invite.called, info)
        if program is None:
            log.info("call.number_unknown", called=invite.called, source=invite.source)
            incoming.refuse(NOT_FOUND)
            return
        await self._run(incoming.take(info), program)

    async def _run(self, leg: Leg, program: Program) -> None:
        structlog.contextvars.bind_contextvars(call_id=leg.info.call_id)
        async with PartialQueue(self._partials_sender) as partials:
            await run_inbound(leg, program, self._tools, partials)

    async def _run_placed(self, leg: Leg, asked: NewCall, placed: asyncio.Event) -> None:
        structlog.contextvars.bind_contextvars(call_id=leg.info.call_id)
        program = self._programs.of_new_call(asked, leg.info)
        async with PartialQueue(self._partials_sender) as partials:
            await run_outbound(
                leg, program, self._tools, partials, ring_timeout_s=asked.timeout_s, on_placed=placed.set
            )

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
