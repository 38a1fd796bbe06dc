"""Calls everybody at once, until one of them is there.

Each destination becomes a leg, or several where it can be reached at several places. Legs ring, are answered and are
screened by themselves, each within its own time; the first that is accepted wins. A leg that is still being begun when
nobody wants it any more is ended the moment it is there.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

import structlog

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.errors import OffhookError
from offhook.call.info import CallStatus
from offhook.interpreter.outbound_leg import LegOver, LegRefused, OutboundLeg, WantedLeg
from offhook.interpreter.scene import Scene
from offhook.interpreter.status import final_status
from offhook.verbs import Destination, Dial, DialEnd

log = structlog.get_logger()

NO_ROUTE, NOT_DIALLED = 11005, 11007
"""Notification codes: nobody of that name can be reached; the leg could not be begun."""
UNREACHABLE = (403, 404, 480)
OK = 200
ANSWERED_FIRST = ("somebody else answered first", EndedBy.RACE_LOST)
CALLER_GONE = ("the call that dialled it went on without it", EndedBy.UNWANTED)

_BEING_BEGUN: set[asyncio.Task[tuple[OutboundLeg, ...]]] = set()
"""These are never cancelled: a leg that is half begun would be lost."""
_WORDS = {
    CallStatus.BUSY: DialEnd.BUSY,
    CallStatus.NO_ANSWER: DialEnd.NO_ANSWER,
    CallStatus.COMPLETED: DialEnd.NO_ANSWER,
    CallStatus.CANCELED: DialEnd.CANCELED,
}
"""A leg that was answered and yet is none that one can talk with was declined."""
_ORDER = (DialEnd.BUSY, DialEnd.NO_ANSWER, DialEnd.FAILED, DialEnd.CANCELED)
"""Which word tells most about a fork of which nothing came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A branch that came to nothing."""

    end: DialEnd
    leg: OutboundLeg | None = None
    """None where it could not even be dialled."""
    sip_status: int | None = None
    ring_duration_s: float = 0.0


class Fork:
    """The legs of one Dial. Its block ends them all; one that won is let go, and one that was taken goes on."""

    def __init__(self, verb: Dial, scene: Scene, on_begun: Callable[[OutboundLeg, int], None]) -> None:
        """`on_begun` is told of each leg that rings, and of the position of its destination, from 1."""
        self._verb = verb
        self._scene = scene
        self._on_begun = on_begun
        self._first: asyncio.Future[OutboundLeg | None] = asyncio.get_running_loop().create_future()
        self._watching: set[asyncio.Task[None]] = set()
        self._open = 0
        """Branches of which nothing is known yet."""
        self._misses: list[Miss] = []
        self._destinations: dict[str, Destination] = {}
        self._winner: OutboundLeg | None = None
        self._is_closed = False
        self.legs: list[OutboundLeg] = []
        """All that were begun, in the order of their beginning."""

    def __enter__(self) -> "Fork":
        """Dial all destinations."""
        self._open = len(self._verb.destinations)
        for destination in self._verb.destinations:
            dialling = asyncio.create_task(
                self._scene.tools.legs.dial(self._wanted(destination)), name=f"dial {destination.address}"
            )
            _BEING_BEGUN.add(dialling)
            dialling.add_done_callback(lambda done, to=destination: self._dialled(done, to))  # type: ignore[misc]
        self._settle()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._is_closed = True
        for watching in self._watching:
            watching.cancel()
        if self._winner is not None:
            self._winner.is_connected = False
            self._winner.let_go()
        self._cancel_others(CALLER_GONE)

    async def first(self) -> OutboundLeg | None:
        """The first leg that is accepted, with all others canceled; None once nobody can be any more."""
        winner = await asyncio.shield(self._first)
        if winner is not None:
            self._cancel_others(ANSWERED_FIRST)
        return winner

    def destination_of(self, leg: OutboundLeg) -> Destination:
        """Which destination a leg was dialled for."""
        return self._destinations[leg.call_id]

    def position_of(self, leg: OutboundLeg) -> int:
        """Which of the verb's destinations that is, from 1."""
        return self._verb.destinations.index(self.destination_of(leg)) + 1

    @property
    def best_miss(self) -> Miss:
        """The branch that says most about a fork of which nothing came."""
        nobody = Miss(end=DialEnd.FAILED)
        return min(self._misses, key=lambda miss: (_ORDER.index(miss.end), miss.leg is None), default=nobody)

    def _wanted(self, destination: Destination) -> WantedLeg:
        info = self._scene.call.info
        return WantedLeg(
            parent=info,
            destination=destination,
            caller_id=self._verb.caller_id or info.from_,
            ring_timeout_s=self._verb.timeout_s,
            caller_name=self._verb.caller_name,
            confirmation=self._verb.confirmation,
        )

    def _dialled(self, dialling: asyncio.Task[tuple[OutboundLeg, ...]], destination: Destination) -> None:
        _BEING_BEGUN.discard(dialling)
        if dialling.cancelled():
            error: BaseException | None = LegRefused("the server stops", 503)
        else:
            error = dialling.exception()
        if error is not None:
            self._refused(error, destination)
            return
        self._open -= 1
        for leg in dialling.result():
            self.legs.append(leg)
            self._destinations[leg.call_id] = destination
            self._on_begun(leg, self.position_of(leg))
            if self._is_closed or self._first.done():
                leg.cancel(*(CALLER_GONE if self._is_closed else ANSWERED_FIRST))
                continue
            self._open += 1
            watching = asyncio.create_task(self._watch(leg), name=f"leg {leg.call_id}")
            self._watching.add(watching)
        self._settle()

    def _refused(self, error: BaseException, destination: Destination) -> None:
        self._open -= 1
        if self._is_closed:
            return
        if not isinstance(error, LegRefused):
            if not isinstance(error, OffhookError):
                log.error("fork.leg_broke", exc_info=error)
            why = str(error) if isinstance(error, OffhookError) else "an internal error of the voice server"
            error = LegRefused(why, 500)
        code = NO_ROUTE if error.sip_status in UNREACHABLE else NOT_DIALLED
        line = f"Line {destination.line}: " if destination.line is not None else ""
        self._scene.notices.warning(
            code, f"{line}{destination.address} was not called: {error.message.rstrip('.')}."
        )
        status = final_status(was_answered=False, ending=Ending(EndCause.REFUSED, error.sip_status))
        self._missed(Miss(end=_WORDS.get(status, DialEnd.FAILED), sip_status=error.sip_status))

    async def _watch(self, leg: OutboundLeg) -> None:
        """Until it is accepted, is over, or was taken elsewhere."""
        over = asyncio.create_task(leg.over())
        waits = (over, asyncio.create_task(leg.accepted.wait()), asyncio.create_task(leg.is_taken.wait()))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if leg.over_now is not None:
            self._missed(miss_of(leg, leg.over_now))
        elif leg.is_taken.is_set():
            self._missed(Miss(end=DialEnd.NO_ANSWER, leg=leg, sip_status=OK))
        elif not self._first.done():
            # From here on whoever takes it to another program waits until it is out of our hands.
            leg.is_connected = True
            self._winner = leg
            self._first.set_result(leg)
        else:
            leg.cancel(*ANSWERED_FIRST)

    def _missed(self, miss: Miss) -> None:
        self._misses.append(miss)
        if miss.leg is not None:
            self._open -= 1
        self._settle()

    def _settle(self) -> None:
        if self._open == 0 and not self._first.done():
            self._first.set_result(None)

    def _cancel_others(self, why: tuple[str, EndedBy]) -> None:
        for leg in self.legs:
            if leg is not self._winner and not leg.is_taken.is_set():
                leg.cancel(*why)


def miss_of(leg: OutboundLeg, over: LegOver) -> Miss:
    """What a branch came to whose leg is over."""
    return Miss(
        end=_WORDS.get(over.status, DialEnd.FAILED),
        leg=leg,
        sip_status=OK if over.status is CallStatus.COMPLETED else over.ending.sip_status,
        ring_duration_s=over.ring_duration_s,
    )
