"""The ladder of a call, as the library's callbacks tell it, for each way in which a call begins and ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from offhook.call.errors import CallEnded
from offhook.call.port import DialledCall
from tests.contract.worlds import RealWorld

pytestmark = pytest.mark.sip


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


def steps(call: DialledCall) -> tuple[str, list[dict[str, Any]]]:
    """The SIP of a call, and what is told of its media."""
    events = call.timeline.take(is_last=True)
    sip = [dict(facts) for _, kind, facts in events if kind == "sip"]
    assert {step["cseq"] for step in sip if "cseq" in step}
    words = [f"{'>' if step['way'] == 'in' else '<'}{step.get('status', step['method'])}" for step in sip]
    return " ".join(words), [dict(facts) for _, kind, facts in events if kind == "media"]


async def until_over(call: DialledCall) -> None:
    with pytest.raises(CallEnded):
        async with call.alive():
            await asyncio.sleep(30)


async def test_the_far_end_hangs_up(world: RealWorld) -> None:
    call = await world.incoming("0.1 says 0.5", "0.8 hangs up")
    await call.answer()
    await until_over(call)
    sip, [media] = steps(call)
    assert sip == ">INVITE <100 <180 <200 >ACK >BYE <200"
    assert media["codec"] == "PCMU"
    assert media["received"] > 10
    assert media["sent"] > 10
    assert (media["lost"], media["discarded"]) == (0, 0)
    assert 0 <= media["jitter_ms"] <= media["jitter_most_ms"]


async def test_we_hang_up_and_the_media_is_told_by_then(world: RealWorld) -> None:
    call = await world.incoming()
    await call.answer()
    await asyncio.sleep(0.5)
    await call.hang_up()
    sip, [media] = steps(call)
    assert sip == ">INVITE <100 <180 <200 >ACK <BYE"
    assert media["sent"] > 5


async def test_the_caller_gives_up(world: RealWorld) -> None:
    call = await world.incoming("0.3 hangs up")
    await until_over(call)
    assert steps(call) == (">INVITE <100 <180 >CANCEL <200 <487", [])
    assert await world.refusal() == 487


async def test_we_refuse(world: RealWorld) -> None:
    call = await world.incoming()
    await call.reject(486)
    assert steps(call) == (">INVITE <100 <180 <486", [])


async def test_a_dialled_call_is_answered_and_hung_up(world: RealWorld) -> None:
    call = await world.dialled("0.1 rings", "0.3 answers")
    await call.connected()
    await call.hang_up()
    sip, media = steps(call)
    assert sip == "<INVITE >100 >180 >200 <ACK <BYE"
    assert len(media) == 1


async def test_a_dialled_call_that_is_given_up(world: RealWorld) -> None:
    call = await world.dialled("0.1 rings")
    await call.rung()
    await call.hang_up()
    assert steps(call) == ("<INVITE >100 >180 <CANCEL", [])
