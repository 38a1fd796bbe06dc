"""Two worlds in which a call can live; each test of the contract runs in both."""

import asyncio
import wave
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.port import Audio, DialledCall
from offhook.pjsua.build import installed_build
from offhook.pjsua.engine import EngineSettings
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.testing import ScriptedCall, VirtualClockLoop
from offhook.testing.caller_voice import VOWEL
from offhook.testing.scripted_call import SOME_CALL
from tests.sip.peer import Peer


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"scripted": VirtualClockLoop, "pjsua2": asyncio.new_event_loop}


class ScriptedWorld:
    """Calls of `offhook.testing`, on the virtual clock."""

    def __init__(self) -> None:
        self.call: ScriptedCall | None = None

    async def incoming(self, *script: str) -> DialledCall:
        self.call = ScriptedCall(*script)
        return self.call

    async def dialled(self, *script: str) -> DialledCall:
        return await self.incoming(*script)

    async def sounds(self) -> list[tuple[float, float]]:
        """What the far end heard: when each sound began and ended, on the loop's clock."""
        assert self.call is not None
        spans: list[tuple[float, float]] = []
        for line in self.call.heard:
            at, _, what = line.partition(" ")
            if what.endswith("starts"):
                spans.append((float(at), float(at)))
            else:
                spans[-1] = (spans[-1][0], float(at))
        return spans

    async def refusal(self) -> int | None:
        assert self.call is not None
        return self.call.rejected_with

    async def far_end_over(self) -> None:
        assert self.call is not None
        assert self.call.ending is not None

    async def keys_received(self) -> str:
        assert self.call is not None
        return "".join(self.call.keys_sent)

    async def close(self) -> None:
        """Nothing is held."""


class RealWorld:
    """PJSUA2 legs, with a peer of raw sockets at the far end."""

    def __init__(self) -> None:
        self.switchboard = Switchboard(
            EngineSettings(sip_host="127.0.0.1", sip_port=0, rtp_first_port=21000, rtp_ports=100),
            installed_build(),
            refuse=lambda invite: None,
            on_incoming=self._on_incoming,
        )
        self.arrived: asyncio.Queue[Leg] = asyncio.Queue()

    async def start(self) -> None:
        await self.switchboard.start()
        self.peer = await Peer.open()
        self.deeds: list[asyncio.Task[Any]] = []

    async def incoming(self, *script: str) -> DialledCall:
        self._do(self.peer.invite("1000", self.switchboard.engine.sip_port))
        leg = await asyncio.wait_for(self.arrived.get(), 10)
        self._do(self._follow(script))
        return leg

    async def dialled(self, *script: str) -> DialledCall:
        uri = f"sip:peer@127.0.0.1:{self.peer.port}"
        leg = await self.switchboard.dial(SOME_CALL, uri, {"X-Test": "yes"})
        await self.peer.expect()
        self._do(self._follow(script))
        return leg

    async def sounds(self) -> list[tuple[float, float]]:
        return self.peer.sounds()

    async def refusal(self) -> int | None:
        return (await self.peer.reply(300)).status

    async def far_end_over(self) -> None:
        async with asyncio.timeout(10):
            await self.peer.over.wait()

    async def keys_received(self) -> str:
        return self.peer.keys_heard()

    async def close(self) -> None:
        for deed in self.deeds:
            deed.cancel()
        await asyncio.gather(*self.deeds, return_exceptions=True)
        await self.peer.close()
        await self.switchboard.stop()

    def _do(self, deed: Coroutine[Any, Any, Any]) -> None:
        self.deeds.append(asyncio.create_task(deed))

    def _on_incoming(self, incoming: Incoming) -> None:
        info = CallInfo(
            call_id=new_id(),
            account_sid=SOME_CALL.account_sid,
            direction=Direction.INBOUND,
            from_=incoming.invite.caller,
            to=incoming.invite.called,
            created_at=SOME_CALL.created_at,
        )
        self.arrived.put_nowait(incoming.take(info))

    async def _follow(self, script: tuple[str, ...]) -> None:
        began_at = self.peer.loop.time()
        for line in script:
            at, _, deed = line.partition(" ")
            await asyncio.sleep(max(0.0, began_at + float(at) - self.peer.loop.time()))
            match deed.split():
                case ["key", key]:
                    self.peer.press(key)
                case ["says", seconds]:
                    self.peer.say(b"".join(VOWEL)[: int(float(seconds) * 16000)])
                case ["hangs", "up"]:
                    await (self.peer.bye() if self.peer.answered.is_set() else self.peer.cancel())
                case ["rings"]:
                    self.peer.respond(180, "Ringing")
                case ["answers"]:
                    self.peer.respond(200, "OK")
                case ["refuses", status]:
                    self.peer.respond(int(status), "No")


World = ScriptedWorld | RealWorld


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    if isinstance(asyncio.get_running_loop(), VirtualClockLoop):
        yield ScriptedWorld()
        return
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@pytest.fixture
def tone(tmp_path: Path) -> Callable[[float], Audio]:
    """Makes a sound of a length."""

    def make(seconds: float) -> Audio:
        path = tmp_path / f"tone-{seconds}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes((b"".join(VOWEL) * 60)[: int(seconds * 8000) * 2])
        return Audio(path=path, duration_s=seconds, label="tone")

    return make
