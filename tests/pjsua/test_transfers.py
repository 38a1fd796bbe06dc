"""REFERs of the far end on real SIP, where the contract cannot look: those that come twice, or are not as they should be."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from offhook.call.port import Transfer
from tests.contract.phone import Phone
from tests.contract.worlds import RealWorld
from tests.sip.peer import Message

pytestmark = pytest.mark.sip

PATIENCE_S = 30


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


def answers_to_refer(phone: Phone) -> list[int]:
    return [m.status for m in phone.messages if m.status >= 200 and m.get("CSeq").endswith("REFER")]


async def until(phone: Phone, condition: Callable[[], bool]) -> None:
    """Return once a message has made it true."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            phone._arrived.clear()
            await phone._arrived.wait()


async def answered(phone: Phone, count: int) -> list[int]:
    await until(phone, lambda: len(answers_to_refer(phone)) >= count)
    return answers_to_refer(phone)


def news(phone: Phone) -> list[Message]:
    return [message for message in phone.messages if message.method == "NOTIFY"]


async def test_a_refer_that_comes_twice_is_answered_twice_and_told_once(world: RealWorld) -> None:
    call = await world.comes()
    await call.answer()
    phone = world.party[0]
    await asyncio.wait_for(phone.answered.wait(), PATIENCE_S)
    asked: list[Transfer] = []
    with call.transfers(asked.append):
        phone.transfer("sip:bob@example.com")
        phone.sip.sendto(phone._request, phone._server)
        assert await answered(phone, 2) == [202, 202]
        await until(phone, lambda: bool(news(phone)))
    assert [(transfer.target, transfer.referred_by) for transfer in asked] == [
        ("sip:bob@example.com", "boss")
    ]
    answer = next(m for m in phone.messages if m.status == 202)
    assert answer.get("Contact").startswith("<sip:")
    first = news(phone)[0]
    assert (first.get("Event"), first.body) == ("refer", "SIP/2.0 100 Trying\r\n")


async def test_a_refer_to_nobody_is_a_bad_request_and_the_next_one_counts(world: RealWorld) -> None:
    call = await world.comes()
    await call.answer()
    phone = world.party[0]
    await asyncio.wait_for(phone.answered.wait(), PATIENCE_S)
    asked: list[Transfer] = []
    with call.transfers(asked.append):
        phone._send_request("REFER")
        await answered(phone, 1)
        phone.transfer("sip:bob@example.com")
        assert await answered(phone, 2) == [400, 202]
        await until(phone, lambda: bool(news(phone)))
    assert len(asked) == 1
    await phone.bye()


async def test_a_refer_of_another_dialog_is_none_of_ours(world: RealWorld) -> None:
    call = await world.comes()
    await call.answer()
    phone = world.party[0]
    await asyncio.wait_for(phone.answered.wait(), PATIENCE_S)
    assert phone.dialog is not None
    asked: list[Transfer] = []
    with call.transfers(asked.append):
        phone.dialog.remote += "x"
        phone.transfer("sip:bob@example.com")
        assert await answered(phone, 1) == [481]
        phone.dialog.remote = phone.dialog.remote[:-1]
    assert asked == []


@pytest.mark.parametrize(
    "uri", ["bob", "sip:", "sip:bob@example.com\r\nX-A: b", "http://example.com", "sip:b>,<sip:c"]
)
async def test_what_is_no_uri_is_not_sent(world: RealWorld, uri: str) -> None:
    call = await world.comes()
    await call.answer()
    assert (await call.refer(uri)).refer_status == 400
    assert world.party[0].referred_to == []


async def test_a_call_that_wants_the_place_of_another_is_refused(world: RealWorld) -> None:
    call = await world.comes()
    await call.answer()
    phone = world.party[0]
    await asyncio.wait_for(phone.answered.wait(), PATIENCE_S)
    assert phone.dialog is not None
    ours = phone.dialog.remote.partition("tag=")[2]
    replaces = f"Replaces: {phone.dialog.call_id};to-tag={ours};from-tag=p{phone.port}"
    other = await Phone.open()
    world.party.append(other)
    answer = await other.invite("1000", world.switchboard.engine.sip_port, headers=(replaces,), until=300)
    assert answer.status == 603
    assert world.switchboard.engine.calls_held == 1
    assert await call.hold() == 200


async def test_a_hold_that_nobody_waits_for_any_more_is_taken_back_by_the_next_resume(
    world: RealWorld,
) -> None:
    """As when a call is taken to another application while its re-INVITE is under way."""
    call = await world.comes()
    await call.answer()
    phone = world.party[0]
    await asyncio.wait_for(phone.answered.wait(), PATIENCE_S)
    holding = asyncio.create_task(call.hold())
    await until(phone, lambda: bool(phone.offers))
    holding.cancel()
    await asyncio.wait((holding,))
    assert holding.cancelled()
    async with asyncio.timeout(PATIENCE_S):
        assert await call.resume() == 200
    assert phone.offers == ["sendonly", "sendrecv"]
