"""Texts that are spoken into calls while they are made: a voice behind HTTP that takes its time, over real SIP and RTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.interpreter.prompts import PromptStore
from offhook.interpreter.voices import Voices
from offhook.testing import SilentDecoder, WebhookStub
from offhook.vendors.custom_voice import CustomVoice
from offhook.verbs import Say
from tests.contract.tones import ANNOUNCEMENT_HZ, sine
from tests.contract.worlds import RealWorld

pytestmark = pytest.mark.sip

PATIENCE_S = 30
TEXT = "One sentence. Another sentence. The last one."
SENTENCE_S, MAKING_S = 0.8, 0.5
PIECE_S = 0.1
MOST_GAP_S = 0.06


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@asynccontextmanager
async def slow_voice() -> AsyncIterator[tuple[str, list[tuple[str, float]]]]:
    """A voice that says each text as a tone, made somewhat faster than it is heard. Yields its address, and when each
    text was made."""
    made: list[tuple[str, float]] = []
    loop = asyncio.get_running_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        text = json.loads(await reader.readexactly(length))["text"]
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: audio/l16;rate=8000\r\n"
            b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        )
        pieces = round(SENTENCE_S / PIECE_S)
        for _ in range(pieces):
            await asyncio.sleep(MAKING_S / pieces)
            pcm = sine(ANNOUNCEMENT_HZ, PIECE_S)
            writer.write(f"{len(pcm):x}\r\n".encode() + pcm + b"\r\n")
        made.append((text, loop.time()))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/say", made
    finally:
        server.close()


async def test_sentences_follow_each_other_without_a_gap_while_they_are_made(
    world: RealWorld, tmp_path: Path
) -> None:
    call = await world.incoming()
    await call.answer()
    async with slow_voice() as (url, made), asyncio.timeout(PATIENCE_S):
        voice = CustomVoice("slow", url)
        store = PromptStore(
            fetch=WebhookStub({}),
            voice=Voices({voice.name: voice}, (voice.name,)),
            decoder=SilentDecoder(),
            folder=tmp_path,
            cache_bytes=1_000_000,
        )
        for _ in range(2):  # as it grows, and as a file
            async with store.ready(Say(text=TEXT)) as audio:
                await call.play(audio)
            await asyncio.sleep(0.3)
        await voice.close()
    assert audio.spoken is not None
    assert audio.spoken.vendors == ["custom:slow"]
    assert len(made) == 3
    spans = world.peer.sounds(gap_s=MOST_GAP_S)
    assert [end - begin for begin, end in spans] == pytest.approx([3 * SENTENCE_S] * 2, abs=MOST_GAP_S)
    assert spans[0][0] < made[-1][1]
