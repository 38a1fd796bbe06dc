"""A stream of a real call to a real application: what the caller says arrives there, and what it sends is heard."""

import asyncio
import audioop
import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from offhook.call.facts import CallFinished
from offhook.call.port import Audio
from offhook.dialects.vobiz.stream_talk import VobizStreams
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.ports import Tools
from offhook.interpreter.prompts import PromptStore
from offhook.interpreter.run import run_inbound
from offhook.speech.recognisers import Recognisers
from offhook.testing import FakeRecogniser, FakeVoice, KeptFacts, KeptPartials, SilentDecoder, WebhookStub
from offhook.verbs import Coding, Say, SoundFormat, Stream
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.clients import Clients
from offhook.webhooks.guard import AddressPolicy
from offhook.webhooks.tokens import KnownTokens
from tests.contract.tones import ANNOUNCEMENT_HZ, sine, tone_spans
from tests.contract.worlds import RealWorld

pytestmark = pytest.mark.sip

ACCOUNT = "AC" + 31 * "0" + "1"


@pytest.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    yield real
    await real.close()


@pytest.fixture
async def clients() -> AsyncIterator[Clients]:
    clients = Clients(
        first_account_sid=ACCOUNT,
        trusted=WebhookClient(policy=AddressPolicy(allow=(ip_network("127.0.0.0/8"),))),
        strict=WebhookClient(policy=AddressPolicy(is_strict=True)),
        tokens=KnownTokens(lambda account_sid: (account_sid,)),
    )
    yield clients
    await clients.close()


def tools(clients: Clients, folder: Path, facts: KeptFacts) -> Tools:
    return Tools(
        prompts=PromptStore(fetch=WebhookStub({}), voice=FakeVoice(), decoder=SilentDecoder(), folder=folder),
        recognisers=Recognisers({"fake": FakeRecogniser()}, ("fake",)),
        recorder=facts,
        wall_clock=lambda: datetime.now(UTC),
        apology=Say(text="sorry"),
        apology_tone=Audio(path=folder / "none.wav", duration_s=0.0),
        finish_grace_s=1.0,
        stream_lines=clients.of(ACCOUNT),
        stream_languages={"vobiz": VobizStreams()},
    )


class Application:
    """Hears for a second and a half, plays a tone, clears a longer one, and stops."""

    def __init__(self) -> None:
        self.events: list[dict[str, object]] = []
        self.sound = b""
        self.keys = ""
        self.cleared_at = self.played_at = 0.0

    async def listen(self, connection: ServerConnection) -> None:
        async for message in connection:
            event = json.loads(message)
            self.events.append(event)
            match event["event"]:
                case "media":
                    self.sound += base64.b64decode(event["media"]["payload"])
                    await self._next(connection, event["media"]["chunk"])
                case "dtmf":
                    self.keys += event["dtmf"]["digit"]
                case "playedStream":
                    self.played_at = asyncio.get_running_loop().time()
                    await asyncio.sleep(0.4)  # so that the two tones are heard as two
                    await self._play(connection, 5.0)

    async def _next(self, connection: ServerConnection, chunk: int) -> None:
        if chunk == 75:
            await self._play(connection, 1.0)
            await connection.send(json.dumps({"event": "checkpoint", "name": "first"}))
        if (
            self.played_at
            and not self.cleared_at
            and asyncio.get_running_loop().time() > self.played_at + 1.0
        ):
            self.cleared_at = asyncio.get_running_loop().time()
            await connection.send(json.dumps({"event": "clearAudio"}))
        if self.cleared_at and asyncio.get_running_loop().time() > self.cleared_at + 0.5:
            await connection.send(json.dumps({"event": "stop"}))

    async def _play(self, connection: ServerConnection, seconds: float) -> None:
        pcm = audioop.ratecv(sine(ANNOUNCEMENT_HZ, seconds), 2, 1, 8000, 24_000, None)[0]
        for at in range(0, len(pcm), 4800):
            media = {"contentType": "audio/x-l16", "sampleRate": 24_000}
            media["payload"] = base64.b64encode(pcm[at : at + 4800]).decode()
            await connection.send(json.dumps({"event": "playAudio", "media": media}))


async def test_a_conversation_over_a_stream(world: RealWorld, clients: Clients, tmp_path: Path) -> None:
    application, facts = Application(), KeptFacts()
    call = await world.incoming("0.8 says 0.6", "1.0 key 7")
    async with serve(application.listen, "127.0.0.1", 0, ping_interval=None) as running:
        port = running.sockets[0].getsockname()[1]
        stream = Stream(
            url=f"ws://127.0.0.1:{port}/audio",
            language="vobiz",
            is_two_way=True,
            is_awaited=True,
            sound_format=SoundFormat(Coding.LINEAR, 16_000),
        )
        async with asyncio.timeout(20):
            await run_inbound(call, FixedProgram(stream), tools(clients, tmp_path, facts), KeptPartials())
    [end] = facts.of(CallFinished)
    assert end.status == "completed"
    assert application.keys == "7"
    frames = [application.sound[at : at + 640] for at in range(0, len(application.sound), 640)]
    loud = [frame for frame in frames if audioop.rms(frame, 2) > 300]
    assert len(loud) == pytest.approx(30, abs=8)
    first, second = tone_spans(world.peer.heard, ANNOUNCEMENT_HZ)
    assert first[1] - first[0] == pytest.approx(1.0, abs=0.08)
    assert application.played_at == pytest.approx(first[1], abs=0.15)
    assert 0 <= second[1] - application.cleared_at < 0.2
    assert [event["event"] for event in application.events if event["event"] not in ("media", "dtmf")] == [
        "start",
        "playedStream",
        "clearedAudio",
        "stop",
    ]
