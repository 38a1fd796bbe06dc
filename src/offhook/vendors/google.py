"""Google Cloud Speech-to-Text, streaming, by either version of its API. https://cloud.google.com/speech-to-text/docs

The client library is loaded and connected when it is first used. Credentials are Google's Application Default
Credentials. Google ends a stream after 305 seconds, so an utterance that lasts has several.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions, SpeechFailed
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line, shortened
from offhook.vendors.google_answer import Answer
from offhook.vendors.google_stream import StreamSpan
from offhook.vendors.google_v1 import GoogleV1
from offhook.vendors.streamed import StreamedRecognition, streamed, warn_of_unhonoured

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


class GoogleApi(Protocol):
    """A version of the API. What it makes and reads are messages of Google's library."""

    @property
    def options(self) -> frozenset[str]:
        """What it honours of `RecogniserOptions`."""

    @property
    def ends_single_utterances(self) -> bool:
        """Whether Google ends after the first utterance where that is asked for; else that is ours to do."""

    @property
    def host(self) -> str | None:
        """Where it is reached; None for the library's own address."""

    def load(self) -> None:
        """Import the library."""

    def client(self, channel: Any, *, credentials: Any, client_options: Any) -> Any:
        """The client, over a channel where there is one."""

    def opening(self, options: RecogniserOptions, model: str) -> Any:
        """The first request of a stream."""

    def audio(self, pcm: bytes) -> Any:
        """Those that follow."""

    def read(self, response: Any) -> Answer:
        """What a response says. Raises what its error says."""


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
        api: GoogleApi | None = None,
        span: Callable[[], StreamSpan] = StreamSpan,
    ) -> None:
        """`api`: v1 unless another is given. `span` tells for each stream when another is to follow."""
        self._api = api or GoogleV1()
        self._model = model
        self._span = span
        self._endpoint = endpoint
        self._client: Any = None
        self._connecting = asyncio.Lock()

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What Google can do."""
        return RecogniserCapabilities(
            partials=True, free_speech=True, finds_end=True, options=self._api.options
        )

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance; leaving it cancels the stream."""
        warn_of_unhonoured(VENDOR, options, self.capabilities)
        recognition = StreamedRecognition(VENDOR, frames_a_message=FRAMES_A_REQUEST)

        async def work() -> None:
            client = await self._connected()
            opening = self._api.opening(options, self._model)
            ends = options.single_utterance and not self._api.ends_single_utterances
            again: tuple[bytes, ...] | None = ()
            while again is not None:
                stream = GoogleStream(self._api, recognition, self._span(), again, ends=ends)
                again = await stream.run(client, opening)

        return streamed(recognition, work, _failure)

    async def close(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            await self._client.transport.close()
            self._client = None

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None:
                endpoint = self._endpoint or self._api.host
                credentials = await asyncio.to_thread(_load, self._api, endpoint)
                self._client = _connect(self._api, endpoint, credentials)
        return self._client


class GoogleStream:
    """One stream of an utterance. An utterance that lasts has several: what no final covers is sent again."""

    def __init__(
        self,
        api: GoogleApi,
        recognition: StreamedRecognition,
        span: StreamSpan,
        again: tuple[bytes, ...],
        *,
        ends: bool,
    ) -> None:
        """`again`: what it hears first. `ends`: whether the first final is the end."""
        self._api = api
        self._ends = ends
        self._recognition = recognition
        self._span = span
        self._again = again
        self._is_due = False
        self._is_cut = False
        self._cutting = asyncio.Event()

    async def run(self, client: Any, opening: Any) -> tuple[bytes, ...] | None:
        """Hear until the end, or until another stream should follow: what that one hears first, or None."""
        responses: Any = await client.streaming_recognize(
            requests=self._requests(opening),
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

    async def _requests(self, opening: Any) -> AsyncIterator[Any]:
        """What Google is sent: how to listen, then audio; ends when it was all, or too much to be said again."""
        yield opening
        for audio in self._again:
            self._span.sent(audio)
            yield self._api.audio(audio)
        while not self._span.is_due:
            audio_or_end = await self._recognition.next_audio()
            if audio_or_end is None:
                return
            self._span.sent(audio_or_end)
            yield self._api.audio(audio_or_end)
        self._is_due = True
        if self._span.can_be_cut:
            self._is_cut = True
            self._cutting.set()
            await asyncio.Event().wait()

    async def _read(self, responses: Any) -> None:
        async for response in responses:
            self._take(self._api.read(response))

    def _take(self, answer: Answer) -> None:
        """Turn an answer into events."""
        if answer.has_speech:
            self._recognition.started()
        if answer.is_last:
            self._recognition.finish()
        for result in answer.results:
            if result.is_final:
                self._span.heard(final_until_s=result.until_s)
                self._recognition.final(result.text, result.confidence)
                if self._ends and result.text.strip():
                    self._recognition.finish()
        if interim := [result for result in answer.results if not result.is_final]:
            self._span.heard(final_until_s=None)
            self._recognition.partial("".join(result.text for result in interim), interim[0].stability)

    def _lasted_too_long(self, error: Exception) -> bool:
        """Google ends a stream before we do, where it counts differently; one that just began it has not."""
        code = getattr(error, "grpc_status_code", None)
        return code is not None and code.name == "OUT_OF_RANGE" and self._span.sent_s >= LASTED_S


def _load(api: GoogleApi, endpoint: str | None) -> Any:
    """Import the library (half a second) and find credentials (may ask a metadata server): work for a thread."""
    from google import auth

    api.load()
    if _is_plain(endpoint):
        return None
    credentials, _project = auth.default(scopes=("https://www.googleapis.com/auth/cloud-platform",))
    return credentials


def _connect(api: GoogleApi, endpoint: str | None, credentials: Any) -> Any:
    """The client; gRPC ties its channel to the running event loop."""
    import grpc.aio
    from google.api_core.client_options import ClientOptions

    channel = None
    if endpoint is not None and _is_plain(endpoint):
        channel = grpc.aio.insecure_channel(endpoint.removeprefix("http://").rstrip("/"))
    options = ClientOptions(api_endpoint=endpoint) if endpoint is not None else None
    return api.client(channel, credentials=credentials, client_options=options)


def _is_plain(endpoint: str | None) -> bool:
    return endpoint is not None and endpoint.startswith("http://")


def _failure(error: Exception) -> SpeechFailed:
    """What an exception of the library means. Its gRPC code decides; without one nothing speaks for a retry."""
    code = getattr(error, "grpc_status_code", None) or _own_code(error)
    name = code.name if code is not None else type(error).__name__
    message = getattr(error, "message", None) or str(error)
    kind = FailureKind.NEEDS_MODEL if name in NO_MODEL else FailureKind.BROKEN
    return SpeechFailed(
        kind, f"{name}: {shortened(line(str(message)), MOST_DETAIL_CHARACTERS)}", retryable=name in RETRYABLE
    )


def _own_code(error: Exception) -> Any:
    """The code of an exception that comes from gRPC itself."""
    code = getattr(error, "code", None)
    return code() if callable(code) else None
