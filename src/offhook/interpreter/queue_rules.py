"""The rules of a queue, without any sound: what happens goes in, what is to be done comes out, in order.

First in, first out: the one who has waited longest is called for the taker who came first. Who is called hears an
announcement first and then says that it is ready; if it leaves meanwhile the next one is called, and if its taker
leaves it is the first of the queue again.
"""

from dataclasses import dataclass

from offhook.interpreter.meetings import MeetingRefused, MemberUnknown, Taker, Waiter
from offhook.verbs import QueueEnd, Target


@dataclass(frozen=True, slots=True)
class TellPlace:
    """Where a member stands; 0 for a taker whom nobody could be called for."""

    call_id: str
    position: int
    size: int
    average_wait_s: float


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody's turn has come, on both sides."""

    waiter_id: str
    taker_id: str
    announcement: Target | None


@dataclass(frozen=True, slots=True)
class Connect:
    """Two hear each other from now on."""

    waiter_id: str
    taker_id: str


@dataclass(frozen=True, slots=True)
class Part:
    """Two who were connected are not any more."""

    waiter_id: str
    taker_id: str


@dataclass(frozen=True, slots=True)
class Dismiss:
    """A member is out, and not by its own doing."""

    call_id: str
    end: QueueEnd


@dataclass(frozen=True, slots=True)
class Close:
    """Nobody is inside."""


Action = TellPlace | Call | Connect | Part | Dismiss | Close
Actions = tuple[Action, ...]


@dataclass(slots=True)
class _Pair:
    waiter_id: str
    taker_id: str
    is_connected: bool = False


class QueueRules:
    """One queue. Times are seconds on any one clock."""

    def __init__(self) -> None:
        self._waiting: dict[str, float] = {}
        """Who waits, and since when, the longest first; those who are called keep their place until connected."""
        self._taking: dict[str, Taker] = {}
        """Who wants to take somebody and has nobody yet, in the order of their coming."""
        self._pairs: list[_Pair] = []
        self._takers: dict[str, Taker] = {}
        """Those of the pairs."""
        self._waits_s: list[float] = []
        self.is_over = False
        """Whether nobody can come any more."""

    def wait(self, call_id: str, guest: Waiter, now: float) -> Actions:
        """Somebody comes to be taken. Raises MeetingRefused where the queue is full."""
        self._refuse_if_over()
        if len(self._waiting) >= guest.max_size:
            raise MeetingRefused(QueueEnd.FULL)
        self._waiting[call_id] = now
        return self._onward()

    def take(self, call_id: str, guest: Taker) -> Actions:
        """Somebody comes to take the first."""
        self._refuse_if_over()
        self._taking[call_id] = guest
        return self._onward()

    def ready(self, call_id: str, now: float) -> Actions:
        """Who was called has heard the announcement; nothing happens for others."""
        pair = self._pair(call_id)
        if pair is None or pair.is_connected or pair.waiter_id != call_id:
            return ()
        pair.is_connected = True
        self._waits_s.append(now - self._waiting.pop(call_id))
        return (Connect(pair.waiter_id, pair.taker_id), *self._onward())

    def leave(self, call_id: str) -> Actions:
        """Somebody goes; nothing happens for one who is not inside."""
        pair = self._pair(call_id)
        was_inside = pair is not None or call_id in self._waiting or call_id in self._taking
        self._waiting.pop(call_id, None)
        self._taking.pop(call_id, None)
        if pair is None:
            return self._onward() if was_inside else ()
        self._pairs.remove(pair)
        taker = self._takers.pop(pair.taker_id)
        other_id = pair.taker_id if call_id == pair.waiter_id else pair.waiter_id
        if pair.is_connected:
            parted = Part(pair.waiter_id, pair.taker_id)
            return (parted, Dismiss(other_id, QueueEnd.BRIDGED), *self._onward())
        if other_id == pair.taker_id:
            self._taking = {other_id: taker, **self._taking}
        return self._onward()

    def dismiss(self, call_id: str, end: QueueEnd = QueueEnd.LEFT) -> Actions:
        """Somebody is put out. Raises MemberUnknown."""
        if self._pair(call_id) is None and call_id not in self._waiting and call_id not in self._taking:
            raise MemberUnknown(f"the call {call_id} is not in the queue")
        return (Dismiss(call_id, end), *self.leave(call_id))

    @property
    def members(self) -> tuple[str, ...]:
        """Who is inside."""
        paired = [call_id for pair in self._pairs for call_id in (pair.waiter_id, pair.taker_id)]
        return tuple(dict.fromkeys((*self._waiting, *self._taking, *paired)))

    def _refuse_if_over(self) -> None:
        if self.is_over:
            raise MeetingRefused(QueueEnd.ERROR)

    def _pair(self, call_id: str) -> _Pair | None:
        return next((pair for pair in self._pairs if call_id in (pair.waiter_id, pair.taker_id)), None)

    def _onward(self) -> Actions:
        """Call whom can be called, and tell all others where they stand."""
        calls: list[Action] = []
        called = {pair.waiter_id for pair in self._pairs}
        for waiter_id in [call_id for call_id in self._waiting if call_id not in called]:
            if not self._taking:
                break
            taker_id = next(iter(self._taking))
            taker = self._takers[taker_id] = self._taking.pop(taker_id)
            self._pairs.append(_Pair(waiter_id, taker_id))
            calls.append(Call(waiter_id, taker_id, taker.announcement))
        if not self.members:
            self.is_over = True
            return (*calls, Close())
        return (*self._places(), *calls)

    def _places(self) -> Actions:
        called = {pair.waiter_id for pair in self._pairs}
        average_s = sum(self._waits_s) / len(self._waits_s) if self._waits_s else 0.0
        size = len(self._waiting)
        waiting = [
            TellPlace(call_id, position, size, average_s)
            for position, call_id in enumerate(self._waiting, 1)
            if call_id not in called
        ]
        return (*waiting, *(TellPlace(call_id, 0, size, average_s) for call_id in self._taking))
