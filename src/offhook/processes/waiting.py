"""Begins with what the database says, whenever that can be asked."""

import asyncio
import os
from collections.abc import Callable
from typing import TypeVar

import structlog

from offhook.call.errors import RecordsAway

TRY_AGAIN_S = 0.5

T = TypeVar("T")

log = structlog.get_logger()


async def once_there(ask: Callable[[], T]) -> T:
    """What `ask` returns, on another thread, tried until the database is there; said once that it is not. Nobody reads the
    control channel meanwhile: a process whose supervisor is gone ends here (SystemExit)."""
    is_told, supervisor = False, os.getppid()
    while True:
        try:
            return await asyncio.to_thread(ask)
        except RecordsAway as away:
            if not is_told:
                log.warning("process.waits_for_the_database", error=str(away))
            is_told = True
        await asyncio.sleep(TRY_AGAIN_S)
        if os.getppid() != supervisor:
            log.warning("process.supervisor_is_gone")
            raise SystemExit(1)
