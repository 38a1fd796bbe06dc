"""Engines over real sockets, one after another: whatever becomes of the first, the words are whole."""

import asyncio
from typing import Any

import pytest

from offhook.speech.recogniser import Final, Partial, RecogniserOptions, SpeechEnded, SpeechStarted
from offhook.speech.recognisers import Recognisers
from offhook.vendors.custom import CustomRecogniser
from tests.vendors.custom_server import (
    AfterAudio,
    AfterStart,
    AfterStop,
    Close,
    Stay,
    Vanish,
    custom_server,
    interim,
    transcription,
)
from tests.vendors.hearing import DEADLINE_S, FRAME

FRAMES = 60


def numbered(number: int) -> bytes:
    return bytes((number, 1)) * (len(FRAME) // 2)


@pytest.mark.parametrize(
    ("script", "heard_again_from"),
    [
        ((AfterStart(), AfterAudio(20), interim("I want to"), Close(1011, "overload")), 0),
        ((AfterAudio(20), transcription("I want"), AfterAudio(40), Vanish()), 20),
        ((AfterStart(), "<html>", "[]", AfterAudio(20), Vanish()), 0),
        ((AfterStart(), "<html>", "[]", b"\x00", AfterStop(), Close(1000)), 0),
        ((AfterStop(), Stay()), 0),
        ((AfterStart(), "x" * 2_000_000), 0),
    ],
    ids=[
        "closes mid-stream",
        "vanishes after words",
        "garbage",
        "garbage and a good end",
        "stalls at the end",
        "floods",
    ],
)
async def test_the_second_engine_hears_what_the_first_did_not_make_words_of(
    script: tuple[Any, ...], heard_again_from: int
) -> None:
    words = (AfterStop(), transcription("to speak to sales", confidence=0.9))
    notices: list[str] = []
    async with asyncio.timeout(DEADLINE_S), custom_server(*script) as first, custom_server(*words) as second:
        one, other = CustomRecogniser("one", first.url), CustomRecogniser("other", second.url)
        those = Recognisers({one.name: one, other.name: other}, (one.name, other.name))
        options = RecogniserOptions(partials=True)
        async with those.listen(options, tell=lambda _, text: notices.append(text)) as hearing:
            finals, last = [], None
            reading = aiter(hearing)
            for number in range(FRAMES):
                hearing.send(numbered(number))
                if number == 19 and heard_again_from:
                    while not isinstance(event := await anext(reading), Final):
                        pass
                    finals.append(event.text)
                await asyncio.sleep(0.002)
            hearing.finish()
            async for event in reading:
                last = event
                if isinstance(event, Final):
                    finals.append(event.text)
                else:
                    assert isinstance(event, SpeechStarted | Partial | SpeechEnded)
            assert hearing.vendor == "custom:other"
            assert [left.vendor for left in hearing.switches] == ["custom:one"]
    assert last == SpeechEnded()
    assert finals == (["I want"] if heard_again_from else []) + ["to speak to sales"]
    assert second.connections[0].frames == [numbered(number) for number in range(heard_again_from, FRAMES)]
    assert len(notices) == 1


async def test_half_a_minute_is_heard_again_by_an_engine_whole() -> None:
    async with (
        asyncio.timeout(DEADLINE_S),
        custom_server(AfterAudio(1400), Vanish()) as first,
        custom_server(AfterStop(), transcription("whole")) as second,
    ):
        one, other = CustomRecogniser("one", first.url), CustomRecogniser("other", second.url)
        those = Recognisers({one.name: one, other.name: other}, (one.name, other.name))
        async with those.listen(RecogniserOptions(), tell=lambda _, __: None) as hearing:
            for number in range(1400):
                hearing.send(numbered(number % 250))
                if number % 100 == 0:
                    await asyncio.sleep(0.005)
            while not hearing.switches:  # noqa: ASYNC110  # it tells by nothing else
                await asyncio.sleep(0.005)
            hearing.finish()
            assert Final("whole") in [event async for event in hearing]
    assert second.connections[0].frames == [numbered(number % 250) for number in range(1400)]
