"""What one worker tells all others, and the operator, of how trunks do."""

import asyncio
from dataclasses import replace
from typing import Any

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.trunk_states import TrunkState
from offhook.records.trunks import Trunks

log = structlog.get_logger()


class TrunkStates:
    """Keeps states in the database, one change after another. Belongs to the event loop."""

    def __init__(self, records: Trunks) -> None:
        self._records = records
        self._states: dict[str, TrunkState] = {}
        self._turn = asyncio.Lock()

    def of(self, sid: str) -> TrunkState:
        """What was last told of a trunk here."""
        return self._states.get(sid) or TrunkState(trunk_sid=sid)

    async def change(self, sid: str, **fields: Any) -> None:
        """Tell something new; where the database is away, it is told with the next change."""
        self._states[sid] = replace(self.of(sid), **fields)
        async with self._turn:
            try:
                await asyncio.to_thread(self._records.tell, self._states[sid])
            except RecordsAway as away:
                log.warning("trunk.state_not_kept", error=str(away))
