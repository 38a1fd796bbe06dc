"""Deepgram, streaming over WebSocket. https://developers.deepgram.com/reference/speech-to-text/listen-streaming

Its client library would add an HTTP stack and build this URL; the protocol itself is one URL and three messages.
"""

import json
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from picows import WSInvalidStatusError

from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions, SpeechFailed
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.streamed import (
    StreamedRecognition,
    VendorFailed,
    converse,
    streamed,
    warn_of_unhonoured,
)
from offhook.vendors.websocket import WebSocket, explain, websocket

VENDOR = "deepgram"
URL = "wss://api.deepgram.com/v1/listen"
FRAMES_A_MESSAGE = 2
STOP = '{"type":"CloseStream"}'
"""No more audio comes; Deepgram then says its last words and closes."""
ENDPOINTING_MS = 500
"""Silence after which Deepgram finds the end of what was said; by itself it does after 10 ms, which is within a word."""
CREDENTIALS = "OFFHOOK_DEEPGRAM_KEY"
KEYTERM_MODELS = ("nova-3", "flux")
"""Models that take hints as they are; those before take them with a boost."""


class DeepgramRecogniser:
    """Understands free speech and hints. `url`: another address of the service, ws:// or wss://."""

    def __init__(self, key: str, *, model: str = "nova-3", url: str = URL) -> None:
        self._headers = {"Authorization": f"Token {key}"}
        self._model = model
        self._url = url

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What Deepgram can do with the model of the settings."""
        options = {"hints", "punctuation", "profanity_filter", "model", "single_utterance"}
        if not _takes_terms(self._model):
            options.add("hints_boost")
        return RecogniserCapabilities(
            partials=True, free_speech=True, finds_end=True, options=frozenset(options)
        )

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance; leaving it closes the connection at once."""
        warn_of_unhonoured(VENDOR, options, self.capabilities)
        recognition = StreamedRecognition(VENDOR, frames_a_message=FRAMES_A_MESSAGE)

        async def work() -> None:
            async with websocket(self._address(options), self._headers) as socket:
                await converse(_send(socket, recognition), _Reading(recognition, options).read(socket))

        return streamed(recognition, work, _explain)

    async def close(self) -> None:
        """There is nothing to let go of: each utterance has its own connection."""

    def _address(self, options: RecogniserOptions) -> str:
        model = options.model or self._model
        query: list[tuple[str, str | int]] = [
            ("encoding", "linear16"),
            ("sample_rate", SAMPLE_RATE_HZ),
            ("channels", 1),
            ("model", model),
            ("language", options.language),
            ("interim_results", _spelt(options.partials)),
            ("vad_events", "true"),
            ("endpointing", ENDPOINTING_MS),
        ]
        if options.punctuation is not None:
            query.append(("punctuate", _spelt(options.punctuation)))
        if options.profanity_filter is not None:
            query.append(("profanity_filter", _spelt(options.profanity_filter)))
        query += [_hint(hint, model, options.hints_boost) for hint in options.hints]
        return f"{self._url}?{urlencode(query)}"


async def _send(socket: WebSocket, recognition: StreamedRecognition) -> None:
    async for audio in recognition.audio():
        await socket.send(audio)
    await socket.send(STOP)


class _Reading:
    """What Deepgram says, as events. It settles words in pieces while somebody goes on speaking, each final for itself; to
    whoever listens they are final once the speaker has stopped."""

    def __init__(self, recognition: StreamedRecognition, options: RecogniserOptions) -> None:
        self._recognition = recognition
        self._wants_partials = options.partials
        self._ends = options.single_utterance
        self._settled: list[str] = []
        self._confidences: list[float] = []

    async def read(self, socket: WebSocket) -> None:
        """Read until the end. Raises VendorFailed."""
        try:
            async for message in socket.messages():
                try:
                    self._take(json.loads(message))
                except (ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError):
                    self._recognition.drop("it is not what Deepgram sends")
        finally:
            self._tell_settled()
        socket.say_goodbye(was_told_to_stop=self._recognition.is_finished)

    def _take(self, message: dict[str, Any]) -> None:
        match message.get("type"):
            case "Results":
                best = message["channel"]["alternatives"][0]
                self._words(
                    str(best["transcript"]),
                    best.get("confidence"),
                    is_settled=bool(message["is_final"]),
                    has_stopped=bool(message.get("speech_final")),
                )
            case "SpeechStarted":
                self._recognition.started()
            case "Error":
                told = line(str(message.get("description") or message.get("message") or "error"))
                raise VendorFailed(f"Deepgram says: {told[:MOST_DETAIL_CHARACTERS]}", retryable=True)
            case "Metadata" | "UtteranceEnd":
                pass
            case _:
                self._recognition.drop("its type is unknown")

    def _words(self, text: str, confidence: Any, *, is_settled: bool, has_stopped: bool) -> None:
        if is_settled and text.strip():
            self._settled.append(text)
            if isinstance(confidence, float):
                self._confidences.append(confidence)
        if is_settled and (has_stopped or self._recognition.is_finished):
            self._tell_settled()
        elif text.strip():
            self._so_far(text if not is_settled else "")

    def _so_far(self, unsettled: str) -> None:
        if self._wants_partials:
            self._recognition.partial(" ".join((*self._settled, unsettled)))
        else:
            self._recognition.started()

    def _tell_settled(self) -> None:
        if not self._settled:
            return
        self._recognition.final(" ".join(self._settled), min(self._confidences, default=None))
        self._settled.clear()
        self._confidences.clear()
        if self._ends:
            self._recognition.finish()


def _hint(hint: str, model: str, boost: float | None) -> tuple[str, str]:
    if _takes_terms(model):
        return "keyterm", hint
    return "keywords", hint if boost is None else f"{hint}:{boost:g}"


def _takes_terms(model: str) -> bool:
    return model.startswith(KEYTERM_MODELS)


def _spelt(value: bool) -> str:
    return "true" if value else "false"


def _explain(error: Exception) -> SpeechFailed:
    failure = explain(error, "Deepgram", CREDENTIALS)
    response = error.response if isinstance(error, WSInvalidStatusError) else None
    if response is not None and int(response.status) == HTTPStatus.BAD_REQUEST:
        # Its answer to a language and a model that it does not have together.
        return replace(failure, kind=FailureKind.NEEDS_MODEL)
    return failure
