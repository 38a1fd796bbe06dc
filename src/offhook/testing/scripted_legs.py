"""Callees who follow scripts: whoever a scripted call dials answers here, or does not.

    legs = ScriptedLegs({"+15550101": ("1.0 rings", "3.0 answers", "4.0 says 0.5", "9.0 hangs up")})
    await follow(call, application, dialect=RCML, legs=legs)
    assert call.heard == ["0.0 ringing starts", "3.0 ringing stops", "4.0 +15550101 starts", ...]
    assert legs.to("+15550101").keys_sent == ["1"]

Times count from the moment when the callee is dialled. An address may have several places that ring at once (`Places`),
and may refuse to be dialled at all (a `LegRefused`), as does one that is not among the scripts.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from offhook.call.info import CallInfo, Direction
from offhook.interpreter.confirming import Confirming
from offhook.interpreter.control import Control
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.noted_fetch import NotedFetch
from offhook.interpreter.outbound_leg import LegRefused, OutboundLeg, WantedLeg
from offhook.interpreter.ports import Dialect, Partials, Tools
from offhook.interpreter.program import Program, StatusCallback, WebhookProgram
from offhook.interpreter.run import run_leg
from offhook.interpreter.screening import Screening
from offhook.testing.scripted_call import ScriptedCall
from offhook.testing.webhook_stub import WebhookStub
from offhook.verbs import Destination

Script = tuple[str, ...]
NOT_FOUND = 404


class Places(tuple[Script, ...]):
    """The scripts of one address that is reached at several places: `Places((first, second))`."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _World:
    """What the legs live in."""

    tools: Tools
    partials: Partials
    application: WebhookStub
    dialect: Dialect
    retry_s: float
    group: asyncio.TaskGroup


class ScriptedLegs:
    """Fills `interpreter.ports.Legs`. Each leg lives its real life, so that its facts are kept, too."""

    def __init__(
        self,
        scripts: Mapping[str, Script | Places | LegRefused],
        *,
        told: Callable[[Destination], StatusCallback | None] = lambda _destination: None,
    ) -> None:
        """`told` makes what tells of a leg's states, where the destination wants that."""
        self._scripts = dict(scripts)
        self._told = told
        self._world: _World | None = None
        self.wanted: list[WantedLeg] = []
        """What was asked for, in order."""
        self.calls: list[ScriptedCall] = []
        """All legs, in the order in which they were dialled. The first one's call_id ends in 1."""
        self.controls: list[Control] = []
        """What can be done to each of them."""

    def to(self, address: str) -> ScriptedCall:
        """The newest leg to an address. Raises LookupError where there was none."""
        for call in reversed(self.calls):
            if call.info.to == address:
                return call
        raise LookupError(f"nobody called {address}")

    def control_of(self, address: str) -> Control:
        """The control of the newest leg to an address. Raises LookupError where there was none."""
        return self.controls[self.calls.index(self.to(address))]

    @asynccontextmanager
    async def living(
        self, tools: Tools, partials: Partials, application: WebhookStub, dialect: Dialect, retry_s: float
    ) -> AsyncIterator[None]:
        """A block in which legs can be dialled; it is left once the last of them is over."""
        async with asyncio.TaskGroup() as group:
            self._world = _World(
                tools=tools,
                partials=partials,
                application=application,
                dialect=dialect,
                retry_s=retry_s,
                group=group,
            )
            yield

    async def dial(self, wanted: WantedLeg) -> tuple[OutboundLeg, ...]:
        """Begin a leg for each place of the address. Raises LegRefused."""
        self.wanted.append(wanted)
        address = wanted.destination.address
        found = self._scripts.get(address, LegRefused(f"{address} is not among the scripts", NOT_FOUND))
        if isinstance(found, LegRefused):
            raise found
        scripts = found if isinstance(found, Places) else (found,)
        return tuple([await self._begin(wanted, script) for script in scripts])

    async def _begin(self, wanted: WantedLeg, script: Script) -> OutboundLeg:
        assert self._world is not None, "legs are dialled by a call that is followed"
        world, info = self._world, self._info(wanted)
        call, control = ScriptedCall(*script, info=info), Control()
        self.calls.append(call)
        self.controls.append(control)
        leg = OutboundLeg(call, control)
        program = self._program(wanted, call, world)
        course = run_leg(leg, program, world.tools, world.partials, wanted=wanted, control=control)
        world.group.create_task(course, name=f"leg to {info.to}")
        await control.begun.wait()
        return leg

    def _program(self, wanted: WantedLeg, call: ScriptedCall, world: _World) -> Program:
        told, screening = self._told(wanted.destination), wanted.destination.screening
        confirmation = wanted.confirmation
        teller = FixedProgram(told=(call.info, told) if told is not None else None)
        first = screening or (confirmation.sound if confirmation is not None else None)

        def of_answered() -> Program:
            assert first is not None
            return WebhookProgram(
                info=replace(call.info, sip_call_id=call.sip_call_id, sip_headers=call.answer_headers),
                dialect=world.dialect,
                fetch=NotedFetch(world.application, call.timeline),
                first=first,
                retry_s=world.retry_s,
                chance=lambda: 0.5,
            )

        if screening is not None:
            return Screening(of_answered, teller)
        return teller if confirmation is None else Confirming(confirmation, of_answered, teller)

    def _info(self, wanted: WantedLeg) -> CallInfo:
        assert self._world is not None
        return CallInfo(
            call_id=f"{len(self.calls) + 1:032x}",
            account_sid=wanted.parent.account_sid,
            direction=Direction.OUTBOUND_DIAL,
            from_=wanted.caller_id,
            to=wanted.destination.address,
            created_at=self._world.tools.wall_clock(),
            sip_headers=wanted.destination.sip_headers,
            parent_call_id=wanted.parent.call_id,
        )
