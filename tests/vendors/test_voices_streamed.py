"""Voices behind a WebSocket and behind the Wyoming protocol, each against a server on loopback."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.server import AsyncEventHandler, AsyncTcpServer
from wyoming.tts import Synthesize

from offhook.call.errors import ProviderError
from offhook.speech.voice import Voice, VoiceOptions
from offhook.vendors.custom_streaming_voice import CustomStreamingVoice
from offhook.vendors.wyoming_voice import WyomingVoice

DEADLINE_S = 30.0
OPTIONS = VoiceOptions(language="en-US", voice="ann")
SOUND = bytes(range(1, 201)) * 40


async def spoken(voice: Voice, text: str = "Hello.", options: VoiceOptions = OPTIONS) -> bytes:
    async with asyncio.timeout(DEADLINE_S):
        return b"".join([piece async for piece in voice.speak(text, options)])


@dataclass(slots=True)
class Engine:
    """What a voice behind a WebSocket was asked."""

    url: str = ""
    path: str = ""
    token: str | None = None
    told: list[dict[str, Any]] = field(default_factory=list)


Act = Callable[[ServerConnection, Engine], Awaitable[None]]


@asynccontextmanager
async def engine(act: Act, *, refuse_with: int | None = None) -> AsyncIterator[Engine]:
    """A block in which the engine runs; it acts once it was told to flush."""
    it = Engine()

    async def answer(connection: ServerConnection) -> None:
        assert connection.request is not None
        it.path, it.token = connection.request.path, connection.request.headers.get("Authorization")
        while not it.told or it.told[-1]["type"] != "flush":
            it.told.append(json.loads(await connection.recv()))
        await act(connection, it)

    def refuse(connection: ServerConnection, request: Any) -> Any:
        return connection.respond(HTTPStatus(refuse_with), "no\n") if refuse_with else None

    async with serve(answer, "127.0.0.1", 0, compression=None, process_request=refuse) as server:
        it.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/speak?key=1"
        yield it


async def test_what_the_streaming_protocol_asks_and_sound_in_frames() -> None:
    async def act(connection: ServerConnection, it: Engine) -> None:
        await connection.send(
            json.dumps({"type": "connect", "data": {"sample_rate": 8000, "base64_encoding": False}})
        )
        for at in range(0, len(SOUND), 999):
            await connection.send(SOUND[at : at + 999])
        await connection.send('{"type": "done"}')
        it.told.append(json.loads(await connection.recv()))

    async with engine(act) as it:
        voice = CustomStreamingVoice("own", it.url, token="hush")
        assert await spoken(voice, options=VoiceOptions(voice="ann", extra=(("speed", 2),))) == SOUND
    assert it.token == "Bearer hush"
    assert parse_qs(urlsplit(it.path).query) == {
        "key": ["1"],
        "voice": ["ann"],
        "language": ["en"],
        "sampleRate": ["8000"],
        "speed": ["2"],
    }
    assert it.told == [{"type": "stream", "text": "Hello."}, {"type": "flush"}, {"type": "stop"}]


async def test_sound_in_json_of_another_rate_and_an_end_without_a_word() -> None:
    async def act(connection: ServerConnection, it: Engine) -> None:
        await connection.send(
            json.dumps({"type": "connect", "data": {"sample_rate": 16000, "base64_encoding": True}})
        )
        audio = base64.b64encode(bytes(32_000)).decode()
        await connection.send(json.dumps({"type": "data", "data": {"audio": audio}}))
        await connection.wait_closed()

    async with engine(act) as it:
        pcm = await spoken(CustomStreamingVoice("own", it.url, quiet_s=0.3))
    assert abs(len(pcm) - 16_000) < 20


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('{"error": "no such\\nvoice"}', "no such voice"),
        ("nonsense", "not JSON"),
        ("[1]", "no type"),
        ('{"type": "data", "data": {"audio": "§"}}', "base64"),
        ('{"type": "connect", "data": {"sample_rate": 7}}', "7 samples"),
        ('{"type": "connect", "data": {"sample_rate": %s}}' % ("7" * 400), "sound of 7{190}…"),
        ('{"type": "done"}', "before it spoke"),
    ],
)
async def test_nonsense_is_told(message: str, words: str) -> None:
    async def act(connection: ServerConnection, it: Engine) -> None:
        await connection.send(message)
        await connection.wait_closed()

    async with engine(act) as it:
        with pytest.raises(ProviderError, match=words):
            await spoken(CustomStreamingVoice("own", it.url))


async def test_a_stream_that_is_far_too_long_for_its_text_is_left() -> None:
    async def act(connection: ServerConnection, it: Engine) -> None:
        with suppress(ConnectionClosed):
            while True:
                await connection.send(bytes(64_000))

    heard_bytes = 0
    async with engine(act) as it, asyncio.timeout(DEADLINE_S):
        with pytest.raises(ProviderError, match="more than 72 s of sound for 6 characters"):
            async for pcm in CustomStreamingVoice("own", it.url).speak("Hello.", OPTIONS):
                heard_bytes += len(pcm)
    assert heard_bytes <= 72 * 16_000


async def test_refused_down_silent_and_gone() -> None:
    async def close(connection: ServerConnection, it: Engine) -> None:
        await connection.close()

    async def stay(connection: ServerConnection, it: Engine) -> None:
        await connection.wait_closed()

    async with engine(close) as it:
        with pytest.raises(ProviderError, match="before it spoke") as raised:
            await spoken(CustomStreamingVoice("own", it.url))
        assert raised.value.retryable
    with pytest.raises(ProviderError, match="out of reach"):
        await spoken(CustomStreamingVoice("own", it.url))
    async with engine(stay) as it:
        with pytest.raises(ProviderError, match="nothing within"):
            await spoken(CustomStreamingVoice("own", it.url, answer_s=0.2))
    async with engine(stay, refuse_with=401) as it:
        with pytest.raises(ProviderError, match=r"401.*OFFHOOK_TTS_CUSTOM_TOKENS"):
            await spoken(CustomStreamingVoice("own", it.url))


class Handler(AsyncEventHandler):
    """A server of the protocol's own library."""

    def __init__(
        self, act: Callable[["Handler", Synthesize], Awaitable[bool]], asked: list[Synthesize], *args: Any
    ) -> None:
        super().__init__(*args)
        self._act, self._asked = act, asked

    async def handle_event(self, event: Event) -> bool:
        asked = Synthesize.from_event(event)
        self._asked.append(asked)
        return await self._act(self, asked)


@asynccontextmanager
async def wyoming(
    act: Callable[[Handler, Synthesize], Awaitable[bool]],
) -> AsyncIterator[tuple[str, list[Synthesize]]]:
    """A block in which a Wyoming server runs; its address, and what it was asked."""
    asked: list[Synthesize] = []
    server = AsyncTcpServer("127.0.0.1", 0)
    await server.start(partial(Handler, act, asked))
    running: Any = server._server
    port = running.sockets[0].getsockname()[1]
    try:
        yield f"tcp://127.0.0.1:{port}", asked
    finally:
        await server.stop()


async def speak_well(handler: Handler, asked: Synthesize) -> bool:
    await handler.write_event(AudioStart(rate=8000, width=2, channels=1).event())
    for at in range(0, len(SOUND), 1_001):
        await handler.write_event(AudioChunk(8000, 2, 1, SOUND[at : at + 1_001]).event())
    await handler.write_event(AudioStop().event())
    return True


async def test_a_wyoming_server_is_asked_and_heard() -> None:
    async with wyoming(speak_well) as (url, asked):
        assert await spoken(WyomingVoice(url)) == SOUND
        ssml = '<speak>Pay <say-as interpret-as="currency">$5</say-as></speak>'
        await spoken(WyomingVoice(url), ssml, VoiceOptions(language="en-GB", voice="man", is_ssml=True))
    assert asked[0].text == "Hello."
    assert asked[0].voice is not None
    assert asked[0].voice.name == "ann"
    assert asked[1].text == "Pay five dollars"
    assert asked[1].voice is not None
    assert asked[1].voice.language == "en_GB"


async def test_what_goes_wrong_with_a_wyoming_server() -> None:
    async def fails(handler: Handler, asked: Synthesize) -> bool:
        await handler.write_event(Error("no such voice").event())
        return False

    async def leaves(handler: Handler, asked: Synthesize) -> bool:
        await handler.write_event(AudioStart(8000, 2, 1).event())
        return False

    async def talks_nonsense(handler: Handler, asked: Synthesize) -> bool:
        handler.writer.write(b"\xff\x00{{\n")
        await handler.writer.drain()
        return False

    async def says_eight_bits(handler: Handler, asked: Synthesize) -> bool:
        await handler.write_event(AudioStart(8000, 1, 1).event())
        return True

    async def says_nothing(handler: Handler, asked: Synthesize) -> bool:
        return True

    async def ends_at_once(handler: Handler, asked: Synthesize) -> bool:
        await handler.write_event(AudioStop().event())
        return True

    for act, words, retryable in (
        (fails, "no such voice", False),
        (leaves, "before it was done", True),
        (talks_nonsense, "not JSON", False),
        (says_eight_bits, "1 bytes a sample", False),
        (says_nothing, "nothing within", True),
        (ends_at_once, "no sound", False),
    ):
        async with wyoming(act) as (url, _):
            with pytest.raises(ProviderError, match=words) as raised:
                await spoken(WyomingVoice(url, answer_s=0.3))
            assert raised.value.retryable is retryable
    with pytest.raises(ProviderError, match="out of reach"):
        await spoken(WyomingVoice(url))
    with pytest.raises(ValueError, match="tcp://"):
        WyomingVoice("http://127.0.0.1")


async def test_a_voice_that_sends_sound_without_end_is_left() -> None:
    piece = bytes(400_000)

    async def never_ends(handler: Handler, asked: Synthesize) -> bool:
        with suppress(ConnectionError):
            while True:
                await handler.write_event(AudioChunk(8000, 2, 1, piece).event())
        return False

    heard_bytes = 0
    async with wyoming(never_ends) as (url, _), asyncio.timeout(DEADLINE_S):
        with pytest.raises(ProviderError, match="more than 72 s of sound for 6 characters"):
            async for pcm in WyomingVoice(url).speak("Hello.", OPTIONS):
                heard_bytes += len(pcm)
    assert heard_bytes <= 72 * 16_000
