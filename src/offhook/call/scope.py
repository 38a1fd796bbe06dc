"""Hang-up as end-of-file: a block that ends with `CallEnded` at the moment the far end leaves.

It works like `asyncio.timeout`: the task inside the block is cancelled, and the block turns that
cancellation, and no other, into `CallEnded`. So a TaskGroup inside the block ends its children first, and
the exception arrives plain. Three rules keep it sound:

1. Nothing inside raises on hang-up by itself; only the block does.
2. Blocks nest; the outermost one converts. A verb's runner opens exactly one.
3. `Lifeline.end` is called from an event-loop callback, never from the task that it ends.
"""

import asyncio
from types import TracebackType

from offhook.call.ending import Ending
from offhook.call.errors import CallEnded


class Lifeline:
    """Knows whether a leg lives, and wakes whoever is in an `alive` block when it does not."""

    def __init__(self) -> None:
        self._ending: Ending | None = None
        self._blocks: set[Alive] = set()
        self._over = asyncio.Event()

    @property
    def ending(self) -> Ending | None:
        """How the leg ended; None while it lives."""
        return self._ending

    def end(self, ending: Ending) -> None:
        """The leg is over. Only the first ending counts. Call it from an event-loop callback."""
        if self._ending is not None:
            return
        self._ending = ending
        self._over.set()
        for block in tuple(self._blocks):
            block.fire()

    def alive(self) -> "Alive":
        """A block that ends with `CallEnded` when the leg does, and at once if it already has."""
        return Alive(self)

    async def over(self) -> Ending:
        """Return the ending once there is one."""
        await self._over.wait()
        assert self._ending is not None
        return self._ending

    def enter(self, block: "Alive") -> None:
        """Take `block` among those to wake."""
        self._blocks.add(block)

    def leave(self, block: "Alive") -> None:
        """Forget `block`."""
        self._blocks.discard(block)


class Alive:
    """The block of `Lifeline.alive`; an asynchronous context manager, used once."""

    def __init__(self, lifeline: Lifeline) -> None:
        self._lifeline = lifeline
        self._task: asyncio.Task[object] | None = None
        self._cancelling_before = 0
        self._fired = False

    def fire(self) -> None:
        """Cancel the task inside the block."""
        assert self._task is not None
        self._fired = True
        self._task.cancel()

    async def __aenter__(self) -> None:
        if self._lifeline.ending is not None:
            raise CallEnded(self._lifeline.ending)
        task = asyncio.current_task()
        assert task is not None, "alive() needs a task"
        self._task = task
        self._cancelling_before = task.cancelling()
        self._lifeline.enter(self)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._lifeline.leave(self)
        if not self._fired:
            return
        assert self._task is not None
        ours_alone = self._task.uncancel() <= self._cancelling_before
        if ours_alone and kind is not None and issubclass(kind, asyncio.CancelledError):
            assert self._lifeline.ending is not None
            raise CallEnded(self._lifeline.ending) from error
