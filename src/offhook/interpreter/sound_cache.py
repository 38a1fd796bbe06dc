"""Sounds that are laid down as files, shared by all calls that play them at once and kept for those to come.

A file is there as long as somebody holds its sound, and beyond that while it is kept. What is kept is bounded in
bytes; what was used longest ago goes first. Calls that want the same sound at the same moment wait for one of them to
make it, and those that leave meanwhile do not disturb the others. A sound that is heard while it grows is shared in the
same way; once whole it is kept like any other.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from offhook.call.growing import GrowingSound
from offhook.call.spoken import Spoken
from offhook.interpreter.freshness import Terms

OVERHEAD_BYTES = 4_096
"""What a kept sound costs besides its samples: the rest of a page, the file's entry, its key and its terms."""
MOST_LONERS = 1_000
"""How many sounds that cannot be shared are remembered as such."""


@dataclass(slots=True, eq=False, kw_only=True)
class Sound:
    """A sound as a file, or one that is still being made."""

    path: Path
    duration_s: float
    size_bytes: int
    terms: Terms
    growing: GrowingSound | None = None
    """What there is of it until the file is there; of one that broke, what there was."""
    making: "asyncio.Task[None] | None" = None
    """Makes the rest; never fails, but is cancelled where nobody wants it any more. None once that is settled."""
    spoken: Spoken | None = None
    """Who speaks it."""
    holders: int = 0
    """How many use it now."""
    is_kept: bool = False

    @property
    def is_being_made(self) -> bool:
        """Whether there is more to come."""
        return self.making is not None


Make = Callable[[Sound | None], Awaitable[Sound]]
"""Makes a sound. Is given the one that is kept but no longer fresh, and may find that it still holds and return it."""


class _Making:
    """A sound that is being made, and those who wait for it."""

    def __init__(self, task: asyncio.Task[Sound]) -> None:
        self.task = task
        self.waiting = 0
        self.is_taken = False


class SoundCache:
    """All sounds of one process. Sounds are held in blocks of `use`; nothing else touches their files."""

    def __init__(self, *, most_bytes: int, clock: Callable[[], float]) -> None:
        """`most_bytes`: how much is kept; with 0 nothing is, nor shared. `clock` tells seconds, as terms do."""
        self._most_bytes = most_bytes
        self._clock = clock
        self._kept: OrderedDict[Hashable, Sound] = OrderedDict()
        """The longest unused first."""
        self._kept_bytes = 0
        self._making: dict[Hashable, _Making] = {}
        self._growing: dict[Hashable, Sound] = {}
        """What is heard already while it is being made."""
        self._loners: OrderedDict[Hashable, None] = OrderedDict()
        """What could not be shared when it was last made: to wait for another's would be in vain."""

    @asynccontextmanager
    async def use(self, key: Hashable, make: Make) -> AsyncIterator[Sound]:
        """A block in which the sound of this key is there: the kept one while it is fresh, else as made now.

        Raises what `make` does; those who waited for the same making all get its error.
        """
        sound = await self._held(key, make)
        try:
            yield sound
        finally:
            _let_go(sound)
            if not sound.holders and sound.making is not None and sound.is_being_made:
                await asyncio.wait((sound.making,))

    def make_room(self) -> None:
        """Let go of all that is kept; what is in use stays until it is not."""
        while self._kept:
            self._drop(next(iter(self._kept)))

    async def _held(self, key: Hashable, make: Make) -> Sound:
        known = self._kept.get(key)
        if known is not None and known.terms.fresh_until > self._clock():
            self._kept.move_to_end(key)
            return _hold(known)
        growing = self._growing.get(key)
        if growing is not None and growing.holders:
            return _hold(growing)
        if not self._most_bytes or key in self._loners:
            return await self._make(key, make)
        return await self._shared(key, make) or await self._make(key, make)

    async def _shared(self, key: Hashable, make: Make) -> Sound | None:
        """The sound that one makes for all who want it now; None where it is for another alone."""
        making = self._making.get(key)
        if making is None:
            making = self._making[key] = _Making(asyncio.create_task(self._make(key, make)))
        making.waiting += 1
        try:
            # Unlike awaiting the task, this does not cancel it for all when one leaves.
            await asyncio.wait((making.task,))
            sound = making.task.result()
            if making.is_taken and not sound.terms.may_be_kept:
                return None
            making.is_taken = True
            return _hold(sound)
        finally:
            making.waiting -= 1
            if not making.waiting:
                await self._leave(key, making)

    async def _leave(self, key: Hashable, making: _Making) -> None:
        """The last one who waited goes."""
        if self._making.get(key) is making:
            del self._making[key]
        if making.task.done():
            _let_go_of_result(making.task)
            return
        making.task.add_done_callback(_let_go_of_result)
        making.task.cancel()
        await asyncio.wait((making.task,))

    async def _make(self, key: Hashable, make: Make) -> Sound:
        """A sound as made now, kept if it may be. The caller holds it."""
        known = self._kept.get(key)
        if known is not None:
            _hold(known)
        try:
            sound = _hold(await make(known))
        finally:
            if known is not None:
                _let_go(known)
        self._keep_once_made(key, sound)
        making = self._making.get(key)
        if making is not None and making.task is asyncio.current_task():
            # From here on the sound is found among the kept ones, or made anew.
            del self._making[key]
        return sound

    def _keep_once_made(self, key: Hashable, sound: Sound) -> None:
        if sound.making is None or sound.making.done():
            self._keep_if_whole(key, sound)
            return
        if self._most_bytes and sound.terms.may_be_kept:
            self._growing[key] = sound

        def made(_: "asyncio.Task[None]") -> None:
            if self._growing.get(key) is sound:
                del self._growing[key]
            self._keep_if_whole(key, sound)
            _unlink_if_unused(sound)

        sound.making.add_done_callback(made)

    def _keep_if_whole(self, key: Hashable, sound: Sound) -> None:
        """Nothing more is made of it; what broke off is made anew for whoever wants it next."""
        sound.making = None
        if sound.growing is None or not sound.terms.may_be_kept:
            self._keep(key, sound)

    def _keep(self, key: Hashable, sound: Sound) -> None:
        self._drop(key)
        self._loners.pop(key, None)
        if not sound.terms.may_be_kept:
            self._loners[key] = None
            if len(self._loners) > MOST_LONERS:
                self._loners.popitem(last=False)
            return
        if _cost(sound) > self._most_bytes:
            return
        self._kept[key] = sound
        self._kept_bytes += _cost(sound)
        sound.is_kept = True
        while self._kept_bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        sound = self._kept.pop(key, None)
        if sound is None:
            return
        self._kept_bytes -= _cost(sound)
        sound.is_kept = False
        _unlink_if_unused(sound)


def _cost(sound: Sound) -> int:
    return sound.size_bytes + OVERHEAD_BYTES


def _hold(sound: Sound) -> Sound:
    sound.holders += 1
    return sound


def _let_go(sound: Sound) -> None:
    sound.holders -= 1
    if not sound.holders and sound.making is not None:
        sound.making.cancel()  # nobody hears the rest; does nothing where there is none
    _unlink_if_unused(sound)


def _let_go_of_result(task: asyncio.Task[Sound]) -> None:
    # To look at the exception is to have taken note of it: asyncio complains of others.
    if not task.cancelled() and task.exception() is None:
        _let_go(task.result())


def _unlink_if_unused(sound: Sound) -> None:
    if not sound.holders and not sound.is_kept and not sound.is_being_made:
        sound.path.unlink(missing_ok=True)
