"""Session timers (RFC 4028) by the clock: a minute in which calls of every kind are refreshed in time, or ended for want of it.

90 s is the shortest session that PJSIP agrees to, so that all calls wait side by side.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.contract.phone import Phone
from tests.sip.in_dialog import told
from tests.sip.peer import Message
from tests.system.ended_rows import ended_rows
from tests.system.server import Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

SESSION_S = 90
REFRESH_S, GIVEN_UP_S = SESSION_S / 2, SESSION_S * 2 / 3
EARLY_S = 1.0
PATIENCE_S = 100
TIMERS = "Supported: timer"
BY_CALLER, BY_CALLED = (
    f"Session-Expires: {SESSION_S};refresher=uac",
    f"Session-Expires: {SESSION_S};refresher=uas",
)
KNOWS_UPDATE = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE"
REFRESHES = ("UPDATE", "INVITE")
Begin = Callable[..., Awaitable[None]]
"""How a call comes about: the phone `calls`, or `is_called`."""


class TimedPhone(Phone):
    """Takes refreshes as they are offered, or refuses all."""

    refuses = False
    name = ""
    """Whom its call is to."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.refuses and Message.parse(data).method == "UPDATE":
            self.messages.append(Message.parse(data))
            self._reply(self.messages[-1], 481, "Call Does Not Exist")
        else:
            super().datagram_received(data, addr)

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        is_taken = start.startswith("SIP/2.0 200") and any(
            line.startswith("CSeq") and line.endswith("UPDATE") for line in headers
        )
        super()._transmit(start, [*headers, *((BY_CALLER, "Require: timer") if is_taken else ())], body)

    async def refreshed(self, known: int) -> Message:
        """The next refresh after so many messages."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := [each for each in self.messages[known:] if each.method in REFRESHES]):
                self._arrived.clear()
                await self._arrived.wait()
        return found[0]


@asynccontextmanager
async def a_timed_phone() -> AsyncIterator[TimedPhone]:
    phone = await TimedPhone.open()
    assert isinstance(phone, TimedPhone)
    try:
        yield phone
    finally:
        await phone.close()


async def calls(phone: TimedPhone, server: Server, app: Application, number: str, *headers: str) -> None:
    """The phone calls, with these headers."""
    phone.name = number
    server.give_number(number, f"{app.url}/wait")
    answer = await phone.invite(number, server.sip_port, headers=(TIMERS, *headers))
    assert answer.status == 200
    assert answer.get("Session-Expires") == headers[0].partition(" ")[2]


async def is_called(phone: TimedPhone, server: Server, app: Application, number: str, *headers: str) -> None:
    """The phone is called, and answers with these headers."""
    phone.name = f"sip:{number}@127.0.0.1:{phone.port}"
    form = {"From": "1000", "To": phone.name, "Url": f"{app.url}/wait"}
    placed = await asyncio.to_thread(lambda: server.post("/Calls.json", **form))
    assert placed.status_code == 200, placed.text
    invite = await phone.expect()
    assert invite.get("Session-Expires") == "1800"
    phone.answer_with = (*headers, "Require: timer")
    phone.respond(200)
    await told(phone, lambda: any(message.method == "ACK" for message in phone.messages))


async def is_refreshed(phone: TimedPhone, method: str) -> None:
    """A refresh comes at half of the session's time; the call goes on, until the phone hangs up."""
    begun, known = phone.loop.time(), len(phone.messages)
    phone.answer_with = (BY_CALLER, "Require: timer")
    refresh = await phone.refreshed(known)
    assert REFRESH_S - EARLY_S < phone.loop.time() - begun < SESSION_S
    assert (refresh.method, refresh.get("Session-Expires")) == (method, f"{SESSION_S};refresher=uac")
    assert not phone.over.is_set()
    phone.answer_with = ()
    assert (await phone.bye()).status == 200


async def is_given_up(phone: TimedPhone, at_least_s: float) -> None:
    """It is ended before the session's time is up."""
    begun = phone.loop.time()
    async with asyncio.timeout(PATIENCE_S):
        await phone.over.wait()
    assert at_least_s - EARLY_S < phone.over_at - begun < SESSION_S
    assert phone.messages[-1].method == "BYE"


async def test_sessions_are_refreshed_in_time_and_end_where_nobody_does(
    server: Server, app: Application
) -> None:
    app.on("/wait", page(200, f"<Response><Say>Hold.</Say><Pause length='{2 * PATIENCE_S}'/></Response>"))

    async def we_refresh(begin: Begin, number: str, method: str, *headers: str) -> None:
        async with a_timed_phone() as phone:
            await begin(phone, server, app, number, *headers)
            await is_refreshed(phone, method)
            assert await ending(server, phone) == ("completed", False)

    async def nobody_refreshes(begin: Begin, number: str, *headers: str) -> None:
        async with a_timed_phone() as phone:
            await begin(phone, server, app, number, *headers)
            await is_given_up(phone, GIVEN_UP_S)
            assert await ending(server, phone) == ("completed", True)

    async def the_refresh_is_refused(number: str) -> None:
        async with a_timed_phone() as phone:
            phone.refuses = True
            await calls(phone, server, app, number, BY_CALLED, KNOWS_UPDATE)
            await is_given_up(phone, REFRESH_S)
            assert await ending(server, phone) == ("completed", False)

    async with asyncio.TaskGroup() as waiting:
        for case in (
            we_refresh(calls, "88701", "UPDATE", BY_CALLED, KNOWS_UPDATE),
            we_refresh(calls, "88702", "INVITE", BY_CALLED),
            we_refresh(is_called, "88703", "UPDATE", BY_CALLER, KNOWS_UPDATE),
            we_refresh(is_called, "88704", "INVITE", BY_CALLER),
            nobody_refreshes(calls, "88705", BY_CALLER),
            nobody_refreshes(is_called, "88706", BY_CALLED),
            the_refresh_is_refused("88707"),
        ):
            waiting.create_task(case)


async def ending(server: Server, phone: TimedPhone) -> tuple[str, bool]:
    """How a phone's call ended by its row, and whether that names the want of a refresh."""
    await asyncio.to_thread(server.call_to, phone.name)
    [(status, reason)] = await asyncio.to_thread(ended_rows, server.data_dir, phone.name)
    return status, "No session refresh received" in reason
