"""A leg that a verb dialled. Its life, in a task of its own, keeps its facts; this is what the verb sees of it.

dialled ─► rings ─► answered ─► (screened) ─► accepted ─► over
                                                 └─► taken to another program by somebody else
"""

import asyncio
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from offhook.call.ending import EndedBy, Ending
from offhook.call.errors import OffhookError
from offhook.call.info import CallInfo, CallStatus
from offhook.call.port import DialledCall
from offhook.verbs import Confirmation, Destination

if TYPE_CHECKING:
    from offhook.interpreter.ports import CallEnd

CONFIRM_SOUND_S = 60.0
"""How long the sound may take before a key is waited for."""


class LegRefused(OffhookError):
    """A leg could not be dialled; `sip_status` is what the far end would have said."""

    def __init__(self, message: str, sip_status: int) -> None:
        super().__init__(message)
        self.message = message
        self.sip_status = sip_status


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedLeg:
    """A leg that a call wants dialled."""

    parent: CallInfo
    destination: Destination
    caller_id: str
    """Whom the far end sees."""
    ring_timeout_s: float
    caller_name: str | None = None
    """The name that it sees; None is the caller's own, where the caller's number is shown."""
    confirmation: Confirmation | None = None
    """What who answers must do to be connected."""

    @property
    def gate_s(self) -> float | None:
        """How long whoever answers may take to accept, in seconds; None where nothing is asked of them."""
        if self.destination.screening is not None:
            return self.destination.screening_timeout_s
        return None if self.confirmation is None else CONFIRM_SOUND_S + self.confirmation.timeout_s


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOver:
    """How a leg ended."""

    ending: Ending
    status: CallStatus
    duration_s: float
    ring_duration_s: float
    end: "CallEnd | None" = None
    """The same with why it was ended from here, where it was."""


class Seat(Protocol):
    """Where a call's voice is heard by others, and can be silenced."""

    def mute(self, is_muted: bool) -> None:
        """Be heard no more, or again."""


class LegControl(Protocol):
    """What can end the leg and mute it: its control."""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""

    def finish(self, reason: str, by: EndedBy) -> None:
        """End it."""

    def seated(self, seat: Seat) -> AbstractContextManager[None]:
        """A block in which its voice is heard through `seat`, unless it is muted."""


class OutboundLeg:
    """One leg, for who dialled it. Everything here belongs to the event loop."""

    def __init__(self, call: DialledCall, control: LegControl) -> None:
        """`control` is attached to the leg's life already."""
        self.call = call
        self._control = control
        self.answered = asyncio.Event()
        self.accepted = asyncio.Event()
        """Somebody answered, and did not decline."""
        self.is_connected = False
        """Whether who dialled has connected it with somebody."""
        self.is_let_go = asyncio.Event()
        """Who dialled it wants nothing of it any more; unless it was taken elsewhere, it is hung up."""
        self.let_go_by = EndedBy.LET_GO
        """Why they do."""
        self.is_taken = asyncio.Event()
        """Somebody took it to another program: who dialled it lets it go."""
        self._over: asyncio.Future[LegOver] = asyncio.get_running_loop().create_future()

    @property
    def call_id(self) -> str:
        """32 hex digits."""
        return self.call.info.call_id

    def seated(self, seat: Seat) -> AbstractContextManager[None]:
        """A block in which its voice is heard through `seat`, unless it is muted."""
        return self._control.seated(seat)

    def let_go(self) -> None:
        """Hang it up, or hand it over to who took it."""
        self.is_let_go.set()

    def cancel(self, reason: str = "", by: EndedBy = EndedBy.UNWANTED) -> None:
        """End it wherever it is: ringing, or being screened. One that nobody answered is canceled."""
        if not self._control.is_over:
            self._control.finish(reason, by)

    def tell_over(self, over: LegOver) -> None:
        """Its life is over."""
        if not self._over.done():
            self._over.set_result(over)

    @property
    def over_now(self) -> LegOver | None:
        """How it ended, if it has."""
        return self._over.result() if self._over.done() else None

    async def over(self) -> LegOver:
        """Returns when it is over."""
        return await asyncio.shield(self._over)
