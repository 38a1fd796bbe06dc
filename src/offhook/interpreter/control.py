"""What others may do to a running call, while its own document runs: end it, take it elsewhere, mute it, act on it.

Each call has one `Control`, known by the call's id to the worker that runs it. All methods belong to the event loop
and return at once or in bounded time; what they ask for happens in an order that does not depend on what the call is
doing at that moment.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from offhook.call.ending import EndedBy
from offhook.call.errors import OffhookError
from offhook.call.port import Call
from offhook.interpreter.outbound_leg import OutboundLeg, Seat
from offhook.interpreter.program import Program
from offhook.interpreter.streams import Streams
from offhook.verbs import Outcome, Verb


class CallOver(OffhookError):
    """The call has ended; nothing can be done to it any more."""


class Controlled(Protocol):
    """A running call, as its control sees it."""

    @property
    def call(self) -> Call:
        """The call itself."""

    def divert(self, program: Program, *, keeps_callbacks: bool) -> None:
        """Leave the document that runs, and begin `program`."""

    def finish(self, reason: str, by: EndedBy) -> None:
        """End the call, with this reason in its row; one that nobody answered is canceled."""

    async def act(self, verb: Verb, record_id: str | None = None) -> Outcome:
        """Run `verb` beside the document, with a record by `record_id`; returns its outcome. Raises what runners
        raise, CallEnded among it, and CallOver where it could not even begin."""


def _nobody_asks() -> None:
    """Tell nobody."""


class Control:
    """One call's control; `attach` gives it the call, `close` takes it away when the call is over."""

    def __init__(self) -> None:
        self._controlled: Controlled | None = None
        self._is_over = False
        self._is_muted = False
        self._seats: list[Seat] = []
        self._legs: list[OutboundLeg] = []
        self._on_over: list[Callable[[], None]] = []
        self._on_stop: list[Callable[[type[Verb]], None]] = []
        self.when_connected: Callable[[], None] = _nobody_asks
        """Told whenever the call comes to talk with a leg that it dialled."""
        self.streams = Streams()
        """Those of its streams that run."""
        self.begun = asyncio.Event()
        """Set once the call is under control."""

    def attach(self, controlled: Controlled) -> None:
        """The call lives."""
        self._controlled = controlled
        self.begun.set()

    def when_over(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when the call is over."""
        self._on_over.append(tell)

    def when_stopped(self, tell: Callable[[type[Verb]], None]) -> None:
        """Have `tell` called with a kind of verbs that are to end."""
        self._on_stop.append(tell)

    def stop_acts(self, kind: type[Verb]) -> None:
        """End the verbs of this kind that run beside the call's document, whoever began them. Raises CallOver."""
        self._living()
        for tell in self._on_stop:
            tell(kind)

    def close(self) -> None:
        """The call is over."""
        self._is_over = True
        self._controlled = None
        for tell in self._on_over:
            tell()

    @property
    def is_over(self) -> bool:
        """Whether the call has ended."""
        return self._is_over

    @property
    def call(self) -> Call:
        """The call. Raises CallOver."""
        return self._living().call

    @property
    def is_muted(self) -> bool:
        """Whether others shall not hear the call."""
        return self._is_muted

    @property
    def connected_legs(self) -> tuple[OutboundLeg, ...]:
        """The legs that the call dialled and is connected with now."""
        return tuple(self._legs)

    def divert(self, program: Program, *, keeps_callbacks: bool = True) -> None:
        """Take the call to another program; its states are told as before, or as `program` says. Raises CallOver."""
        self._living().divert(program, keeps_callbacks=keeps_callbacks)

    def finish(self, reason: str, by: EndedBy = EndedBy.ORDERED) -> None:
        """End the call; `reason` stands in its row. Raises CallOver."""
        self._living().finish(reason, by)

    def act(self, verb: Verb, record_id: str | None = None) -> Awaitable[Outcome]:
        """Run a verb on the call, beside its document; its record bears `record_id`, or a new one. Raises CallOver, and
        what runners raise."""
        return self._living().act(verb, record_id)

    def mute(self, is_muted: bool) -> None:
        """Let nobody hear the call, or all again: where it is now and wherever it comes to be. Raises CallOver."""
        self._living()
        self._is_muted = is_muted
        for seat in self._seats:
            seat.mute(is_muted)

    @contextmanager
    def seated(self, seat: Seat) -> Iterator[None]:
        """A block in which the call's voice is heard through `seat`, unless it is muted."""
        self._seats.append(seat)
        if self._is_muted:
            seat.mute(True)
        try:
            yield
        finally:
            self._seats.remove(seat)

    @contextmanager
    def connected_with(self, leg: OutboundLeg) -> Iterator[None]:
        """A block in which the call is connected with a leg that it dialled."""
        self._legs.append(leg)
        self.when_connected()
        try:
            yield
        finally:
            self._legs.remove(leg)

    def _living(self) -> Controlled:
        if self._controlled is None:
            raise CallOver("the call is over" if self._is_over else "the call has not begun")
        return self._controlled
