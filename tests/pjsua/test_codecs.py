"""Codecs, by ear: the engine calls itself, and what one side says in a codec the other hears."""

import asyncio
from pathlib import Path

import pytest

from offhook.call.codecs import Codec
from offhook.call.port import Audio
from offhook.pjsua.build import installed_build
from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.system.conftest import write_wav

pytestmark = pytest.mark.sip

PATIENCE_S = 30
LOUD, QUIET = 1500, 300
CALLER_HZ, CALLED_HZ = 500, 1300
TONE_S = 10.0
BUILT = [codec for codec in Codec if codec is not Codec.OPUS or installed_build().limits]
"""The PyPI wheel has no Opus."""


async def is_heard(speaker: Leg, listener: Leg, hertz: int, folder: Path) -> None:
    """A tone of one side comes to the other, and no other tone does."""
    path, frames = folder / f"{hertz}.wav", asyncio.Queue[bytes]()
    write_wav(path, sine(hertz, TONE_S))
    tone = Audio(path=path, duration_s=TONE_S, label="tone")
    async with asyncio.timeout(PATIENCE_S):
        with listener.listen(frames.put_nowait):
            playing = asyncio.create_task(speaker.play(tone))
            try:
                frame = b""
                while not frame or amplitude_of(hertz, frame) < LOUD:
                    frame = await frames.get()
            finally:
                playing.cancel()
    assert amplitude_of(CALLER_HZ + CALLED_HZ - hertz, frame) < QUIET


@pytest.mark.parametrize("codec", BUILT)
async def test_each_codec_is_understood_both_ways(codec: Codec, tmp_path: Path) -> None:
    world = RealWorld(codecs=(codec,))
    await world.start()
    try:
        port = world.switchboard.engine.sip_port
        caller = await world.switchboard.dial(SOME_CALL, f"sip:1000@127.0.0.1:{port}", {})
        called = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
        await called.answer()
        await asyncio.wait_for(caller.connected(), PATIENCE_S)
        await is_heard(caller, called, CALLER_HZ, tmp_path)
        await is_heard(called, caller, CALLED_HZ, tmp_path)
        await caller.hang_up()
        told = [facts["codec"] for _, kind, facts in caller.timeline.take() if kind == "media"]
        assert [str(name).lower() for name in told] == [codec.value.lower()]
    finally:
        await world.close()
