"""Google Cloud Speech-to-Text, version 1, streaming. https://cloud.google.com/speech-to-text/docs/reference/rpc

The client library is loaded and connected when it is first used. Credentials are Google's Application Default
Credentials. One stream an utterance; Google ends a stream after 305 seconds, which comes as a failure that can
be tried again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserCapabilities,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)

if TYPE_CHECKING:
    from google.cloud import speech_v1

VENDOR = "google"
FRAMES_A_REQUEST = 5
"""100 ms: each request costs, and Google recommends this much."""
WAITING_FRAMES = 500
"""Ten seconds may wait while the connection is being made; then the oldest are lost."""

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

log = structlog.get_logger()


class GoogleRecogniser:
    """Understands free speech and hints in some 70 languages.

    `model`: for languages without `telephony`, `phone_call` or `latest_short` do; Google lists which. `endpoint`:
    another address of the service, as `host:port`, or as `http://host:port` for one without TLS.
    """

    def __init__(self, *, model: str = "telephony", endpoint: str | None = None) -> None:
        self._model = model
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
        return RecogniserCapabilities(partials=True, free_speech=True, finds_end=True)

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator["GoogleRecognition"]:
        """A block that hears one utterance; leaving it cancels the stream."""
        recognition = GoogleRecognition()
        # A task of its own rather than a TaskGroup, which would wrap what the block itself raises.
        streaming = asyncio.create_task(self._stream(options, recognition))
        try:
            yield recognition
        finally:
            recognition.leave()
            streaming.cancel()
            await asyncio.wait((streaming,))

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            transport: Any = self._client.transport
            await transport.close()
            self._client = None

    async def _stream(self, options: RecogniserOptions, recognition: "GoogleRecognition") -> None:
        try:
            client = await self._connected()
            responses: Any = await client.streaming_recognize(
                requests=recognition.requests(self._config(options)),
                retry=None,  # a live stream cannot be sent again
            )
            try:
                async for response in responses:
                    recognition.take(response)
            finally:
                responses.cancel()
            recognition.tell(SpeechEnded())
        except Exception as error:  # noqa: BLE001  # the one place where whatever Google's library raises becomes an event
            recognition.tell(_failure(error))

    async def _connected(self) -> "speech_v1.SpeechAsyncClient":
        async with self._connecting:
            if self._client is None:
                connection = await asyncio.to_thread(_load, self._endpoint)
                self._client = _connect(self._endpoint, connection)
        return self._client

    def _config(self, options: RecogniserOptions) -> "speech_v1.StreamingRecognitionConfig":
        from google.cloud import speech_v1 as speech

        contexts = [speech.SpeechContext(phrases=list(options.hints))] if options.hints else []
        return speech.StreamingRecognitionConfig(
            config=speech.RecognitionConfig(
                encoding=speech.RecognitionConfig.AudioEncoding.LINEAR16,
                sample_rate_hertz=SAMPLE_RATE_HZ,
                language_code=options.language,
                model=self._model,
                speech_contexts=contexts,
            ),
            interim_results=options.partials,
            enable_voice_activity_events=True,
        )


class GoogleRecognition:
    """One utterance being heard."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[SpeechEvent] = asyncio.Queue()
        self._frames: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._is_finished = False
        self._is_over = False
        self._has_started = False
        self.frames_lost = 0
        """Frames that found no room."""

    def send(self, frame: bytes) -> None:
        """Hand over the next frame."""
        if self._is_finished or self._is_over:
            return
        if len(self._frames) >= WAITING_FRAMES:
            self._frames.popleft()
            self.frames_lost += 1
        self._frames.append(frame)
        if len(self._frames) >= FRAMES_A_REQUEST:
            self._more.set()

    def finish(self) -> None:
        """No more audio comes."""
        self._is_finished = True
        self._more.set()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return

    async def requests(
        self, config: "speech_v1.StreamingRecognitionConfig"
    ) -> AsyncIterator["speech_v1.StreamingRecognizeRequest"]:
        """What Google is sent: how to listen, then audio; ends when it was all."""
        from google.cloud import speech_v1 as speech

        yield speech.StreamingRecognizeRequest(streaming_config=config)
        while True:
            await self._more.wait()
            while len(self._frames) >= FRAMES_A_REQUEST or (self._is_finished and self._frames):
                count = min(FRAMES_A_REQUEST, len(self._frames))
                audio = b"".join(self._frames.popleft() for _ in range(count))
                yield speech.StreamingRecognizeRequest(audio_content=audio)
            if self._is_finished:
                return
            self._more.clear()

    def take(self, response: "speech_v1.StreamingRecognizeResponse") -> None:
        """Turn a response into events. Raises what its error says."""
        from google.api_core import exceptions
        from google.cloud import speech_v1 as speech

        if response.error.code:
            from_code: Any = exceptions.from_grpc_status
            raise from_code(response.error.code, response.error.message)
        begins = speech.StreamingRecognizeResponse.SpeechEventType.SPEECH_ACTIVITY_BEGIN
        if response.results or response.speech_event_type == begins:
            self._start()
        understood = [result for result in response.results if result.alternatives]
        for result in understood:
            if result.is_final:
                best = result.alternatives[0]
                self.tell(Final(best.transcript.strip(), best.confidence or None))
        if interim := [result for result in understood if not result.is_final]:
            text = "".join(result.alternatives[0].transcript for result in interim).strip()
            self.tell(Partial(text, interim[0].stability or None))

    def tell(self, event: SpeechEvent) -> None:
        """Add an event, unless recognition is over."""
        if self._is_over:
            return
        self._is_over = isinstance(event, SpeechEnded | SpeechFailed)
        self._events.put_nowait(event)

    def leave(self) -> None:
        """Nobody listens any more."""
        self._is_over = True
        if self.frames_lost:
            log.warning("recogniser.frames_lost", vendor=VENDOR, count=self.frames_lost)

    def _start(self) -> None:
        if not self._has_started:
            self._has_started = True
            self.tell(SpeechStarted())


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
