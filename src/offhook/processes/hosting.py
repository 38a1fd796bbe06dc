"""Members of this worker's rooms whose calls run on another worker.

Each is one internal SIP call, which bears a signed token, and one HTTP request, which stays open for as long as the
member is inside and on which the member's worker is told what happens. Whichever ends first ends the other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog

from offhook.call.errors import CallEnded
from offhook.call.info import CallInfo
from offhook.interpreter.control import Control
from offhook.interpreter.filler import Filler
from offhook.interpreter.holding import Holding
from offhook.interpreter.meetings import MeetingRefused, Membership, News, Over, kind_of
from offhook.interpreter.notices import Notices
from offhook.interpreter.ports import Tools
from offhook.interpreter.rooms_here import MeetingRoom, RoomsHere
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import StallWatch
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Incoming
from offhook.processes.room_token import RoomPlace, token_in, verified
from offhook.processes.room_words import Coming

log = structlog.get_logger()

FORBIDDEN = 403
ARRIVAL_S = 10.0
"""How long the internal call may take."""

Tell = Callable[[News], Awaitable[None]]


class RoomGone(Exception):
    """The room is not held here, or not any more: its holder has to be looked for again."""


class Hosted:
    """One such member."""

    def __init__(self, info: CallInfo) -> None:
        self.info = info
        self.leg: asyncio.Future[Leg] = asyncio.get_running_loop().create_future()
        self.membership: Membership | None = None
        self.task = asyncio.current_task()


class Hosting:
    """All such members of this worker."""

    def __init__(self, rooms: RoomsHere, *, secret: str) -> None:
        """`secret` signs tokens."""
        self._rooms = rooms
        self._secret = secret
        self._tools_of: Callable[[str], Tools] | None = None
        self._hosted: dict[RoomPlace, Hosted] = {}

    def connect(self, tools_of: Callable[[str], Tools]) -> None:
        """`tools_of` gives what the calls of an account work with."""
        self._tools_of = tools_of

    def place_of(self, invite: Invite) -> RoomPlace | None:
        """The place that an internal call is let into; None for every other call. For any thread."""
        token = token_in(invite.headers)
        return verified(token, self._secret, time.time()) if token is not None else None

    def membership(self, place: RoomPlace) -> Membership | None:
        """That of a member who is inside."""
        hosted = self._hosted.get(place)
        return hosted.membership if hosted is not None else None

    async def room(self, room_id: str, coming: Coming) -> MeetingRoom:
        """The room that somebody wants to come into. Raises RoomGone."""
        key = (coming.info.account_sid, kind_of(coming.guest), coming.name)
        await self._end_former(RoomPlace(room_id, coming.info.call_id))
        room = await self._rooms.held(key, room_id)
        if room is None:
            raise RoomGone
        return room

    async def host(self, room: MeetingRoom, coming: Coming, tell: Tell) -> None:
        """Wait for the member's internal call, and tell what happens until they are out, which `Over` is the last word
        of. Raises RoomGone where the room was over before they came."""
        place = RoomPlace(room.meeting_id, coming.info.call_id)
        hosted = self._hosted[place] = Hosted(coming.info)
        try:
            async with asyncio.timeout(ARRIVAL_S):
                leg = await hosted.leg
            await self._inside(room, coming, hosted, leg, tell)
        except TimeoutError:
            log.warning("room.member_did_not_arrive", room_id=room.meeting_id, call_id=coming.info.call_id)
        finally:
            if self._hosted.get(place) is hosted:
                del self._hosted[place]
            if hosted.leg.done() and not hosted.leg.cancelled():
                await hosted.leg.result().hang_up()

    async def take(self, incoming: Incoming, place: RoomPlace) -> None:
        """Take an internal call; returns when it is over."""
        hosted = self._hosted.get(place)
        if hosted is None or hosted.leg.done():
            incoming.refuse(FORBIDDEN)
            return
        leg = incoming.take(hosted.info)
        try:
            async with leg.alive():
                await leg.answer()
                if not hosted.leg.done():
                    hosted.leg.set_result(leg)
                await asyncio.Event().wait()
        except CallEnded:
            return
        except asyncio.CancelledError:
            await leg.hang_up()
            raise

    async def _inside(self, room: MeetingRoom, coming: Coming, hosted: Hosted, leg: Leg, tell: Tell) -> None:
        if room.is_over:
            raise RoomGone
        try:
            async with leg.alive(), room.joined(coming.guest, self._scene(leg)) as membership:
                hosted.membership = membership
                while True:
                    news = await membership.inbox.get()
                    await tell(news)
                    if isinstance(news, Over):
                        return
        except MeetingRefused as refused:
            await tell(Over(refused.end))
        except CallEnded:
            return

    def _scene(self, leg: Leg) -> Scene:
        assert self._tools_of is not None
        tools = self._tools_of(leg.info.account_sid)
        return Scene(
            call=leg,
            tools=tools,
            control=Control(),
            notices=(notices := Notices(leg.info, tools)),
            holding=Holding(leg, tools.prompts, notices),
            filler=Filler(leg, tools),
            watch=StallWatch(),
            about=lambda _is_over: (),
            tell_partial=lambda _target, _words: None,
            tell_news=lambda _target, _verb, _news, _is_over: None,
            ask=_asks_nothing,
        )

    async def _end_former(self, place: RoomPlace) -> None:
        """Whose call comes again has left, though we have not heard of it yet."""
        former = self._hosted.get(place)
        if former is not None and former.task is not None:
            former.task.cancel()
            await asyncio.wait((former.task,))


async def _asks_nothing(_target: object, _parameters: object, _asked: object) -> NoReturn:
    raise AssertionError("what a member hears alone is played by their own worker")
