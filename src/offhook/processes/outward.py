"""Begins calls to numbers and SIP URIs: numbers go over trunks, one after another until one of them takes the call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.info import CallInfo
from offhook.call.trunks import Way
from offhook.interpreter.notices import Notices
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Switchboard
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_services import TrunkServices

TRUNK_FAILED = 11008
"""The notification's code for a call that a trunk did not take."""

NoticesOf = Callable[[CallInfo], Notices]
"""What tells the customer of a call's faults."""
Failed = tuple[Way, str, Way | None]
"""A way that failed, how, and the one after it."""


class Outward:
    """Dials. `told` hears of each trunk that failed, by its name."""

    def __init__(
        self,
        switchboard: Switchboard,
        book: TrunkBook,
        hosts: TrunkHosts,
        services: TrunkServices,
        *,
        notices_of: NoticesOf,
        told: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._switchboard = switchboard
        self._book = book
        self._hosts = hosts
        self._services = services
        self._notices_of = notices_of
        self._told = told

    def ways(self, to: str, caller: str = "") -> tuple[Way, ...]:
        """The ways to a number or SIP URI. Raises CallRefused where no trunk takes the number."""
        return self._book.ways(to, caller)

    async def dial(
        self,
        info: CallInfo,
        ways: Sequence[Way],
        headers: Mapping[str, str],
        *,
        credentials: tuple[str, str] | None = None,
        caller_name: str = "",
    ) -> Leg:
        """Begin a call by the first way that takes it; `credentials` stand before those of the trunks.

        Raises NoFreeSlot, and OffhookError where no way could be begun.
        """
        if all(way.trunk is None for way in ways):
            way = await self._services.first(ways[0]) if self._switchboard.is_behind else ways[0]
            return await self._switchboard.dial(
                info,
                way.uri,
                headers,
                credentials=credentials,
                caller_name=caller_name,
                place=await self._hosts.place(way),
            )
        if credentials is not None:
            ways = [replace(way, credentials=credentials) for way in ways]
        ways = await self._services.ways(tuple(ways))
        failed: list[Failed] = []
        leg: Leg | None = None

        def passed_over(way: Way, why: str, following: Way | None) -> None:
            if leg is None:  # its call is not there yet
                failed.append((way, why, following))
            else:
                self._tell(leg, way, why, following)

        try:
            leg = await self._switchboard.dial_ways(
                info,
                ways,
                headers,
                caller_name=caller_name,
                passed_over=passed_over,
                place_of=self._hosts.place,
            )
        except OffhookError as error:
            if isinstance(error, NoFreeSlot) or not failed:
                raise
            raise OffhookError(_sentence(failed)) from error
        self._note(leg, ways[min(len(failed), len(ways) - 1)])
        for each in failed:
            self._tell(leg, *each)
        return leg

    def _tell(self, leg: Leg, way: Way, why: str, following: Way | None) -> None:
        if way.trunk is None:
            return
        name = way.trunk.name
        self._told(name)
        leg.timeline.note("trunk_failed", name=name, why=why)
        self._notices_of(leg.info).warning(TRUNK_FAILED, _words(way, why, following))
        if following is not None:
            self._note(leg, following)

    @staticmethod
    def _note(leg: Leg, way: Way) -> None:
        if way.trunk is not None:
            leg.timeline.note("trunk", name=way.trunk.name, way="out")


def _words(way: Way, why: str, following: Way | None) -> str:
    if following is None:
        return f"The trunk {_name(way)} {why}; there is no other one to try."
    return f"The trunk {_name(way)} {why}; {_name(following)} is tried next."


def _name(way: Way) -> str:
    name = way.trunk.name if way.trunk is not None else way.uri
    return name if way.next_hop is None else f"{name} ({way.next_hop[0]})"


def _sentence(failed: Sequence[Failed]) -> str:
    return " ".join(_words(*each) for each in failed)
