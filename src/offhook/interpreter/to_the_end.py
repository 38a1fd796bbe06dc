"""What must be gone through with, whoever is cancelled meanwhile."""

import asyncio
from collections.abc import Coroutine


async def to_the_end(course: Coroutine[None, None, None]) -> None:
    """Go through with `course`, also where whoever waits is cancelled meanwhile, and only then let that have its way: a
    server that stops while a call is being closed must not take its last fact."""
    running = asyncio.create_task(course, name="closing")
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.wait((running,))
        except asyncio.CancelledError as wish:
            cancelled = wish
    running.result()
    if cancelled is not None:
        raise cancelled
