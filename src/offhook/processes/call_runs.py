"""The calls of one worker, each in its own task, from the first ring to the last fact."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any

import structlog

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.info import CallInfo, Direction, Sides, new_id
from offhook.call.port import Call
from offhook.call.rows import NumberRow, RecordAll
from offhook.call.trunks import Way
from offhook.interpreter.control import Control
from offhook.interpreter.notices import Notices
from offhook.interpreter.outbound_leg import LegRefused, OutboundLeg, WantedLeg
from offhook.interpreter.ports import Tools
from offhook.interpreter.program import Program
from offhook.interpreter.run import run_inbound, run_leg, run_outbound
from offhook.interpreter.transfer import Transfers
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.processes.admission import Admission
from offhook.processes.call_tools import MOST_ACCOUNTS
from offhook.processes.callers import host_of
from offhook.processes.client_calls import ClientCalls
from offhook.processes.contest import first_answered
from offhook.processes.few_lines import FewLines
from offhook.processes.legs import DialledLegs, LocationsOf
from offhook.processes.meetings import ClusterMeetings
from offhook.processes.outward import Outward
from offhook.processes.programs import Programs
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_services import TrunkServices
from offhook.rest.ports import CallRefused, LimitReached, NewCall
from offhook.verbs import SendKeys, Target, Verb
from offhook.webhooks.partials import PartialQueue
from offhook.webhooks.sender import Sender

log = structlog.get_logger()

FORBIDDEN, NOT_FOUND, SERVER_ERROR, UNAVAILABLE = 403, 404, 500, 503
ONE_WAY_AUDIO = 11009
"""The notification's code for a call in which one side is not heard."""
NOT_DONE = 20001
"""The notification's code for something that was asked of a new call and cannot be done."""


CLIENT = "client"
SIDES = {RecordAll.MONO: Sides.MIXED, RecordAll.STEREO: Sides.STEREO}


async def _nowhere(_account_sid: str, _login: str) -> tuple[str, ...]:
    return ()


def bounded(tools: Tools, longest_s: float | None) -> Tools:
    """The same tools for a call that may last no longer."""
    if longest_s is None:
        return tools
    talk_s = min(longest_s, tools.bounds.talk_s or longest_s)
    return replace(tools, bounds=replace(tools.bounds, talk_s=talk_s))


def verbs_before(asked: NewCall) -> tuple[Verb, ...]:
    """What is done once a call is answered, before its application is asked."""
    keys = (SendKeys(keys=asked.send_keys),) if asked.send_keys else ()
    return (*keys, asked.detection) if asked.detection is not None else keys


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
        trunks: TrunkBook,
        hosts: TrunkHosts | None = None,
        services: TrunkServices | None = None,
        trunk_failed: Callable[[str], None] = lambda _name: None,
        locations_of: LocationsOf = _nowhere,
        clients: ClientCalls | None = None,
        meetings: ClusterMeetings,
    ) -> None:
        """`tools_of` and `sender_of` give what the calls of an account work with, and what sends their partial results;
        `trunk_failed` hears the name of a trunk that did not take a call."""
        self._programs = programs
        self._find_number = find_number
        self._first_account_sid = first_account_sid
        self._tools_of = tools_of
        self._admission = admission
        self._are_records_away = are_records_away
        self._sender_of = sender_of
        self._trunks, self._hosts = trunks, hosts or TrunkHosts()
        self._services = services or TrunkServices()
        self._trunk_failed = trunk_failed
        self._locations_of = locations_of
        self._clients = clients or ClientCalls(lambda _login: None)
        self._meetings = meetings
        self._controls: dict[str, Control] = {}
        self._refer_targets: dict[str, Target] = {}
        """Who is asked about transfers, by call."""
        self._running: set[asyncio.Task[None]] = set()
        self._switchboard: Switchboard | None = None
        self._contests: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._unknown = FewLines()

    def connect(self, switchboard: Switchboard) -> None:
        """Calls are made through `switchboard`."""
        self._switchboard = switchboard
        switchboard.on_not_heard = self._not_heard
        self._tools = lru_cache(MOST_ACCOUNTS)(self._make_tools)
        self._meetings.connect(switchboard, self._tools)
        self._outward = Outward(
            switchboard,
            self._trunks,
            self._hosts,
            self._services,
            notices_of=lambda info: Notices(info, self._tools(info.account_sid)),
            told=self._trunk_failed,
        )
        self._legs = DialledLegs(
            outward=self._outward,
            admission=self._admission,
            locations_of=self._locations_of,
            live_through=self._live_through,
        )

    @property
    def programs(self) -> Programs:
        """What chooses the programs of the calls."""
        return self._programs

    def control(self, call_id: str) -> Control | None:
        """What can be done to a call that runs here; None for one that does not."""
        return self._controls.get(call_id)

    def take(self, incoming: Incoming) -> None:
        """A call came in: a customer's, or one of another worker into a room that is held here."""
        place = self._meetings.hosting.place_of(incoming.invite)
        if place is not None:
            self._start(self._meetings.hosting.take(incoming, place))
            return
        if self._is_closed:
            incoming.refuse(UNAVAILABLE)
            return
        self._start(self._take(incoming))

    async def place(self, asked: NewCall) -> tuple[str, ...]:
        """Begin a call to each place where its destination can be reached; returns their call_ids once they can be
        looked up. Who answers first is talked to, the others are canceled.

        Raises NoFreeSlot, CallRefused, LimitReached where not one could be begun.
        """
        assert self._switchboard is not None
        if self._is_closed:
            raise NoFreeSlot("this worker is stopping")
        if self._are_records_away():
            raise NoFreeSlot("the database is away, so that nobody could look the call up")
        places = await self._places(asked)
        begun = await asyncio.gather(*(self._place(asked, ways) for ways in places), return_exceptions=True)
        legs = [leg for leg in begun if not isinstance(leg, BaseException)]
        if not legs:
            raise next(error for error in begun if isinstance(error, BaseException))
        if len(legs) > 1:
            controls = [(leg, self._controls.get(leg.info.call_id)) for leg in legs]
            rivals = [(leg, control) for leg, control in controls if control is not None]
            contest = asyncio.create_task(first_answered(rivals))
            self._contests.add(contest)
            contest.add_done_callback(self._contests.discard)
        return tuple(leg.info.call_id for leg in legs)

    async def _places(self, asked: NewCall) -> tuple[tuple[Way, ...], ...]:
        """The places to call, each with the ways there. Raises CallRefused."""
        scheme, colon, name = asked.to.partition(":")
        if not colon or scheme.lower() != CLIENT:
            await self._admission.check_destination(asked.account_sid, asked.to)
            return (self._outward.ways(asked.to, asked.from_),)
        places = await self._locations_of(asked.account_sid, name)
        if not places:
            raise CallRefused(
                f"the client {name} does not exist, or cannot be reached now", is_destination=True
            )
        allowed = await self._admission.places_allowed(asked.account_sid, places)
        return tuple((Way(uri=uri),) for uri in allowed)

    async def _place(self, asked: NewCall, ways: tuple[Way, ...]) -> Leg:
        """Begin one leg of a call; returns once it can be looked up."""
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
            record_all=SIDES.get(asked.record_all) if asked.record_all is not None else None,
            language=asked.language,
            caller_name=asked.caller_name,
        )
        await self._programs.prepare(info)
        credentials = (asked.username, asked.password or "") if asked.username is not None else None
        await self._admission.admit(info)
        try:
            leg = await self._outward.dial(info, ways, dict(asked.sip_headers), credentials=credentials)
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
        return leg

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
            by_client = await self._clients.of(invite.client, invite.called) if invite.client else None
            asks_number = by_client is None or by_client.asks_number
            number = await self._find_number(invite.called) if asks_number else None
        except Exception:
            incoming.refuse(SERVER_ERROR)
            raise
        if invite.client and by_client is None:
            incoming.refuse(FORBIDDEN)
            return
        info = self._info(invite, number)
        if by_client is not None:
            info = by_client.info(info, number)
        if info.trunk is not None:
            incoming.timeline.note("trunk", name=info.trunk, way="in")
        await self._programs.prepare(info)
        program: Program | None
        if number is not None:
            program = self._programs.of_number(number, info, incoming.timeline)
        elif by_client is not None:
            program = by_client.program(invite.called, info, incoming.timeline, self._programs)
        else:
            program = self._programs.built_in(invite.called, info, incoming.timeline)
        if program is None:
            left_out = self._unknown.left_out((invite.called, host_of(invite.source)))
            if left_out is not None:
                log.info(
                    "call.number_unknown", called=invite.called, source=invite.source, without_a_line=left_out
                )
            incoming.refuse(NOT_FOUND)
            return
        try:
            await self._admission.admit(info)
        except LimitReached:
            incoming.refuse(UNAVAILABLE)
            return
        try:
            await self._run(incoming.take(info), program, number.refer_target if number is not None else None)
        finally:
            self._admission.is_over(info.call_id)

    async def _run(self, leg: Leg, program: Program, refer_to: Target | None) -> None:
        info = leg.info
        structlog.contextvars.bind_contextvars(call_id=info.call_id)
        async with PartialQueue(self._sender_of(info.account_sid)) as partials:
            with self._controlled(info.call_id) as control, self._transferable(leg, control, refer_to):
                await run_inbound(leg, program, self._tools(info.account_sid), partials, control)

    async def _run_placed(self, leg: Leg, asked: NewCall, placed: asyncio.Event) -> None:
        info = leg.info
        structlog.contextvars.bind_contextvars(call_id=info.call_id)
        program = self._programs.of_new_call(asked, info, leg.timeline)
        notices = Notices(info, self._tools(info.account_sid))
        for sentence in asked.not_done:
            notices.warning(NOT_DONE, sentence)
        try:
            async with PartialQueue(self._sender_of(info.account_sid)) as partials:
                with self._controlled(info.call_id) as control:
                    await run_outbound(
                        leg,
                        program,
                        bounded(self._tools(info.account_sid), asked.longest_s),
                        partials,
                        ring_timeout_s=asked.timeout_s,
                        before=verbs_before(asked),
                        on_placed=placed.set,
                        control=control,
                    )
        finally:
            self._admission.is_over(info.call_id)

    async def _live_through(self, leg: Leg, wanted: WantedLeg) -> OutboundLeg:
        """Begin the life of a leg that a call dialled."""
        control = Control()
        outbound = OutboundLeg(leg, control)
        running = self._start(self._run_leg(outbound, wanted, control))
        begun = asyncio.create_task(control.begun.wait())
        await asyncio.wait((running, begun), return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        if not control.begun.is_set():
            await leg.hang_up()
            raise OffhookError("the leg ended before its life had begun")
        return outbound

    async def _run_leg(self, leg: OutboundLeg, wanted: WantedLeg, control: Control) -> None:
        info = leg.call.info
        structlog.contextvars.bind_contextvars(call_id=info.call_id)
        program = self._programs.of_leg(wanted, leg.call)
        try:
            async with PartialQueue(self._sender_of(info.account_sid)) as partials:
                refer_to = self._refer_targets.get(wanted.parent.call_id)
                with self._controlled(info.call_id, control), self._transferable(leg.call, control, refer_to):
                    tools = self._tools(info.account_sid)
                    await run_leg(leg, program, tools, partials, wanted=wanted, control=control)
        finally:
            self._admission.is_over(info.call_id)

    @contextmanager
    def _controlled(self, call_id: str, control: Control | None = None) -> Iterator[Control]:
        """A block in which a call can be found by its id."""
        self._controls[call_id] = control = control or Control()
        try:
            yield control
        finally:
            del self._controls[call_id]

    @contextmanager
    def _transferable(self, leg: Call, control: Control, refer_to: Target | None) -> Iterator[None]:
        """A block in which the far end of a call, and those of legs that it dials, may ask for transfers, and `refer_to`
        says what becomes of these; None refuses them."""
        if refer_to is None:
            yield
            return
        transfers = Transfers(
            control,
            control_of=self.control,
            program_of=partial(self._programs.of_application, refer_to),
            notices=Notices(leg.info, self._tools(leg.info.account_sid)),
        )
        self._refer_targets[leg.info.call_id] = refer_to
        try:
            with leg.transfers(transfers.take):
                yield
        finally:
            del self._refer_targets[leg.info.call_id]

    def _not_heard(self, info: CallInfo, why: str) -> None:
        """Audio goes one way only. A leg between two workers is nobody's call, and told by the call behind it."""
        if info.call_id in self._controls:
            log.warning("call.one_way_audio", call_id=info.call_id, reason=why)
            Notices(info, self._tools(info.account_sid)).warning(ONE_WAY_AUDIO, why)

    def _make_tools(self, account_sid: str) -> Tools:
        assert self._switchboard is not None
        return replace(
            self._tools_of(account_sid),
            legs=self._legs,
            room=self._switchboard.room,
            uri_of=partial(self._referred, account_sid),
            meetings=self._meetings,
        )

    async def _referred(self, account_sid: str, to: str) -> str:
        """The SIP URI that a far end is referred to: on a trunk it is the operator who pays for that call. Raises
        LegRefused, CallRefused."""
        try:
            await self._admission.check_destination(account_sid, to)
        except CallRefused as refused:
            raise LegRefused(refused.message, FORBIDDEN) from refused
        return self._outward.ways(to)[0].uri

    def _info(self, invite: Invite, number: NumberRow | None) -> CallInfo:
        trunk = self._trunks.trunk_of(host_of(invite.source))
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
            record_all=SIDES.get(number.record_all) if number and number.record_all else None,
            language=number.language if number is not None else None,
            trunk=trunk.name if trunk is not None else None,
        )
