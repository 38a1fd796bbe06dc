"""The recogniser of Microsoft: its own library, against a local server that speaks what it does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from offhook.speech.recogniser import (
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.microsoft import OWN_ADDRESS, MicrosoftRecogniser
from offhook.verbs.recogniser_options import OutputFormat
from tests.vendors.custom_server import AfterAudio, Close, Vanish
from tests.vendors.hearing import FRAME, failure, heard
from tests.vendors.microsoft_server import MicrosoftServer, hypothesis, microsoft_server, phrase
from tests.vendors.websocket_server import nobody


@asynccontextmanager
async def microsoft(
    *script: Any, refuse_with: int | None = None
) -> AsyncIterator[tuple[MicrosoftServer, MicrosoftRecogniser]]:
    async with microsoft_server(*script, refuse_with=refuse_with) as server:
        yield server, MicrosoftRecogniser("a-key", host=server.host)


async def test_the_request_and_all_audio_cross_the_wire() -> None:
    async with microsoft() as (server, recogniser):
        events = await heard(recogniser, options=RecogniserOptions(language="fr-FR", hints=("ventes",)))
    assert events == [SpeechEnded()]
    connection = server.connections[0]
    assert connection.key == "a-key"
    assert connection.query["language"] == "fr-FR"
    assert FRAME * 7 in connection.audio
    assert "ventes" in json.dumps(connection.told["speech.context"])


async def test_events_come_in_order() -> None:
    script = (AfterAudio(), hypothesis("spe"), phrase("Speak to sales.", 0.75), AfterAudio(7))
    options = RecogniserOptions(partials=True, output_format=OutputFormat.DETAILED)
    async with microsoft(*script) as (_, recogniser):
        events = await heard(recogniser, options=options)
    assert events == [SpeechStarted(), Partial("spe"), Final("Speak to sales.", 0.75), SpeechEnded()]


async def test_refused_credentials_are_told() -> None:
    async with microsoft(refuse_with=401) as (_, recogniser):
        failed = await failure(recogniser, finish=True)
    assert not failed.retryable
    assert "OFFHOOK_MICROSOFT_KEY" in failed.detail
    assert "a-key" not in failed.detail


@pytest.mark.parametrize("how", [Close(1011, "boom"), Vanish()])
async def test_closing_mid_stream_can_be_tried_again_and_words_stay(how: Any) -> None:
    async with microsoft(AfterAudio(), phrase("Sales."), how) as (_, recogniser):
        events = await heard(recogniser, finish=False, frames=10)
    assert Final("Sales.") in events
    assert isinstance(events[-1], SpeechFailed)
    assert events[-1].retryable


async def test_one_that_is_not_there_can_be_tried_again() -> None:
    async with nobody() as address:
        failed = await failure(MicrosoftRecogniser("a-key", host=f"ws://{address}"))
    assert failed.retryable


@pytest.mark.parametrize(
    "endpoint",
    [
        "wss://evil.example/speech?x=.speech.microsoft.com",
        "wss://evil.westeurope.cloudapp.azure.com/speech",  # a machine that anybody may rent
        "wss://evil.example\\@x.speech.microsoft.com/speech",
        "wss://a:b@evil.example/.speech.microsoft.com",
        "wss://x.speech.microsoft.com.evil.example/speech",
        "ws://x.speech.microsoft.com/speech",
    ],
)
async def test_an_endpoint_of_somebody_else_does_not_get_the_key(endpoint: str) -> None:
    async with microsoft() as (server, recogniser):
        options = RecogniserOptions(service_endpoint=endpoint)
        failed = await failure(recogniser, options=options)
    assert "the key is not sent there" in failed.detail
    assert server.connections == []


@pytest.mark.parametrize(
    ("endpoint", "is_own"),
    [
        ("wss://westeurope.stt.speech.microsoft.com/speech/recognition/x?cid=1", True),
        ("wss://my-own.cognitiveservices.azure.com/stt", True),
        ("wss://usgovvirginia.stt.speech.azure.us", True),
        ("wss://speech.microsoft.com.evil.example", False),
        ("wss://x.blob.azure.com/", False),
    ],
)
def test_endpoints_of_azures_speech_are_known_by_their_names(endpoint: str, is_own: bool) -> None:
    assert (OWN_ADDRESS.fullmatch(endpoint) is not None) is is_own
