"""A stream of Google's may not last: what follows hears what was not understood for good."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from google.cloud import speech_v1 as speech
from grpc import StatusCode

from offhook.speech.recogniser import Final, RecogniserOptions, SpeechEnded
from offhook.vendors.google import GoogleRecogniser
from offhook.vendors.google_stream import MOST_REPLAY_S, StreamSpan
from tests.vendors.google_server import AfterAudio, AfterFirstAudio, Failure, Stay, final, google_server
from tests.vendors.hearing import DEADLINE_S, FRAME, heard

SECOND = FRAME * 50


def test_a_stream_is_due_before_google_ends_it() -> None:
    span = StreamSpan()
    for _ in range(289):
        span.sent(SECOND)
        span.heard(final_until_s=None)
    assert not span.is_due
    span.sent(SECOND)
    assert span.is_due


def test_the_end_of_a_sentence_is_taken_earlier() -> None:
    span = StreamSpan()
    for _ in range(240):
        span.sent(SECOND)
    span.heard(final_until_s=None)
    assert not span.is_due
    span.heard(final_until_s=239.0)
    assert span.is_due
    assert span.replay() == (SECOND,)


def test_what_a_final_covers_is_not_said_again() -> None:
    span = StreamSpan()
    for _ in range(10):
        span.sent(SECOND)
    span.heard(final_until_s=7.5)
    assert span.uncovered_s == 2.5
    assert b"".join(span.replay()) == SECOND[len(SECOND) // 2 :] + SECOND * 2
    assert span.can_be_cut


def test_where_too_much_is_not_covered_the_stream_has_to_finish_it() -> None:
    span = StreamSpan()
    for _ in range(240):
        span.sent(SECOND)
    assert not span.can_be_cut
    assert len(span.replay()) == MOST_REPLAY_S


def until(response: Any, seconds: float) -> Any:
    """A final that covers the audio until then."""
    response.results[0].result_end_time = speech.StreamingRecognitionResult(
        result_end_time={"nanos": round(seconds * 1e9)}
    ).result_end_time
    return response


def short_span() -> StreamSpan:
    """0.4 s in a stream."""
    return StreamSpan(rotate_s=0.4, quiet_from_s=0.4, most_replay_s=0.2)


async def test_silence_without_end_has_stream_after_stream_and_nothing_is_heard_twice() -> None:
    async with google_server() as server:
        recogniser = GoogleRecogniser(endpoint=server.endpoint, span=short_span)
        try:
            events = await heard(recogniser, frames=50)
        finally:
            await recogniser.close()
    assert events == [SpeechEnded()]
    assert [len(stream.audio) // len(FRAME) for stream in server.streams] == [20, 20, 10]


async def test_the_next_stream_hears_what_no_final_covers() -> None:
    script = (AfterAudio(15 * len(FRAME)), until(final("sales"), 0.3), Stay())
    async with google_server(*script) as server:
        recogniser = GoogleRecogniser(endpoint=server.endpoint, span=short_span)
        async with (
            asyncio.timeout(DEADLINE_S),
            aclosing_google(recogniser),
            recogniser.listen(RecogniserOptions()) as recognition,
        ):
            for number in range(15):
                recognition.send(numbered(number))
            async for event in recognition:
                if isinstance(event, Final):
                    break
            for number in range(15, 30):
                recognition.send(numbered(number))
            while len(server.streams) < 2 or len(server.streams[1].audio) < 15 * len(FRAME):
                await server.changed.wait()
    assert event == Final("sales")
    # The first stream had 20 frames, of which a final covers 15: the second begins with the sixteenth.
    assert server.streams[1].audio == b"".join(numbered(number) for number in range(15, 30))


async def test_a_stream_that_google_ends_too_early_is_followed_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("offhook.vendors.google.LASTED_S", 0.05)
    async with google_server(AfterFirstAudio(), Failure(StatusCode.OUT_OF_RANGE, "305 seconds")) as server:
        recogniser = GoogleRecogniser(endpoint=server.endpoint)
        async with (
            asyncio.timeout(DEADLINE_S),
            aclosing_google(recogniser),
            recogniser.listen(RecogniserOptions()) as recognition,
        ):
            for number in range(5):
                recognition.send(numbered(number))
            while len(server.streams) < 2 or not server.streams[1].audio:
                await server.changed.wait()
    assert server.streams[1].audio.startswith(b"".join(numbered(number) for number in range(5)))


@asynccontextmanager
async def aclosing_google(recogniser: GoogleRecogniser) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await recogniser.close()


def numbered(number: int) -> bytes:
    return bytes((number, 0)) * (len(FRAME) // 2)
