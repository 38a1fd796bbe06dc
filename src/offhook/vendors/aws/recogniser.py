"""Amazon Transcribe, streaming over WebSocket. https://docs.aws.amazon.com/transcribe/latest/dg/streaming-websocket.html

Its client library needs HTTP/2 or a newer Python; the WebSocket way needs neither.
"""

import json
import os
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions, SpeechFailed
from offhook.vendors.aws.event_stream import Malformed, read_message, write_message
from offhook.vendors.aws.signing import Credentials, NoCredentials, find_credentials, presigned
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.streamed import (
    StreamedRecognition,
    VendorFailed,
    converse,
    streamed,
    warn_of_unhonoured,
)
from offhook.vendors.websocket import WebSocket, explain, websocket

VENDOR = "aws"
SERVICE = "transcribe"
PATH = "/stream-transcription-websocket"
FRAMES_A_MESSAGE = 5
"""100 ms: Amazon recommends 50 to 200."""
EXPIRES_S = 300
"""The most that Amazon takes; a signature is used at once."""
AUDIO = {
    ":content-type": "application/octet-stream",
    ":event-type": "AudioEvent",
    ":message-type": "event",
}
OPTIONS = frozenset(("vocabulary_name", "vocabulary_filter_name", "vocabulary_filter_method"))
RETRYABLE = ("LimitExceededException", "InternalFailureException", "ServiceUnavailableException")


class AwsRecogniser:
    """Understands free speech. `url`: another address of the service, as ws://host:port or wss://host.

    Without `credentials` they are found when they are needed, so that new ones are used without a restart.
    """

    def __init__(
        self, *, region: str, url: str | None = None, credentials: Credentials | None = None
    ) -> None:
        self._region = region
        self._url = (url or f"wss://transcribestreaming.{region}.amazonaws.com:8443").rstrip("/") + PATH
        self._credentials = credentials

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What Transcribe can do; words that it should expect are kept there, in a vocabulary."""
        return RecogniserCapabilities(partials=True, free_speech=True, finds_end=True, options=OPTIONS)

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance; leaving it closes the connection at once."""
        warn_of_unhonoured(VENDOR, options, self.capabilities)
        recognition = StreamedRecognition(VENDOR, frames_a_message=FRAMES_A_MESSAGE)

        async def work() -> None:
            async with websocket(self._address(options), {}) as socket:
                await converse(_send(socket, recognition), _read(socket, recognition, options))

        return streamed(recognition, work, _explain)

    async def close(self) -> None:
        """There is nothing to let go of: each utterance has its own connection."""

    def _address(self, options: RecogniserOptions) -> str:
        query = [
            ("language-code", options.language),
            ("media-encoding", "pcm"),
            ("sample-rate", str(SAMPLE_RATE_HZ)),
        ]
        if options.vocabulary_name is not None:
            query.append(("vocabulary-name", options.vocabulary_name))
        if options.vocabulary_filter_name is not None:
            query.append(("vocabulary-filter-name", options.vocabulary_filter_name))
        if options.vocabulary_filter_method is not None:
            query.append(("vocabulary-filter-method", options.vocabulary_filter_method.value))
        return presigned(
            self._url,
            query,
            self._credentials or find_credentials(os.environ),
            region=self._region,
            service=SERVICE,
            at=datetime.now(UTC),
            expires_s=EXPIRES_S,
        )


async def _send(socket: WebSocket, recognition: StreamedRecognition) -> None:
    async for audio in recognition.audio():
        await socket.send(write_message(AUDIO, audio))
    await socket.send(write_message(AUDIO, b""))


async def _read(socket: WebSocket, recognition: StreamedRecognition, options: RecogniserOptions) -> None:
    async for message in socket.messages():
        try:
            if isinstance(message, str):
                raise Malformed("it is text")
            headers, payload = read_message(message)
            content = json.loads(payload)
            if headers.get(":message-type") == "exception":
                raise _refusal(headers.get(":exception-type", "an exception"), content)
            if headers.get(":event-type") == "TranscriptEvent":
                _take(content["Transcript"]["Results"], recognition, options)
        except (ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError):
            recognition.drop("it is not what Transcribe sends")
    socket.say_goodbye(was_told_to_stop=recognition.is_finished)


def _take(
    results: list[dict[str, Any]], recognition: StreamedRecognition, options: RecogniserOptions
) -> None:
    for result in results:
        if not result["Alternatives"]:
            continue
        best = result["Alternatives"][0]
        text = str(best["Transcript"])
        if not result["IsPartial"]:
            recognition.final(text, _mean_confidence(best.get("Items") or ()))
        elif options.partials:
            recognition.partial(text)
        else:
            recognition.started()


def _mean_confidence(items: Any) -> float | None:
    """Transcribe tells that of each word."""
    known = [item["Confidence"] for item in items if isinstance(item.get("Confidence"), float)]
    return round(sum(known) / len(known), 4) if known else None


def _refusal(kind: str, content: Any) -> VendorFailed:
    told = line(str(content.get("Message") or ""))[:MOST_DETAIL_CHARACTERS]
    # Of what varies in a request, only the language and the vocabularies can be bad.
    failure = FailureKind.NEEDS_MODEL if kind == "BadRequestException" else FailureKind.BROKEN
    return VendorFailed(f"{line(kind)[:80]}: {told}", retryable=kind in RETRYABLE, kind=failure)


def _explain(error: Exception) -> SpeechFailed:
    if isinstance(error, NoCredentials):
        return SpeechFailed(FailureKind.BROKEN, str(error))
    return explain(error, "Amazon Transcribe", "the AWS credentials and OFFHOOK_AWS_REGION")
