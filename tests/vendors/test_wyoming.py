"""The Wyoming recogniser, against a server made with the protocol's own library. https://github.com/OHF-Voice/wyoming"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial as bound
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wyoming.asr import Transcribe, Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event as WyomingEvent
from wyoming.event import async_read_event
from wyoming.event import async_write_event as write_theirs

from offhook.speech.recogniser import (
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechStarted,
)
from offhook.vendors.wyoming_protocol import Event, Malformed, read_event, write_event
from offhook.vendors.wyoming_recogniser import WyomingRecogniser
from tests.vendors.hearing import FRAME, failure, heard, up_to_date
from tests.vendors.websocket_server import nobody

Answers = tuple[WyomingEvent | bytes | None, ...]
"""Events, raw bytes, or None to close."""


class Heard:
    """One connection, as the server saw it."""

    def __init__(self) -> None:
        self.events: list[WyomingEvent] = []
        self.changed = asyncio.Event()
        """Set once something came."""

    def of_type(self, kind: str) -> list[WyomingEvent]:
        return [event for event in self.events if event.type == kind]


async def serve(
    answers: Answers,
    at_once: Answers,
    seen: Heard,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    try:
        await say(at_once, writer)
        while not writer.is_closing() and (event := await async_read_event(reader)) is not None:
            seen.events.append(event)
            seen.changed.set()
            if AudioStop.is_type(event.type):
                await say(answers, writer)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def say(answers: Answers, writer: asyncio.StreamWriter) -> None:
    for answer in answers:
        if answer is None:
            writer.close()
            return
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await write_theirs(answer, writer)


@asynccontextmanager
async def wyoming(
    *answers: WyomingEvent | bytes | None, at_once: Answers = ()
) -> AsyncIterator[tuple[Heard, WyomingRecogniser]]:
    seen = Heard()
    server = await asyncio.start_server(bound(serve, answers, at_once, seen), "127.0.0.1", 0)
    async with server:
        yield seen, WyomingRecogniser(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def test_the_request_and_all_audio_cross_the_wire() -> None:
    async with wyoming(Transcript("sales please").event()) as (seen, recogniser):
        events = await heard(recogniser, options=RecogniserOptions(language="fr-FR", model="base"))
    assert events == [SpeechStarted(), Final("sales please"), SpeechEnded()]
    [asked] = [Transcribe.from_event(event) for event in seen.of_type("transcribe")]
    assert (asked.language, asked.name) == ("fr", "base")
    start = AudioStart.from_event(seen.of_type("audio-start")[0])
    assert (start.rate, start.width, start.channels) == (8000, 2, 1)
    chunks = [AudioChunk.from_event(event) for event in seen.of_type("audio-chunk")]
    assert b"".join(chunk.audio for chunk in chunks) == FRAME * 7


async def test_partials_grow() -> None:
    answers = (TranscriptChunk("sa").event(), TranscriptChunk("les").event(), Transcript("sales").event())
    async with wyoming(*answers) as (_, recogniser):
        events = await heard(recogniser, options=RecogniserOptions(partials=True))
    assert up_to_date(events) == [SpeechStarted(), Partial("sales"), Final("sales"), SpeechEnded()]


async def test_silence_ends_without_words() -> None:
    async with wyoming(Transcript("").event()) as (_, recogniser):
        assert await heard(recogniser) == [SpeechEnded()]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((None,), "before it said what it understood"),
        ((b"GET / HTTP/1.1\r\n",), "not JSON"),
        ((b"x" * 100_000,), "longer"),
        ((b'{"type":"transcript","data_length":99999999}\n',), "data_length"),
        ((b'{"type":"transcript","data_length":10}\n{"te', None), "within an event"),
        ((b'{"type":"transcript","data":{"text":7}}\n',), "not a string"),
        ((Error("no model", "x").event(),), "the Wyoming server says: no model"),
        ((TranscriptChunk("ha " * 1_000).event(),) * 4, "more than 10,000 characters"),
    ],
)
async def test_what_goes_wrong_is_told(answers: Answers, told: str) -> None:
    async with wyoming(*answers) as (_, recogniser):
        assert told in (await failure(recogniser, finish=True)).detail


async def test_a_server_that_closes_mid_stream_can_be_tried_again() -> None:
    async with wyoming(at_once=(None,)) as (_, recogniser):
        assert (await failure(recogniser)).retryable


async def test_a_server_that_is_not_there_can_be_tried_again() -> None:
    async with nobody() as address:
        failed = await failure(WyomingRecogniser(f"tcp://{address}"))
    assert failed.retryable
    assert "out of reach" in failed.detail


async def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.vendors.streamed.LAST_WORDS_S", 0.25)
    async with wyoming() as (_, recogniser):
        assert "no last words" in (await failure(recogniser, finish=True)).detail


def test_an_address_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="tcp://host:10300"):
        WyomingRecogniser("ws://host")


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(sent: bytes) -> None:
    async def read() -> Event | None:
        reader = asyncio.StreamReader()
        reader.feed_data(sent)
        reader.feed_eof()
        return await read_event(reader)

    try:
        event: Any = asyncio.run(read())
    except Malformed as fault:
        assert str(fault)  # noqa: PT017  # a refusal is as good as an answer
    else:
        assert event is None or event.type is not None


async def test_what_is_written_is_read_again() -> None:
    reader = asyncio.StreamReader()
    sent = Event("audio-chunk", {"rate": 8000, "text": "naïve\nline"}, FRAME)
    reader.feed_data(write_event(sent))
    assert await read_event(reader) == sent
