"""How a worker lets its calls come to their end once it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from offhook.call.errors import OffhookError

log = structlog.get_logger()

TELL_EVERY_S = 1.0
FAREWELL = "the server is stopping"
"""What the far end of a call that had to be ended is told."""


class Runs(Protocol):
    """The calls of a worker."""

    @property
    def count(self) -> int:
        """How many run."""

    async def finished(self) -> None:
        """Returns when none runs any more."""


class Control(Protocol):
    """The way to the supervisor."""

    def tell(self, **message: object) -> None:
        """Tell it something."""

    async def until_stopped(self) -> None:
        """Returns when it says to stop, or is gone."""


async def drain(runs: Runs, *, seconds: float, control: Control, close: Callable[[], Awaitable[None]]) -> int:
    """Let running calls end for `seconds` at most, or until told to stop again; how many are left.

    `close` tells others that no new calls are taken.
    """
    if runs.count and seconds:
        log.info("worker.draining", calls=runs.count, seconds=seconds)
        deadline = asyncio.get_running_loop().time() + seconds
        tasks = [
            asyncio.create_task(runs.finished()),
            asyncio.create_task(control.until_stopped()),
            asyncio.create_task(_tell(runs, control, deadline)),
        ]
        try:
            await _close(close)
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
    left = runs.count
    if left:
        log.warning("worker.ending_calls", calls=left)
    control.tell(ended=left)
    return left


async def _close(close: Callable[[], Awaitable[None]]) -> None:
    try:
        await close()
    except OffhookError as error:  # such as a database that is away: those outside meet a 503 instead
        log.warning("worker.drain_not_told", error=str(error))


async def _tell(runs: Runs, control: Control, deadline: float) -> None:
    while True:
        left_s = max(0.0, deadline - asyncio.get_running_loop().time())
        control.tell(calls=runs.count, left_s=round(left_s, 1))
        await asyncio.sleep(TELL_EVERY_S)
