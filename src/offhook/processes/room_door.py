"""The part of a worker's door through which one comes to its rooms; whatever else is asked goes on to the door itself.

POST /rooms/<room_id>/members                         come in from another worker; answers for as long as one is inside
POST /rooms/<room_id>/members/<call_id>/mute|ready|…  what such a member does
POST /rooms/<room_id>/participants/<call_id>          mute or hold somebody, or end their stay
POST /rooms/<room_id>/tape|untape                     record a conference, or do so no more
POST /rooms/<room_id>/end                             end a conference for all
"""

import asyncio
import contextlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from offhook.interpreter.conference_room import ConferenceMember, ConferenceRoom
from offhook.interpreter.meetings import MemberUnknown, News
from offhook.interpreter.rooms_here import MeetingRoom, RoomsHere
from offhook.processes.hosting import Hosting, RoomGone
from offhook.processes.inner_http import SECRET_HEADER, Receive, Scope, Send
from offhook.processes.live_words import read_target
from offhook.processes.room_token import RoomPlace
from offhook.processes.room_words import GONE, Written, read_coming, read_prompts, write_departed, write_news

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Answer = tuple[int, Written]

_PATH = re.compile(
    "/rooms/(?P<room_id>[0-9a-f]{32})/(?P<what>members|participants|end|tape|untape)"
    "(?:/(?P<call_id>[0-9a-f]{32})(?:/(?P<deed>mute|ready|key|announcement|leave))?)?"
)
_OF_ALL = ("end", "tape", "untape")
"""What is done to a room as a whole."""
_NOT_HERE: Answer = 404, {"message": "the room is over, or its member is gone"}


class RoomDoor:
    """An ASGI application around another one."""

    def __init__(self, door: Application, rooms: RoomsHere, hosting: Hosting, secret: str) -> None:
        self._door = door
        self._rooms = rooms
        self._hosting = hosting
        self._secret = secret.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one command."""
        if scope["type"] != "http" or not scope["path"].startswith("/rooms/"):
            await self._door(scope, receive, send)
            return
        given = dict(scope["headers"]).get(SECRET_HEADER.encode(), b"")
        found = _PATH.fullmatch(scope["path"]) if scope["method"] == "POST" else None
        if not hmac.compare_digest(given, self._secret):
            await _answer(send, (403, {"message": "this door is for the voice server's own processes"}))
        elif found is None:
            await _answer(send, (404, {"message": "there is no such command"}))
        elif found["what"] == "members" and found["call_id"] is None:
            await self._member(found["room_id"], receive, send)
        else:
            await _answer(send, await self._command(found, await _written(receive)))

    async def _member(self, room_id: str, receive: Receive, send: Send) -> None:
        coming = read_coming(await _written(receive))
        try:
            room = await self._hosting.room(room_id, coming)
        except RoomGone:
            await _answer(send, (GONE, {"message": "the room is not held here"}))
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": True})

        async def tell(news: News) -> None:
            line = json.dumps(write_news(news)).encode() + b"\n"
            await send({"type": "http.response.body", "body": line, "more_body": True})

        hosting = asyncio.current_task()
        assert hosting is not None
        left = asyncio.create_task(_disconnected(receive))
        left.add_done_callback(lambda task: None if task.cancelled() else hosting.cancel())
        with contextlib.suppress(RoomGone, asyncio.CancelledError):
            try:
                await self._hosting.host(room, coming, tell)
            finally:
                left.cancel()
        await send({"type": "http.response.body", "body": b""})

    async def _command(self, found: "re.Match[str]", written: Written) -> Answer:
        room, call_id = self._rooms.by_id(found["room_id"]), found["call_id"]
        if room is None:
            return _NOT_HERE
        try:
            if found["what"] == "members" and found["deed"] is not None:
                return self._own_deed(RoomPlace(found["room_id"], call_id), found["deed"], written)
            if found["what"] == "participants" and found["deed"] is None and call_id is not None:
                _change(room, call_id, written)
            elif found["what"] in _OF_ALL and call_id is None:
                _do_to_all(room, found["what"], written)
            else:
                return 404, {"message": "there is no such command"}
        except MemberUnknown:
            return _NOT_HERE
        await room.written()
        return 200, {}

    def _own_deed(self, place: RoomPlace, deed: str, written: Written) -> Answer:
        membership = self._hosting.membership(place)
        if membership is None:
            return _NOT_HERE
        match deed:
            case "mute":
                membership.mute(bool(written["is_muted"]))
            case "key":
                membership.relay(str(written["key"]))
            case "announcement":
                membership.announce(read_prompts(written["prompts"]), is_entry=bool(written["is_entry"]))
            case "leave":
                return 200, write_departed(
                    membership.leave() if isinstance(membership, ConferenceMember) else None
                )
            case _:
                membership.ready()
        return 200, {}


def _do_to_all(room: MeetingRoom, deed: str, written: Written) -> None:
    """Raises MemberUnknown."""
    if deed == "end":
        room.end()
    elif not isinstance(room, ConferenceRoom):
        raise MemberUnknown("the room is no conference")
    elif deed == "tape":
        room.tape(str(written["recording_id"]))
    else:
        room.untape()


def _change(room: MeetingRoom, call_id: str, written: Written) -> None:
    """Raises MemberUnknown."""
    if written.get("dismiss"):
        room.dismiss(call_id)
        return
    if not isinstance(room, ConferenceRoom):
        raise MemberUnknown(f"the room of {call_id} is no conference")
    if written.get("is_muted") is not None:
        room.mute(call_id, bool(written["is_muted"]))
    if written.get("is_deaf") is not None:
        room.deafen(call_id, bool(written["is_deaf"]))
    if written.get("is_on_hold") is not None:
        room.hold(call_id, bool(written["is_on_hold"]), read_target(written.get("hold_sound")))


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _written(receive: Receive) -> Written:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            written: dict[str, Any] = json.loads(b"".join(parts) or b"{}")
            return written


async def _answer(send: Send, answer: Answer) -> None:
    status, told = answer
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
