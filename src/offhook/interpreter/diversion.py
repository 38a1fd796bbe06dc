"""Taking a running call to another program: one block around what it does, which ends when somebody says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.errors import OffhookError
from offhook.interpreter.program import Program


class Diverted(OffhookError):
    """The call goes on with another program."""

    def __init__(self, program: Program, *, keeps_callbacks: bool) -> None:
        super().__init__("the call was taken to another application")
        self.program = program
        self.keeps_callbacks = keeps_callbacks
        """Whether the call's states are told as before, or as `program` says."""


class Diversion:
    """One call's. A later program takes the place of one that has not begun."""

    def __init__(self) -> None:
        self._next: Diverted | None = None
        self._limit: asyncio.Timeout | None = None

    @property
    def is_pending(self) -> bool:
        """Whether another program waits to begin."""
        return self._next is not None

    def to(self, program: Program, *, keeps_callbacks: bool = True) -> None:
        """Go on with `program`: at once, or as soon as a block is entered. Call it from an event-loop callback or
        another task than the one in the block."""
        self._next = Diverted(program, keeps_callbacks=keeps_callbacks)
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())

    @asynccontextmanager
    async def possible(self) -> AsyncIterator[None]:
        """A block that ends with `Diverted` once there is another program, and at once if there already is."""
        self._raise_if_pending()
        try:
            async with asyncio.timeout(None) as limit:
                self._limit = limit
                yield
        except TimeoutError:
            if not limit.expired():
                raise
        finally:
            self._limit = None
        self._raise_if_pending()

    def _raise_if_pending(self) -> None:
        diverted, self._next = self._next, None
        if diverted is not None:
            raise diverted
