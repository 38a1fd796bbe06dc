"""The Google recogniser by version 2 of its API, against a local server that speaks it.

https://cloud.google.com/speech-to-text/v2/docs/reference/rpc/google.cloud.speech.v2
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from google.cloud import speech_v2 as speech
from grpc import StatusCode
from pydantic import ValidationError

from offhook.bootstrap import open_speech
from offhook.config import Settings
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.surroundings import Surroundings
from offhook.vendors.google import GoogleRecogniser
from offhook.vendors.google_stream import StreamSpan
from offhook.vendors.google_v2 import GoogleV2
from tests.vendors.google_server import (
    AfterAllAudio,
    AfterAudio,
    AfterFirstAudio,
    Failure,
    GoogleServer,
    Stay,
    google_server,
)
from tests.vendors.hearing import DEADLINE_S, FRAME, heard

RECOGNIZER = "projects/voice/locations/europe-west4/recognizers/_"


def answer(
    text: str, *, is_final: bool, stability: float = 0.0, confidence: float = 0.0, until_s: float = 0.0
) -> "speech.StreamingRecognizeResponse":
    """A response with one result."""
    return speech.StreamingRecognizeResponse(
        results=[
            speech.StreamingRecognitionResult(
                alternatives=[speech.SpeechRecognitionAlternative(transcript=text, confidence=confidence)],
                is_final=is_final,
                stability=stability,
                result_end_offset=timedelta(seconds=until_s),
            )
        ]
    )


def begins() -> "speech.StreamingRecognizeResponse":
    """Google heard a voice."""
    kind = speech.StreamingRecognizeResponse.SpeechEventType.SPEECH_ACTIVITY_BEGIN
    return speech.StreamingRecognizeResponse(speech_event_type=kind)


@asynccontextmanager
async def google(*script: Any, **how: Any) -> AsyncIterator[tuple[GoogleServer, GoogleRecogniser]]:
    async with google_server(*script, api="v2") as server:
        recogniser = GoogleRecogniser(endpoint=server.endpoint, api=GoogleV2(RECOGNIZER), **how)
        try:
            yield server, recogniser
        finally:
            await recogniser.close()


async def test_audio_is_told_exactly_and_all_of_it_arrives() -> None:
    async with google(model="chirp_2") as (server, recogniser):
        await heard(recogniser, frames=23)
    [stream] = server.streams
    decoding = stream.config.config.explicit_decoding_config
    told = (decoding.encoding.name, decoding.sample_rate_hertz, decoding.audio_channel_count)
    assert told == ("LINEAR16", 8000, 1)
    assert stream.recognizer == RECOGNIZER
    assert stream.config.config.model == "chirp_2"
    assert stream.config.streaming_features.enable_voice_activity_events
    assert not stream.config.config.adaptation.phrase_sets
    assert stream.audio == FRAME * 23


async def test_partials_and_finals_come_in_order() -> None:
    script = (
        AfterFirstAudio(),
        begins(),
        answer("speak to", is_final=False, stability=0.25),
        answer("speak to sales", is_final=True, confidence=0.75),
        AfterAllAudio(),
        answer(" please", is_final=True),
    )
    async with google(*script) as (_, recogniser):
        assert await heard(recogniser) == [
            SpeechStarted(),
            Partial("speak to", 0.25),
            Final("speak to sales", 0.75),
            Final("please"),
            SpeechEnded(),
        ]


async def test_a_single_utterance_ends_with_the_first_words() -> None:
    async with google(AfterFirstAudio(), answer("sales", is_final=True)) as (_, recogniser):
        events = await heard(recogniser, finish=False, options=RecogniserOptions(single_utterance=True))
    assert events == [SpeechStarted(), Final("sales"), SpeechEnded()]


@pytest.mark.parametrize(
    ("code", "kind", "retryable"),
    [
        (StatusCode.UNAUTHENTICATED, FailureKind.BROKEN, False),
        (StatusCode.UNAVAILABLE, FailureKind.BROKEN, True),
        (StatusCode.INVALID_ARGUMENT, FailureKind.NEEDS_MODEL, False),
    ],
)
async def test_what_google_refuses_is_told(code: StatusCode, kind: FailureKind, retryable: bool) -> None:
    async with google(AfterFirstAudio(), Failure(code, "no")) as (_, recogniser):
        events = await heard(recogniser, finish=False)
    assert events == [SpeechFailed(kind, f"{code.name}: no", retryable=retryable)]


async def test_streams_follow_one_another_and_what_no_final_covers_is_heard_again() -> None:
    script = (AfterAudio(15 * len(FRAME)), answer("sales", is_final=True, until_s=0.3), Stay())
    span = lambda: StreamSpan(rotate_s=0.4, quiet_from_s=0.4, most_replay_s=0.2)  # noqa: E731
    async with (
        google(*script, span=span) as (server, recogniser),
        asyncio.timeout(DEADLINE_S),
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
    assert server.streams[1].audio == b"".join(numbered(number) for number in range(15, 30))
    assert server.streams[1].recognizer == RECOGNIZER


def numbered(number: int) -> bytes:
    return bytes((number, 0)) * (len(FRAME) // 2)


class TestSettings:
    async def test_they_choose_the_version(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OFFHOOK_RUN_DIR", "/nowhere")
        monkeypatch.setenv("OFFHOOK_CLUSTER_SECRET", "x")
        async with google_server(api="v2") as server:
            settings = Settings.model_validate(
                {
                    "google_api": "V2",
                    "google_recognizer": RECOGNIZER,
                    "google_endpoint": server.endpoint,
                    "asr": "google",
                }
            )
            speech_there = open_speech(settings, Surroundings.from_environment())
            await heard(speech_there.recognisers["google"])
            await speech_there.close()
        assert server.streams[0].recognizer == RECOGNIZER

    def test_each_location_has_its_address(self) -> None:
        assert GoogleV2(RECOGNIZER).host == "europe-west4-speech.googleapis.com"
        assert GoogleV2("projects/voice/locations/global/recognizers/_").host is None

    @pytest.mark.parametrize(
        ("settings", "fault"),
        [
            ({"google_api": "v2"}, "v2 needs OFFHOOK_GOOGLE_RECOGNIZER, such as projects/my-project/"),
            ({"google_recognizer": "my-project"}, "write it like projects/my-project/locations/global"),
            ({"google_api": "v3"}, "Input should be 'v1' or 'v2'"),
        ],
    )
    def test_what_is_wrong_is_named(self, settings: dict[str, str], fault: str) -> None:
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate(settings)
        [error] = caught.value.errors()
        assert fault in error["msg"]
