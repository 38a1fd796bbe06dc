"""Google's voice with its own client, against a local server that speaks the published protocol."""

import asyncio
import io
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from google.cloud import texttospeech_v1 as speech

from offhook.call.errors import ProviderError
from offhook.speech.voice import VoiceOptions
from offhook.vendors.google_voice import GoogleVoice

DEADLINE_S = 30.0
SOUND = bytes(range(200)) * 200
SERVICE = "google.cloud.texttospeech.v1.TextToSpeech"
Act = Callable[[Any, Any], Awaitable[bytes]]


@asynccontextmanager
async def google(act: Act) -> AsyncIterator[tuple[str, list[Any]]]:
    """A block in which the server runs; its endpoint, and what it was asked."""
    asked: list[Any] = []

    async def synthesize(request: Any, context: Any) -> Any:
        asked.append(request)
        return speech.SynthesizeSpeechResponse(audio_content=await act(request, context))

    handler = grpc.unary_unary_rpc_method_handler(
        synthesize,
        request_deserializer=speech.SynthesizeSpeechRequest.deserialize,
        response_serializer=speech.SynthesizeSpeechResponse.serialize,
    )
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(SERVICE, {"SynthesizeSpeech": handler}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"http://127.0.0.1:{port}", asked
    finally:
        await server.stop(None)


async def well(request: Any, context: Any) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(request.audio_config.sample_rate_hertz)
        file.writeframes(SOUND)
    return out.getvalue()


async def spoken(voice: GoogleVoice, text: str, options: VoiceOptions) -> bytes:
    async with asyncio.timeout(DEADLINE_S):
        try:
            return b"".join([piece async for piece in voice.speak(text, options)])
        finally:
            await voice.close()


async def test_what_it_is_asked_and_what_is_heard() -> None:
    async with google(well) as (endpoint, asked):
        voice = GoogleVoice(endpoint=endpoint)
        extra = (("speaking_rate", 1.25), ("pitch", -2), ("unknown", 1))
        assert (
            await spoken(voice, "Hello \ud800.", VoiceOptions(language="en-US", voice="man", extra=extra))
            == SOUND
        )
        ssml = '<speak>Go to <say-as interpret-as="address">5 Main St</say-as></speak>'
        options = VoiceOptions(language="de-DE", voice="de-DE-Neural2-B", is_ssml=True)
        assert await spoken(GoogleVoice(endpoint=endpoint), ssml, options) == SOUND
        assert await spoken(GoogleVoice(endpoint=endpoint), "  ", options) == b""
    assert len(asked) == 2
    assert asked[0].input.text == "Hello ?."
    assert asked[0].voice.language_code == "en-US"
    assert asked[0].voice.ssml_gender == speech.SsmlVoiceGender.MALE
    assert asked[0].audio_config.audio_encoding == speech.AudioEncoding.LINEAR16
    assert asked[0].audio_config.sample_rate_hertz == 8000
    assert asked[0].audio_config.speaking_rate == 1.25
    assert asked[0].audio_config.pitch == -2.0
    assert asked[1].input.ssml == "<speak>Go to 5 Main St</speak>"
    assert asked[1].voice.name == "de-DE-Neural2-B"


@pytest.mark.parametrize(
    ("code", "retryable"),
    [
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, True),
        (grpc.StatusCode.PERMISSION_DENIED, False),
        (grpc.StatusCode.INVALID_ARGUMENT, False),
    ],
)
async def test_a_refusal_tells_its_code(code: Any, retryable: bool) -> None:
    async def refuse(request: Any, context: Any) -> bytes:
        await context.abort(code, "no such voice")
        return b""

    async with google(refuse) as (endpoint, _):
        with pytest.raises(ProviderError, match=f"{code.name}.*no such voice") as raised:
            await spoken(GoogleVoice(endpoint=endpoint), "Hello.", VoiceOptions())
    assert raised.value.retryable is retryable


async def test_down_slow_and_nonsense() -> None:
    async def stay(request: Any, context: Any) -> bytes:
        await asyncio.Event().wait()
        return b""

    async def nonsense(request: Any, context: Any) -> bytes:
        return b"not a sound"

    async with google(stay) as (endpoint, _):
        with pytest.raises(ProviderError, match="nothing within") as raised:
            await spoken(GoogleVoice(endpoint=endpoint, answer_s=0.5), "Hello.", VoiceOptions())
        assert raised.value.retryable
    with pytest.raises(ProviderError, match=r"UNAVAILABLE|nothing within") as raised:
        await spoken(GoogleVoice(endpoint=endpoint), "Hello.", VoiceOptions())
    assert raised.value.retryable
    async with google(nonsense) as (endpoint, _):
        with pytest.raises(ProviderError, match="WAV"):
            await spoken(GoogleVoice(endpoint=endpoint), "Hello.", VoiceOptions())
    with pytest.raises(ProviderError, match="speaking_rate must be from"):
        await spoken(GoogleVoice(endpoint=endpoint), "Hello.", VoiceOptions(extra=(("speaking_rate", 9),)))
