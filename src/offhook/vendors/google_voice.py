"""Google Cloud Text-to-Speech, version 1. https://cloud.google.com/text-to-speech/docs/reference/rpc

The client library is one of those that come when asked for (the extra `google-voice`), and is loaded when it is first used.
Credentials are Google's Application Default Credentials. A text is answered as a whole, so long ones are best sent sentence
by sentence.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from offhook.call.errors import ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.spoken_form import with_say_as_in_words
from offhook.speech.voice import VoiceOptions
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line, shortened
from offhook.vendors.sound_reading import Allowance, NotSound, WavReading

VENDOR = "google"
ANSWER_S = 10.0
READ_WELL = frozenset(
    [
        "characters",
        "spell-out",
        "verbatim",
        "cardinal",
        "ordinal",
        "fraction",
        "date",
        "time",
        "telephone",
        "currency",
    ]
)
"""Kinds of say-as that the service reads by itself."""
RETRYABLE = frozenset(
    ["ABORTED", "CANCELLED", "DEADLINE_EXCEEDED", "INTERNAL", "RESOURCE_EXHAUSTED", "UNAVAILABLE", "UNKNOWN"]
)
"""gRPC codes after which another try may go well."""
NUMBERS = {"speaking_rate": (0.25, 4.0), "pitch": (-20.0, 20.0), "volume_gain_db": (-96.0, 16.0)}
"""Options of its own, and what they may be."""
PIECE_BYTES = 16_000


class GoogleVoice:
    """Speaks some 50 languages. `endpoint`: another address of the service, as `host:port`, or as `http://host:port` for
    one without TLS."""

    def __init__(self, *, endpoint: str | None = None, answer_s: float = ANSWER_S) -> None:
        self._endpoint = endpoint
        self._answer_s = answer_s
        self._client: Any = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM of the text; nothing for one without words. Raises ProviderError."""
        if not text.strip():
            return
        try:
            async with asyncio.timeout(self._answer_s):
                client = await self._connected()
                answer = await client.synthesize_speech(
                    request=_request(text, options), retry=None, timeout=None
                )
            reading = WavReading()
            pcm = Allowance(text).spent_on(reading.feed(answer.audio_content) + reading.finish())
        except ProviderError:
            raise
        except TimeoutError as error:
            words = f"it sent nothing within {self._answer_s:g} s"
            raise ProviderError(VENDOR, words, retryable=True) from error
        except NotSound as what:
            raise ProviderError(
                VENDOR, f"it answered with {what} where sound was asked for", retryable=False
            ) from what
        except ImportError as error:
            words = "its library is not there: install offhook[google-voice]"
            raise ProviderError(VENDOR, words, retryable=False) from error
        except Exception as error:  # the one place where whatever Google's library raises gets our name
            raise _failure(error) from error
        for at in range(0, len(pcm), PIECE_BYTES):
            yield pcm[at : at + PIECE_BYTES]

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            await self._client.transport.close()
            self._client = None

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None:
                credentials = await asyncio.to_thread(_load, self._endpoint)
                self._client = _connect(self._endpoint, credentials)
        return self._client


def _request(text: str, options: VoiceOptions) -> Any:
    from google.cloud import texttospeech_v1 as speech

    said = with_say_as_in_words(text, options.language, keep=READ_WELL) if options.is_ssml else text
    gender: Any = {"man": speech.SsmlVoiceGender.MALE, "woman": speech.SsmlVoiceGender.FEMALE}.get(
        options.voice
    )
    voice = speech.VoiceSelectionParams(language_code=options.language)
    if gender is not None:
        voice.ssml_gender = gender
    elif options.voice:
        voice.name = options.voice
    audio = speech.AudioConfig(audio_encoding=speech.AudioEncoding.LINEAR16, sample_rate_hertz=SAMPLE_RATE_HZ)
    for name, value in options.extra:
        if name in NUMBERS:
            least, most = NUMBERS[name]
            if isinstance(value, str) or not least <= value <= most:
                raise ProviderError(VENDOR, f"{name} must be from {least:g} to {most:g}", retryable=False)
            setattr(audio, name, float(value))
    clean = said.encode(errors="replace").decode()
    return speech.SynthesizeSpeechRequest(
        input=speech.SynthesisInput(ssml=clean) if options.is_ssml else speech.SynthesisInput(text=clean),
        voice=voice,
        audio_config=audio,
    )


def _load(endpoint: str | None) -> Any:
    """Import the library (half a second) and find credentials (may ask a metadata server): work for a thread."""
    from google import auth
    from google.cloud import texttospeech_v1 as _  # noqa: F401

    if endpoint is not None and endpoint.startswith("http://"):
        return None
    credentials, _project = auth.default(scopes=("https://www.googleapis.com/auth/cloud-platform",))
    return credentials


def _connect(endpoint: str | None, credentials: Any) -> Any:
    """The client; gRPC ties its channel to the running event loop."""
    import grpc.aio
    from google.api_core.client_options import ClientOptions
    from google.cloud import texttospeech_v1 as speech
    from google.cloud.texttospeech_v1.services.text_to_speech.transports import (
        TextToSpeechGrpcAsyncIOTransport,
    )

    if endpoint is not None and endpoint.startswith("http://"):
        address = endpoint.removeprefix("http://").rstrip("/")
        transport = TextToSpeechGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(address))
        return speech.TextToSpeechAsyncClient(transport=transport)
    options = ClientOptions(api_endpoint=endpoint) if endpoint is not None else None
    return speech.TextToSpeechAsyncClient(credentials=credentials, client_options=options)


def _failure(error: Exception) -> ProviderError:
    code = getattr(error, "grpc_status_code", None)
    if code is None and callable(own := getattr(error, "code", None)):
        code = own()
    name = code.name if code is not None and hasattr(code, "name") else type(error).__name__
    message = shortened(line(str(getattr(error, "message", None) or error)), MOST_DETAIL_CHARACTERS)
    return ProviderError(VENDOR, f"{name}: {message}", retryable=name in RETRYABLE)
