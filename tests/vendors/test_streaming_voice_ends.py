"""How a streaming voice of an operator's own may close: well once it has spoken, or in the middle of it."""

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection

from offhook.call.errors import ProviderError
from offhook.vendors.custom_streaming_voice import CustomStreamingVoice
from tests.vendors.test_voices_streamed import DEADLINE_S, OPTIONS, Engine, engine

HALF_A_SECOND = bytes(range(1, 251)) * 32


async def heard(code: int) -> bytes:
    """What is heard of a voice that sends half a second and closes with `code`, by one who takes their time."""

    async def act(connection: ServerConnection, it: Engine) -> None:
        await connection.send(HALF_A_SECOND)
        await connection.close(code)
        closed.set()

    closed, pieces = asyncio.Event(), []
    async with engine(act) as voice, asyncio.timeout(DEADLINE_S):
        async for pcm in CustomStreamingVoice("mine", voice.url).speak("Hello.", OPTIONS):
            pieces.append(pcm)
            await closed.wait()
    return b"".join(pieces)


async def test_one_that_closes_once_it_has_spoken_was_heard_to_its_end() -> None:
    assert await heard(1000) == HALF_A_SECOND


async def test_one_that_closes_because_it_broke_has_failed() -> None:
    with pytest.raises(ProviderError, match=r"closed the connection \(1011\)"):
        await heard(1011)
