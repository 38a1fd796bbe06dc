"""The Deepgram recogniser, against a local server that speaks Deepgram's protocol.

https://developers.deepgram.com/reference/speech-to-text/listen-streaming
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.deepgram import STOP, DeepgramRecogniser
from tests.vendors.custom_server import AfterAudio, AfterStop, Close, Stay, Vanish
from tests.vendors.hearing import DEADLINE_S, FRAME, failure, heard, up_to_date
from tests.vendors.websocket_server import WebSocketServer, nobody, silence, websocket_server


def results(text: str, *, is_final: bool = True, ends: bool = False, confidence: float = 0.5) -> str:
    return json.dumps(
        {
            "type": "Results",
            "is_final": is_final,
            "speech_final": ends,
            "channel": {"alternatives": [{"transcript": text, "confidence": confidence}]},
        }
    )


@asynccontextmanager
async def deepgram(
    *script: Any, model: str = "nova-3", refuse_with: int | None = None
) -> AsyncIterator[tuple[WebSocketServer, DeepgramRecogniser]]:
    async with websocket_server(
        *script, is_stop=lambda message: message == STOP, refuse_with=refuse_with
    ) as server:
        yield server, DeepgramRecogniser("a-key", model=model, url=f"{server.url}/v1/listen")


async def test_the_request_and_all_audio_cross_the_wire() -> None:
    async with deepgram() as (server, recogniser):
        assert await heard(recogniser, frames=7) == [SpeechEnded()]
    [connection] = server.connections
    assert connection.headers["Authorization"] == "Token a-key"
    assert connection.path.startswith("/v1/listen?")
    asked = dict(connection.query)
    assert (asked["encoding"], asked["sample_rate"], asked["language"]) == ("linear16", "8000", "en-US")
    assert asked["interim_results"] == "false"
    assert b"".join(part for part in connection.messages if isinstance(part, bytes)) == FRAME * 7
    assert connection.messages[-1] == STOP


async def test_hints_have_the_form_that_their_model_takes() -> None:
    options = RecogniserOptions(hints=("sales", "lost card"), hints_boost=2.5)
    async with deepgram(model="nova-2") as (server, recogniser):
        await heard(recogniser, options=options)
    told = [value for name, value in server.connections[0].query if name == "keywords"]
    assert told == ["sales:2.5", "lost card:2.5"]


async def test_events_come_in_order() -> None:
    script = (
        AfterAudio(),
        '{"type":"SpeechStarted"}',
        results("spe", is_final=False),
        results("speak to", confidence=0.75),
        results(""),
        results("sa", is_final=False),
        results("sales"),
        results("", ends=True),
        results(" "),
        AfterStop(),
        results("please"),
        '{"type":"Metadata"}',
        Close(1000),
    )
    events = []
    options = RecogniserOptions(partials=True)
    async with (
        asyncio.timeout(DEADLINE_S),
        deepgram(*script) as (_, recogniser),
        recogniser.listen(options) as recognition,
    ):
        recognition.send(FRAME)
        recognition.send(FRAME)
        async for event in recognition:
            events.append(event)
            if isinstance(event, Final):
                recognition.finish()
    assert up_to_date(events) == [
        SpeechStarted(),
        Partial("speak to sales"),
        Final("speak to sales", 0.5),
        Final("please", 0.5),
        SpeechEnded(),
    ]


async def test_words_that_settle_while_somebody_goes_on_are_not_the_end() -> None:
    script = (
        AfterAudio(),
        results("I would like to"),
        results("speak to"),
        results("sales", ends=True),
        AfterStop(),
    )
    options = RecogniserOptions(single_utterance=True)
    async with deepgram(*script, Close(1000)) as (server, recogniser):
        assert await heard(recogniser, finish=False, options=options) == [
            SpeechStarted(),
            Final("I would like to speak to sales", 0.5),
            SpeechEnded(),
        ]
    assert dict(server.connections[0].query)["endpointing"] == "500"


async def test_a_single_utterance_ends_by_itself() -> None:
    async with deepgram(AfterAudio(), results("sales", ends=True)) as (_, recogniser):
        events = await heard(recogniser, finish=False, options=RecogniserOptions(single_utterance=True))
    assert events == [SpeechStarted(), Final("sales", 0.5), SpeechEnded()]


@pytest.mark.parametrize("garbage", ["no JSON", "[1]", '{"type":"Results"}', b"\x00\x01", "[" * 100_000])
async def test_garbage_is_passed_over(garbage: str | bytes) -> None:
    async with deepgram(garbage, results("sales")) as (_, recogniser):
        assert Final("sales", 0.5) in await heard(recogniser)


class TestFailures:
    @pytest.mark.parametrize("how", [Close(1011, "NET-0001"), Vanish(), Close(1000)])
    async def test_closing_mid_stream_can_be_tried_again_and_words_stay(self, how: Any) -> None:
        async with deepgram(AfterAudio(), results("sales"), how) as (_, recogniser):
            events = await heard(recogniser, finish=False)
        assert events[:2] == [SpeechStarted(), Final("sales", 0.5)]
        assert isinstance(events[-1], SpeechFailed)
        assert events[-1].retryable
        assert "before it was told to stop" in events[-1].detail

    @pytest.mark.parametrize(("status", "retryable"), [(401, False), (400, False), (429, True), (503, True)])
    async def test_a_refusal_names_the_status(self, status: int, retryable: bool) -> None:
        async with deepgram(refuse_with=status) as (_, recogniser):
            failed = await failure(recogniser)
        assert (failed.retryable, f"status {status}" in failed.detail) == (retryable, True)
        assert ("OFFHOOK_DEEPGRAM_KEY" in failed.detail) is (status == 401)
        # It has not got what was asked for: nobody is to be passed over for that.
        assert failed.kind is (FailureKind.NEEDS_MODEL if status == 400 else FailureKind.BROKEN)
        assert "a-key" not in failed.detail

    async def test_one_that_is_not_there_can_be_tried_again(self) -> None:
        async with nobody() as address:
            failed = await failure(DeepgramRecogniser("a-key", url=f"ws://{address}/"))
        assert failed.retryable
        assert "out of reach" in failed.detail

    async def test_one_that_does_not_answer_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("offhook.vendors.websocket.CONNECT_S", 0.25)
        async with silence() as address:
            failed = await failure(DeepgramRecogniser("a-key", url=f"ws://{address}/"))
        assert (failed.detail, failed.retryable) == ("Deepgram was not reached within 0.25 s", True)

    async def test_one_that_never_ends_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("offhook.vendors.streamed.LAST_WORDS_S", 0.25)
        async with deepgram(AfterStop(), Stay()) as (_, recogniser):
            failed = await failure(recogniser, finish=True)
        assert "no last words" in failed.detail

    async def test_an_endless_message_is_refused(self) -> None:
        async with deepgram("x" * 300_000, Stay()) as (_, recogniser):
            assert "breaks the WebSocket protocol" in (await failure(recogniser)).detail

    async def test_an_error_ends_it_with_its_words(self) -> None:
        error = '{"type":"Error","description":"no such\\nmodel"}'
        async with deepgram(AfterAudio(), error, Stay()) as (_, recogniser):
            assert (await failure(recogniser)).detail == "Deepgram says: no such model"


async def test_leaving_early_closes_the_connection() -> None:
    async with deepgram(AfterAudio(), results("sa", is_final=False), Stay()) as (server, recogniser):
        async with asyncio.timeout(DEADLINE_S):
            async with recogniser.listen(RecogniserOptions(partials=True)) as recognition:
                recognition.send(FRAME)
                recognition.send(FRAME)
                async for event in recognition:
                    if isinstance(event, Partial):
                        break
            [connection] = server.connections
            await connection.until(lambda: connection.is_over)
