"""A local server that speaks Google's published Speech protocol: keeps what it is sent, answers from a script."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from google.cloud import speech_v1 as speech
from google.cloud import speech_v2

SERVICES: dict[str, tuple[str, Any, Any]] = {
    "v1": (
        "google.cloud.speech.v1.Speech",
        speech.StreamingRecognizeRequest,
        speech.StreamingRecognizeResponse,
    ),
    "v2": (
        "google.cloud.speech.v2.Speech",
        speech_v2.StreamingRecognizeRequest,
        speech_v2.StreamingRecognizeResponse,
    ),
}
"""By the version of the API: its service, and what goes either way."""


@dataclass(frozen=True, slots=True)
class Failure:
    """End the stream with a code."""

    code: grpc.StatusCode
    message: str = "as the script says"


@dataclass(frozen=True, slots=True)
class Vanish:
    """The server process is gone."""


@dataclass(frozen=True, slots=True)
class AfterFirstAudio:
    """Go on once audio came."""


@dataclass(frozen=True, slots=True)
class AfterAudio:
    """Go on once so many bytes came."""

    count: int


@dataclass(frozen=True, slots=True)
class AfterAllAudio:
    """Go on once the client said that this was all."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Neither say anything nor end."""


@dataclass(slots=True)
class Heard:
    """One stream, as the server saw it."""

    config: Any = None
    """A `StreamingRecognitionConfig`; None before it came."""
    recognizer: str = ""
    """What v2 calls who is to hear."""
    audio: bytes = b""
    requests: int = 0
    first_audio: asyncio.Event = field(default_factory=asyncio.Event)
    all_audio: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class GoogleServer:
    """Answers each stream with the same script."""

    def __init__(self, script: tuple[Any, ...], stop: Callable[[], None]) -> None:
        self._script = script
        self._stop = stop
        self.streams: list[Heard] = []
        self.endpoint = ""
        self.changed = asyncio.Event()
        """Set for a moment whenever something came."""

    async def recognise(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        heard = Heard()
        self.streams.append(heard)
        context.add_done_callback(lambda _: heard.over.set())
        reading = asyncio.create_task(self._read(requests, heard))
        try:
            for step in self._script:
                match step:
                    case AfterFirstAudio():
                        await heard.first_audio.wait()
                    case AfterAudio(count):
                        while len(heard.audio) < count:
                            await self.changed.wait()
                    case AfterAllAudio():
                        await heard.all_audio.wait()
                    case Failure(code, message):
                        await context.abort(code, message)
                    case Stay():
                        await asyncio.Event().wait()
                    case Vanish():
                        self._stop()
                        await asyncio.Event().wait()
                    case response:
                        yield response
            await heard.all_audio.wait()
        finally:
            reading.cancel()

    def _tell_changed(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    async def _read(self, requests: AsyncIterator[Any], heard: Heard) -> None:
        async for request in requests:
            heard.requests += 1
            asyncio.get_running_loop().call_soon(self._tell_changed)
            if request.streaming_config:
                heard.config = request.streaming_config
                heard.recognizer = getattr(request, "recognizer", "")
            if audio := request.audio if hasattr(request, "audio") else request.audio_content:
                heard.audio += audio
                heard.first_audio.set()
        heard.all_audio.set()


@asynccontextmanager
async def google_server(*script: Any, api: str = "v1") -> AsyncIterator[GoogleServer]:
    """A block in which the server runs on a port of 127.0.0.1. `script` has responses of that `api`."""
    service, request, response = SERVICES[api]
    running = grpc.aio.server()
    vanish = asyncio.Event()
    server = GoogleServer(script, vanish.set)
    method = grpc.stream_stream_rpc_method_handler(
        server.recognise,
        request_deserializer=request.deserialize,
        response_serializer=response.serialize,
    )
    running.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(service, {"StreamingRecognize": method}),)
    )
    server.endpoint = f"http://127.0.0.1:{running.add_insecure_port('127.0.0.1:0')}"
    await running.start()

    async def stop_when_told() -> None:
        await vanish.wait()
        await running.stop(None)

    stopping = asyncio.create_task(stop_when_told())
    try:
        yield server
    finally:
        if not vanish.is_set():  # else it stops already, and must not be broken off
            stopping.cancel()
        await asyncio.wait((stopping,))
        await running.stop(None)


def interim(text: str, stability: float = 0.0) -> "speech.StreamingRecognizeResponse":
    """What is understood so far."""
    return _response(
        speech.StreamingRecognitionResult(
            alternatives=[speech.SpeechRecognitionAlternative(transcript=text)], stability=stability
        )
    )


def final(text: str, confidence: float = 0.0) -> "speech.StreamingRecognizeResponse":
    """A stretch of speech, understood for good."""
    return _response(
        speech.StreamingRecognitionResult(
            alternatives=[speech.SpeechRecognitionAlternative(transcript=text, confidence=confidence)],
            is_final=True,
        )
    )


def speech_begins() -> "speech.StreamingRecognizeResponse":
    """Google heard a voice."""
    begins = speech.StreamingRecognizeResponse.SpeechEventType.SPEECH_ACTIVITY_BEGIN
    return speech.StreamingRecognizeResponse(speech_event_type=begins)


def _response(*results: "speech.StreamingRecognitionResult") -> "speech.StreamingRecognizeResponse":
    return speech.StreamingRecognizeResponse(results=list(results))
