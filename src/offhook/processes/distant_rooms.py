"""Rooms that another worker holds, as a call of this worker sees them: one internal SIP call and one open HTTP request.

The internal call carries the sound: here the caller and it are a room of two. The request carries what happens, line
by line. Where either breaks without a last word, the other worker is lost.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import httpx2
import structlog

from offhook.call.errors import CallEnded
from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.rows import WorkerRow
from offhook.interpreter.key_relay import keys_relayed
from offhook.interpreter.meetings import Attendee, Guest, MeetingRefused, News, Over, Prompts
from offhook.interpreter.scene import Scene
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Switchboard
from offhook.processes.addresses import EVERY_HOST, LOOPBACK_HOST
from offhook.processes.inner_http import SECRET_HEADER
from offhook.processes.room_token import HEADER, RoomPlace, sign
from offhook.processes.room_words import (
    GONE,
    Coming,
    Written,
    read_departed,
    read_news,
    write_coming,
    write_prompts,
)
from offhook.verbs import ConferenceEnd, QueueEnd

log = structlog.get_logger()

COMMAND_S = 2.0
ANSWER_S = 5.0
"""How long the other worker may take to say that somebody may come, and that they are inside."""
CONNECT_S = 10.0
"""How long the internal call may take to be answered."""
LAST_WORD_S = 2.0
"""How long the last word may come after the end of the internal call."""


class NotHeld(Exception):
    """The other worker does not hold the room, or cannot be reached: its holder has to be looked for again."""


def lost_end(guest: Guest) -> str:
    """How somebody is told that the worker is lost."""
    return ConferenceEnd.LOST if isinstance(guest, Attendee) else QueueEnd.ERROR


class DistantMembership:
    """Fills `meetings.Membership` for a room of another worker."""

    def __init__(self, client: httpx2.AsyncClient, address: str, place: RoomPlace) -> None:
        self._client = client
        self._base = f"{address}/rooms/{place.room_id}/members/{place.call_id}"
        self._room_id = place.room_id
        self._inbox: asyncio.Queue[News] = asyncio.Queue()
        self._errands: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()

    @property
    def meeting_id(self) -> str:
        """The room's id."""
        return self._room_id

    @property
    def inbox(self) -> asyncio.Queue[News]:
        """What happens."""
        return self._inbox

    def mute(self, is_muted: bool) -> None:
        """Be heard no more, or again."""
        self._send("mute", {"is_muted": is_muted})

    def ready(self) -> None:
        """The announcement was heard."""
        self._send("ready", {})

    def relay(self, key: str) -> None:
        """The others are sent a key."""
        self._send("key", {"key": key})

    def announce(self, prompts: Prompts, *, is_entry: bool) -> None:
        """What the others hear of its coming, now, or of its going, then."""
        self._send("announcement", {"prompts": write_prompts(prompts), "is_entry": is_entry})

    async def departed(self) -> None:
        """Be out at once, and know how many stay, where the room has not said it yet."""
        with contextlib.suppress(
            httpx2.HTTPError, TimeoutError, ValueError
        ):  # a worker that is lost says nothing
            async with asyncio.timeout(COMMAND_S):
                answer = await self._client.post(f"{self._base}/leave", json={})
            if answer.status_code == 200 and (told := read_departed(answer.json())) is not None:
                self._inbox.put_nowait(told)

    async def close(self) -> None:
        """Let go of what was not sent."""
        for task in tuple(self._errands):
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    def _send(self, deed: str, written: Written) -> None:
        task = asyncio.create_task(self._post(deed, written), name=f"room {deed}")
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def _post(self, deed: str, written: Written) -> None:
        async with self._in_order:
            try:
                await self._client.post(f"{self._base}/{deed}", json=written)
            except httpx2.HTTPError as error:
                # The worker is gone or going; the end of its request tells.
                log.warning("room.command_lost", deed=deed, error=str(error) or type(error).__name__)


class DistantRooms:
    """Takes calls of this worker into rooms of others."""

    def __init__(self, *, secret: str) -> None:
        self._secret = secret
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(COMMAND_S, read=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
            headers={SECRET_HEADER: secret},
            trust_env=False,
        )
        self._switchboard: Switchboard | None = None

    def connect(self, switchboard: Switchboard) -> None:
        """Internal calls are made through `switchboard`."""
        self._switchboard = switchboard

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    @asynccontextmanager
    async def joined(
        self, owner: WorkerRow, room_id: str, name: str, guest: Guest, scene: Scene
    ) -> AsyncIterator[DistantMembership]:
        """A block in which the scene's call is in a room of `owner`. Raises NotHeld, MeetingRefused."""
        info = scene.call.info
        place = RoomPlace(room_id, info.call_id)
        coming = Coming(name=name, guest=guest, info=info)
        membership = DistantMembership(self._client, owner.address, place)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(membership.close)
            lines = await stack.enter_async_context(self._request(owner, room_id, coming))
            leg = await self._dialled(owner, place, info)
            stack.push_async_callback(leg.hang_up)
            await _connected(leg, lost_end(guest))
            room = scene.tools.room()
            await stack.enter_async_context(room.joined(scene.call))
            await stack.enter_async_context(room.joined(leg))
            await stack.enter_async_context(keys_relayed(leg, scene.call))
            first = await _first(lines)
            if isinstance(first, Over):
                raise MeetingRefused(first.end)
            membership.inbox.put_nowait(first)
            reading = asyncio.create_task(_read(lines, membership.inbox), name="room news")
            ending = asyncio.create_task(_ended(leg, reading), name="room call")
            stack.push_async_callback(_cancelled, reading, ending)
            ending.add_done_callback(
                lambda task: None if task.cancelled() else membership.inbox.put_nowait(Over(lost_end(guest)))
            )
            if isinstance(guest, Attendee) and guest.counts_heads:
                stack.push_async_callback(membership.departed)
            yield membership

    @asynccontextmanager
    async def _request(
        self, owner: WorkerRow, room_id: str, coming: Coming
    ) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of the request that stays open. Raises NotHeld."""
        asking = self._client.stream(
            "POST", f"{owner.address}/rooms/{room_id}/members", json=write_coming(coming)
        )
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await stack.enter_async_context(asking)
            except (httpx2.HTTPError, TimeoutError) as error:
                raise NotHeld(str(error) or type(error).__name__) from error
            if answer.status_code != 200:
                if answer.status_code != GONE:
                    log.error("room.refused", status=answer.status_code, room_id=room_id)
                raise NotHeld(f"status {answer.status_code}")
            yield answer.aiter_lines()

    async def _dialled(self, owner: WorkerRow, place: RoomPlace, info: CallInfo) -> Leg:
        assert self._switchboard is not None
        own = replace(
            info,
            call_id=new_id(),
            direction=Direction.OUTBOUND_DIAL,
            from_="room",
            parent_call_id=info.call_id,
        )
        token = sign(place, self._secret, time.time())
        address = owner.sip_address.replace(EVERY_HOST, LOOPBACK_HOST)
        return await self._switchboard.dial(own, f"sip:room@{address}", {HEADER: token})


async def _connected(leg: Leg, lost: str) -> None:
    """Returns once sound can flow. Raises MeetingRefused."""
    try:
        async with asyncio.timeout(CONNECT_S), leg.alive():
            await leg.connected()
            await leg.audible()
    except CallEnded as ended:
        raise MeetingRefused(lost, f"the internal call to its worker failed: {ended}") from ended
    except TimeoutError:
        raise MeetingRefused(
            lost, f"its worker did not answer the internal call within {CONNECT_S:g} s"
        ) from None


async def _first(lines: AsyncIterator[str]) -> News:
    """Raises NotHeld where there is none: the room was over before."""
    try:
        async with asyncio.timeout(ANSWER_S):
            async for line in lines:
                return read_news(json.loads(line))
    except (httpx2.HTTPError, TimeoutError) as error:
        raise NotHeld(str(error) or type(error).__name__) from error
    raise NotHeld("the room was over")


async def _read(lines: AsyncIterator[str], inbox: "asyncio.Queue[News]") -> None:
    """Returns at the last line, or where the connection breaks."""
    try:
        async for line in lines:
            inbox.put_nowait(read_news(json.loads(line)))
    except httpx2.HTTPError as error:
        log.warning("room.worker_lost", error=str(error) or type(error).__name__)


async def _ended(leg: Leg, reading: "asyncio.Task[None]") -> None:
    """Returns once the request or the internal call is over, and no last word can come any more."""
    over = asyncio.create_task(_over(leg))
    try:
        await asyncio.wait((over, reading), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((reading,), timeout=LAST_WORD_S)
    finally:
        over.cancel()


async def _over(leg: Leg) -> None:
    try:
        async with leg.alive():
            await asyncio.Event().wait()
    except CallEnded:
        return


async def _cancelled(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
