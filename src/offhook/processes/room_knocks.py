"""Knocks at the doors of workers that hold conferences: fills REST's port for changing these."""

import asyncio
from collections.abc import Callable

import httpx2

from offhook.call.rows import WorkerRow
from offhook.call.voice_rows import ConferenceRow
from offhook.processes.inner_http import SECRET_HEADER
from offhook.processes.room_words import Written, write_target
from offhook.rest.live_ports import OwnerAway
from offhook.rest.meeting_ports import ConferenceIsOver, ParticipantChange

COMMAND_S = 2.0


class RoomKnocks:
    """Fills `rest.meeting_ports.ConferenceControl`."""

    def __init__(self, *, workers: Callable[[], tuple[WorkerRow, ...]], secret: str) -> None:
        """`workers` gives those alive, and may block."""
        self._workers = workers
        self._client = httpx2.AsyncClient(timeout=COMMAND_S, headers={SECRET_HEADER: secret}, trust_env=False)

    async def change(self, conference: ConferenceRow, call_id: str, change: ParticipantChange) -> None:
        """Have somebody in it changed. Raises ConferenceIsOver, OwnerAway."""
        written = {
            "is_muted": change.is_muted,
            "is_on_hold": change.is_on_hold,
            "is_deaf": change.is_deaf,
            "hold_sound": write_target(change.hold_sound),
            "dismiss": change.is_out,
        }
        await self._knock(conference, f"participants/{call_id}", written)

    async def record(self, conference: ConferenceRow, recording_id: str) -> None:
        """Record all who are in it. Raises ConferenceIsOver, OwnerAway."""
        await self._knock(conference, "tape", {"recording_id": recording_id})

    async def stop_recording(self, conference: ConferenceRow) -> None:
        """End that. Raises ConferenceIsOver, OwnerAway."""
        await self._knock(conference, "untape", {})

    async def end(self, conference: ConferenceRow) -> None:
        """End it for all. Raises ConferenceIsOver, OwnerAway."""
        await self._knock(conference, "end", {})

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _knock(self, conference: ConferenceRow, command: str, written: Written) -> None:
        alive = await asyncio.to_thread(self._workers)
        owner = next((worker for worker in alive if worker.worker_id == conference.worker_id), None)
        if owner is None:
            raise OwnerAway("the worker that holds the conference is gone")
        try:
            answer = await self._client.post(
                f"{owner.address}/rooms/{conference.conference_id}/{command}", json=written
            )
        except httpx2.HTTPError as error:
            raise OwnerAway("the worker that holds the conference does not answer") from error
        if answer.status_code == 404:
            raise ConferenceIsOver("the conference is over, or that call is not in it")
        if answer.status_code != 200:
            raise OwnerAway(f"the worker that holds the conference answered {answer.status_code}")
