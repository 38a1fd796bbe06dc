"""Google Cloud Speech-to-Text, version 1, streaming. https://cloud.google.com/speech-to-text/docs/reference/rpc

The client library is loaded and connected when it is first used. Credentials are Google's Application Default
Credentials. Google ends a stream after 305 seconds, so an utterance that lasts has several.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions, SpeechFailed
from offhook.vendors.google_request import OPTIONS, write_config
from offhook.vendors.google_stream import StreamSpan
from offhook.vendors.streamed import StreamedRecognition, streamed, warn_of_unhonoured

if TYPE_CHECKING:
    from google.cloud import speech_v1

VENDOR = "google"
FRAMES_A_REQUEST = 5
"""100 ms: each request costs, and Google recommends this much."""
LASTED_S = 60.0
"""A stream that is told that it lasted too long before this did not."""

NO_MODEL = frozenset(("INVALID_ARGUMENT", "NOT_FOUND", "UNIMPLEMENTED"))
"""gRPC codes for a language or a model that Google does not have: the only things in a request that vary."""
RETRYABLE = frozenset(
    (
        "ABORTED",
        "CANCELLED",
        "DEADLINE_EXCEEDED",
        "INTERNAL",
        "OUT_OF_RANGE",
        "RESOURCE_EXHAUSTED",
        "UNAVAILABLE",
        "UNKNOWN",
    )
)
"""gRPC codes after which a new stream may go well. OUT_OF_RANGE is what a stream that lasted too long gets."""


class GoogleRecogniser:
    """Understands free speech and hints in some 70 languages.

    `model`: for languages without `telephony`, `phone_call` or `latest_short` do; Google lists which. `endpoint`:
    another address of the service, as `host:port`, or as `http://host:port` for one without TLS.
    """

    def __init__(
        self,
        *,
        model: str = "telephony",
        endpoint: str | None = None,
        span: Callable[[], StreamSpan] = StreamSpan,
    ) -> None:
        """`span` tells for each stream when another is to follow."""
        self._model = model
        self._span = span
        self._endpoint = endpoint
        self._client: speech_v1.SpeechAsyncClient | None = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What Google can do."""
        return RecogniserCapabilities(partials=True, free_speech=True, finds_end=True, options=OPTIONS)

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance; leaving it cancels the stream."""
        warn_of_unhonoured(VENDOR, options, self.capabilities)
        recognition = StreamedRecognition(VENDOR, frames_a_message=FRAMES_A_REQUEST)

        async def work() -> None:
            client, config = await self._connected(), write_config(options, self._model)
            again: tuple[bytes, ...] | None = ()
            while again is not None:
                stream = GoogleStream(recognition, self._span(), again)
                again = await stream.run(client, config)

        return streamed(recognition, work, _failure)

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            transport: Any = self._client.transport
            await transport.close()
            self._client = None

    async def _connected(self) -> "speech_v1.SpeechAsyncClient":
        async with self._connecting:
            if self._client is None:
                connection = await asyncio.to_thread(_load, self._endpoint)
                self._client = _connect(self._endpoint, connection)
        return self._client


class GoogleStream:
    """One stream of an utterance. An utterance that lasts has several: what no final covers is sent again."""

    def __init__(self, recognition: StreamedRecognition, span: StreamSpan, again: tuple[bytes, ...]) -> None:
        self._recognition = recognition
        self._span = span
        self._again = again
        self._is_due = False
        self._is_cut = False
        self._cutting = asyncio.Event()

    async def run(
        self, client: "speech_v1.SpeechAsyncClient", config: "speech_v1.StreamingRecognitionConfig"
    ) -> tuple[bytes, ...] | None:
        """Hear until the end, or until another stream should follow: what that one hears first, or None."""
        responses: Any = await client.streaming_recognize(
            requests=self._requests(config),
            retry=None,  # a live stream cannot be sent again
        )
        reading = asyncio.create_task(self._read(responses))
        cutting = asyncio.create_task(self._cutting.wait())
        try:
            await asyncio.wait((reading, cutting), return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        except Exception as error:
            if not self._lasted_too_long(error):
                raise
            self._is_due = self._is_cut = True
        finally:
            reading.cancel()
            cutting.cancel()
            await asyncio.gather(reading, cutting, return_exceptions=True)
            responses.cancel()
        if not self._is_due:
            return None
        return self._span.replay() if self._is_cut else ()

    async def _requests(
        self, config: "speech_v1.StreamingRecognitionConfig"
    ) -> AsyncIterator["speech_v1.StreamingRecognizeRequest"]:
        """What Google is sent: how to listen, then audio; ends when it was all, or too much to be said again."""
        from google.cloud import speech_v1 as speech

        yield speech.StreamingRecognizeRequest(streaming_config=config)
        for audio in self._again:
            self._span.sent(audio)
            yield speech.StreamingRecognizeRequest(audio_content=audio)
        while not self._span.is_due:
            audio_or_end = await self._recognition.next_audio()
            if audio_or_end is None:
                return
            self._span.sent(audio_or_end)
            yield speech.StreamingRecognizeRequest(audio_content=audio_or_end)
        self._is_due = True
        if self._span.can_be_cut:
            self._is_cut = True
            self._cutting.set()
            await asyncio.Event().wait()

    async def _read(self, responses: Any) -> None:
        async for response in responses:
            self._take(response)

    def _take(self, response: "speech_v1.StreamingRecognizeResponse") -> None:
        """Turn a response into events. Raises what its error says."""
        from google.api_core import exceptions
        from google.cloud import speech_v1 as speech

        if response.error.code:
            from_code: Any = exceptions.from_grpc_status
            raise from_code(response.error.code, response.error.message)
        kinds = speech.StreamingRecognizeResponse.SpeechEventType
        if response.results or response.speech_event_type == kinds.SPEECH_ACTIVITY_BEGIN:
            self._recognition.started()
        if response.speech_event_type == kinds.END_OF_SINGLE_UTTERANCE:
            self._recognition.finish()
        understood = [result for result in response.results if result.alternatives]
        for result in understood:
            if result.is_final:
                best = result.alternatives[0]
                self._span.heard(final_until_s=result.result_end_time.total_seconds())
                self._recognition.final(best.transcript, best.confidence or None)
        if interim := [result for result in understood if not result.is_final]:
            self._span.heard(final_until_s=None)
            text = "".join(result.alternatives[0].transcript for result in interim)
            self._recognition.partial(text, interim[0].stability or None)

    def _lasted_too_long(self, error: Exception) -> bool:
        """Google ends a stream before we do, where it counts differently; one that just began it has not."""
        code = getattr(error, "grpc_status_code", None)
        return code is not None and code.name == "OUT_OF_RANGE" and self._span.sent_s >= LASTED_S


def _load(endpoint: str | None) -> Any:
    """Import the library (half a second) and find credentials (may ask a metadata server): work for a thread."""
    from google import auth
    from google.cloud import speech_v1 as _  # noqa: F401

    if _is_plain(endpoint):
        return None
    credentials, _project = auth.default(scopes=("https://www.googleapis.com/auth/cloud-platform",))
    return credentials


def _connect(endpoint: str | None, credentials: Any) -> "speech_v1.SpeechAsyncClient":
    """The client; gRPC ties its channel to the running event loop."""
    import grpc.aio
    from google.api_core.client_options import ClientOptions
    from google.cloud import speech_v1 as speech
    from google.cloud.speech_v1.services.speech.transports import SpeechGrpcAsyncIOTransport

    if endpoint is not None and _is_plain(endpoint):
        address = endpoint.removeprefix("http://").rstrip("/")
        transport = SpeechGrpcAsyncIOTransport(channel=grpc.aio.insecure_channel(address))
        return speech.SpeechAsyncClient(transport=transport)
    options = ClientOptions(api_endpoint=endpoint) if endpoint is not None else None
    return speech.SpeechAsyncClient(credentials=credentials, client_options=options)


def _is_plain(endpoint: str | None) -> bool:
    return endpoint is not None and endpoint.startswith("http://")


def _failure(error: Exception) -> SpeechFailed:
    """What an exception of the library means. Its gRPC code decides; without one nothing speaks for a retry."""
    code = getattr(error, "grpc_status_code", None) or _own_code(error)
    name = code.name if code is not None else type(error).__name__
    message = getattr(error, "message", None) or str(error)
    kind = FailureKind.NEEDS_MODEL if name in NO_MODEL else FailureKind.BROKEN
    return SpeechFailed(kind, f"{name}: {message}", retryable=name in RETRYABLE)


def _own_code(error: Exception) -> Any:
    """The code of an exception that comes from gRPC itself."""
    code = getattr(error, "code", None)
    return code() if callable(code) else None
