"""Dials legs for the calls of this worker: fills `interpreter.ports.Legs`."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.trunks import Way
from offhook.interpreter.outbound_leg import LegRefused, OutboundLeg, WantedLeg
from offhook.pjsua.leg import Leg
from offhook.processes.admission import Admission
from offhook.processes.dial_hops import HEADER, hops_after
from offhook.processes.outward import Outward
from offhook.rest.ports import CallRefused, LimitReached
from offhook.verbs import DestinationKind

BAD_REQUEST, FORBIDDEN, NOT_REACHABLE, UNAVAILABLE = 400, 403, 480, 503

LocationsOf = Callable[[str, str], Awaitable[tuple[str, ...]]]
"""The SIP URIs where an account's client can be reached now, by the account's sid and the client's name."""
LiveThrough = Callable[[Leg, WantedLeg], Awaitable[OutboundLeg]]
"""Begins the life of a leg in a task of its own; returns once it can be ended."""


class DialledLegs:
    """Begins legs. `outward` knows the ways to a number or SIP URI."""

    def __init__(
        self,
        *,
        outward: Outward,
        admission: Admission,
        locations_of: LocationsOf,
        live_through: LiveThrough,
    ) -> None:
        self._outward = outward
        self._admission = admission
        self._locations_of = locations_of
        self._live_through = live_through

    async def dial(self, wanted: WantedLeg) -> tuple[OutboundLeg, ...]:
        """Begin a leg for each place where the destination can be reached. Raises LegRefused where none could be."""
        hops = hops_after(wanted.parent)
        try:
            places = await self._places(wanted)
        except CallRefused as refused:
            raise LegRefused(refused.message, FORBIDDEN) from refused
        begun = await asyncio.gather(
            *(self._begin(wanted, ways, hops) for ways in places), return_exceptions=True
        )
        legs = tuple(leg for leg in begun if isinstance(leg, OutboundLeg))
        if not legs:
            [error, *_] = [error for error in begun if isinstance(error, BaseException)]
            raise error
        return legs

    async def _places(self, wanted: WantedLeg) -> tuple[tuple[Way, ...], ...]:
        destination, account_sid = wanted.destination, wanted.parent.account_sid
        if destination.kind is not DestinationKind.CLIENT:
            await self._admission.check_destination(account_sid, destination.address)
            return (self._outward.ways(destination.address, wanted.caller_id),)
        places = await self._locations_of(account_sid, destination.address)
        if not places:
            name = destination.address
            raise LegRefused(f"the client {name} does not exist, or cannot be reached now", NOT_REACHABLE)
        allowed = await self._admission.places_allowed(account_sid, places)
        return tuple((Way(uri=uri),) for uri in allowed)

    async def _begin(self, wanted: WantedLeg, ways: tuple[Way, ...], hops: str) -> OutboundLeg:
        info, destination = _info(wanted), wanted.destination
        try:
            await self._admission.admit(info)
        except LimitReached as reached:
            raise LegRefused(reached.message, UNAVAILABLE) from reached
        try:
            credentials = (
                (destination.username, destination.password or "")
                if destination.username is not None
                else None
            )
            is_callers_own = wanted.caller_id == wanted.parent.from_
            leg = await self._outward.dial(
                info,
                ways,
                {**dict(destination.sip_headers), HEADER: hops},
                credentials=credentials,
                caller_name=wanted.caller_name or ((info.caller_name or "") if is_callers_own else ""),
            )
            return await self._live_through(leg, wanted)
        except BaseException as error:
            self._admission.is_over(info.call_id)
            if isinstance(error, NoFreeSlot):
                raise LegRefused(str(error), UNAVAILABLE) from error
            if isinstance(error, OffhookError) and not isinstance(error, LegRefused):
                raise LegRefused(str(error), BAD_REQUEST) from error
            raise


def _info(wanted: WantedLeg) -> CallInfo:
    parent, destination = wanted.parent, wanted.destination
    return CallInfo(
        call_id=new_id(),
        account_sid=parent.account_sid,
        direction=Direction.OUTBOUND_DIAL,
        from_=wanted.caller_id,
        to=destination.address,
        created_at=datetime.now(UTC),
        caller_name=parent.caller_name,
        forwarded_from=parent.forwarded_from,
        sip_headers=destination.sip_headers,
        metadata=parent.metadata,
        parent_call_id=parent.call_id,
        language=parent.language,
    )
