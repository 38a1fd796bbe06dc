"""Calls that we make: as whom, and with which credentials."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.call.ending import EndCause
from offhook.call.errors import CallEnded, OffhookError
from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.worlds import RealWorld
from tests.sip.peer import Message

pytestmark = pytest.mark.sip

REALM, NONCE, USER, PASSWORD = "phones", "abc123", "alice", "open sesame"
PATIENCE_S = 30


class Guarded(Phone):
    """Asks each INVITE for its credentials and answers 200 to the right ones, 403 to others."""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        super().datagram_received(data, addr)
        invite = Message.parse(data)
        if invite.method != "INVITE":
            return
        self._invite = invite
        if not invite.get("Authorization"):
            challenge = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5'
            self.answer_with = (challenge,)
            self.respond(401)
        else:
            self.answer_with = ()
            self.respond(200 if _is_right(invite.get("Authorization")) else 403)


def _is_right(authorization: str) -> bool:
    told = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
    mine = _md5(f"{USER}:{REALM}:{PASSWORD}"), NONCE, _md5(f"INVITE:{told['uri']}")
    return (told["username"], told["response"]) == (USER, _md5(":".join(mine)))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def dial(world: RealWorld, credentials: tuple[str, str] | None) -> tuple[Leg, Phone]:
    phone = await Guarded.open()
    world.party.append(phone)
    uri = f"sip:peer@127.0.0.1:{phone.port}"
    return await world.switchboard.dial(
        SOME_CALL, uri, {}, credentials=credentials, caller_name='A "B" C'
    ), phone


async def test_a_call_with_credentials_is_let_in_and_says_who_calls(world: RealWorld) -> None:
    leg, phone = await dial(world, (USER, PASSWORD))
    await asyncio.wait_for(leg.connected(), PATIENCE_S)
    assert phone._invite is not None
    assert phone._invite.get("From").startswith(f'"A \\"B\\" C" <sip:{SOME_CALL.from_}@127.0.0.1')
    assert leg.sip_call_id == phone._invite.get("Call-ID")
    caller = await world.comes()  # it comes to us, and not to the account of the call
    await caller.answer()
    await leg.hang_up()


@pytest.mark.parametrize(("credentials", "status"), [((USER, "wrong"), 403), (None, 401)])
async def test_a_call_without_the_right_ones_is_refused(
    world: RealWorld, credentials: tuple[str, str] | None, status: int
) -> None:
    leg, _ = await dial(world, credentials)
    with pytest.raises(CallEnded) as ended:
        async with leg.alive(), asyncio.timeout(PATIENCE_S):
            await leg.connected()
    assert (ended.value.ending.cause, ended.value.ending.sip_status) == (EndCause.REFUSED, status)


@pytest.mark.parametrize("credentials", [("a\r\nX-Evil: 1", PASSWORD), (USER, "a\x00")])
async def test_credentials_write_no_headers(world: RealWorld, credentials: tuple[str, str]) -> None:
    with pytest.raises(OffhookError, match="not a single line"):
        await dial(world, credentials)


async def test_accounts_of_calls_with_credentials_are_given_back(world: RealWorld) -> None:
    """More calls in a row than any build holds accounts at once."""
    for _ in range(10):
        leg, phone = await dial(world, (USER, PASSWORD))
        await asyncio.wait_for(leg.connected(), PATIENCE_S)
        await leg.hang_up()
        await asyncio.wait_for(phone.over.wait(), PATIENCE_S)


async def test_an_address_to_which_no_way_leads_from_here_names_the_setting(world: RealWorld) -> None:
    """The kernel refuses to send to the outside from a socket of 127.0.0.1; nothing leaves the machine."""
    with pytest.raises(OffhookError, match=r"203\.0\.113\.9 cannot be dialled: .*OFFHOOK_SIP_HOST"):
        await world.switchboard.dial(SOME_CALL, "sip:peer@203.0.113.9", {})
