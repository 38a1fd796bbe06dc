"""Begins with what the database says, whenever that can be asked."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from offhook.call.errors import RecordsAway

TRY_AGAIN_S = 0.5

T = TypeVar("T")

log = structlog.get_logger()


async def once_there(ask: Callable[[], T]) -> T:
    """What `ask` returns, on another thread, tried until the database is there; said once that it is not."""
    is_told = False
    while True:
        try:
            return await asyncio.to_thread(ask)
        except RecordsAway as away:
            if not is_told:
                log.warning("process.waits_for_the_database", error=str(away))
            is_told = True
        await asyncio.sleep(TRY_AGAIN_S)
