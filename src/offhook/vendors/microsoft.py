"""Azure AI Speech, through Microsoft's own library, which is an extra: pip install 'offhook[microsoft]'.

The library is closed, runs threads of its own, and calls back from them. It is loaded when it is first used.
"""

import asyncio
import json
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from threading import Thread
from typing import Any

from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions, SpeechFailed
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.streamed import (
    LAST_WORDS_S,
    StreamedRecognition,
    VendorFailed,
    streamed,
    warn_of_unhonoured,
)
from offhook.verbs.recogniser_options import OutputFormat, Profanity

VENDOR = "microsoft"
FRAMES_A_MESSAGE = 5
CREDENTIALS = "OFFHOOK_MICROSOFT_KEY and OFFHOOK_MICROSOFT_REGION"
OWN_ADDRESS = re.compile(
    r"wss://(?:[a-z0-9-]+\.)+"
    r"(?:speech\.microsoft\.com|speech\.azure\.(?:us|cn)|cognitiveservices\.azure\.(?:com|us|cn))"
    r"(?::443)?(?:[/?][!-\[\]-~]*)?",
    re.IGNORECASE,
)
"""Where a custom endpoint may be: an application names it, and the operator's key goes there. Other names of Microsoft's, such
as cloudapp.azure.com, are given to machines of anybody's; and no backslash, which is read in more than one way."""
OPTIONS = frozenset(
    (
        *("hints", "alternative_languages", "punctuation", "profanity_filter", "profanity"),
        *("output_format", "request_snr", "initial_speech_timeout_s", "service_endpoint"),
    )
)
RETRYABLE = (
    *("ConnectionFailure", "ServiceTimeout", "ServiceError", "ServiceUnavailable", "TooManyRequests"),
    "ServiceRedirectTemporary",
)


class MicrosoftRecogniser:
    """Understands free speech and hints. `host`: another address of the service, as wss://host or ws://host:port."""

    def __init__(self, key: str, *, region: str | None = None, host: str | None = None) -> None:
        """Needs `region` or `host`."""
        self._key = key
        self._region = region
        self._host = host

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What Azure can do."""
        return RecogniserCapabilities(partials=True, free_speech=True, finds_end=True, options=OPTIONS)

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance; leaving it stops the library's recognition."""
        warn_of_unhonoured(VENDOR, options, self.capabilities)
        recognition = StreamedRecognition(VENDOR, frames_a_message=FRAMES_A_MESSAGE)

        async def work() -> None:
            speech = await asyncio.to_thread(_load)
            listening = _Listening(speech, recognition, options)
            held: list[Any] = []

            def let_go(opened: "asyncio.Task[Any]") -> None:
                if not opened.cancelled():
                    opened.exception()  # it was told where it was waited for
                # Not waited for: the library may take seconds to stop, and blocks whoever drops it last.
                Thread(target=listening.let_go, args=(held,), name=VENDOR, daemon=True).start()

            opening = asyncio.create_task(asyncio.to_thread(self._open, speech, options, listening, held))
            try:
                await listening.run(await asyncio.shield(opening))
            finally:
                opening.add_done_callback(let_go)

        return streamed(recognition, work, _explain)

    async def close(self) -> None:
        """There is nothing to let go of: the library ends its connections with their recognition."""

    def _open(self, speech: Any, options: RecogniserOptions, listening: "_Listening", held: list[Any]) -> Any:
        """Where the audio of a running recogniser goes; the recogniser is `held`. Work for a thread: this blocks."""
        config = self._config(speech, options)
        form = speech.audio.AudioStreamFormat(SAMPLE_RATE_HZ, SAMPLE_BYTES * 8, 1)
        pushed = speech.audio.PushAudioInputStream(form)
        languages: dict[str, Any] = {"language": options.language}
        if options.alternative_languages:
            all_languages = [options.language, *options.alternative_languages]
            languages = {
                "auto_detect_source_language_config": speech.languageconfig.AutoDetectSourceLanguageConfig(
                    languages=all_languages
                )
            }
        recogniser = speech.SpeechRecognizer(
            speech_config=config, audio_config=speech.audio.AudioConfig(stream=pushed), **languages
        )
        if options.hints:
            phrases = speech.PhraseListGrammar.from_recognizer(recogniser)
            for hint in options.hints:
                phrases.addPhrase(hint)
        held.append(recogniser)
        listening.connect(recogniser)
        recogniser.start_continuous_recognition_async().get()
        return pushed

    def _config(self, speech: Any, options: RecogniserOptions) -> Any:
        if options.service_endpoint is not None:
            self._check_endpoint(options.service_endpoint)
            config = speech.SpeechConfig(subscription=self._key, endpoint=options.service_endpoint)
        elif self._host is not None:
            config = speech.SpeechConfig(subscription=self._key, host=self._host)
        else:
            config = speech.SpeechConfig(subscription=self._key, region=self._region)
        named = speech.PropertyId
        config.set_profanity(getattr(speech.ProfanityOption, _profanity(options).value.capitalize()))
        if options.output_format is OutputFormat.DETAILED:
            config.output_format = speech.OutputFormat.Detailed
        if options.request_snr:
            config.set_property(named.SpeechServiceResponse_RequestSnr, "true")
        if options.initial_speech_timeout_s is not None:
            config.set_property(
                named.SpeechServiceConnection_InitialSilenceTimeoutMs,
                str(round(options.initial_speech_timeout_s * 1000)),
            )
        if options.punctuation is not None:
            mode = "intelligent" if options.punctuation else "none"
            channel = speech.ServicePropertyChannel.UriQueryParameter
            config.set_service_property("punctuation", mode, channel)
        return config

    def _check_endpoint(self, endpoint: str) -> None:
        if OWN_ADDRESS.fullmatch(endpoint) or (self._host is not None and _is_within(endpoint, self._host)):
            return
        raise VendorFailed(
            "the endpoint that the application names is not one of Azure's (wss://….speech.microsoft.com/…); "
            "the key is not sent there"
        )


def _is_within(endpoint: str, host: str) -> bool:
    """Whether an address leads to the operator's own `host`, by the same scheme."""
    beginning = host.rstrip("/")
    return endpoint == beginning or (
        endpoint.startswith((f"{beginning}/", f"{beginning}?")) and "\\" not in endpoint
    )


class _Listening:
    """What the library tells from its threads, carried to the event loop."""

    def __init__(self, speech: Any, recognition: StreamedRecognition, options: RecogniserOptions) -> None:
        self._speech = speech
        self._recognition = recognition
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self._over: asyncio.Future[VendorFailed | None] = self._loop.create_future()

    def connect(self, recogniser: Any) -> None:
        """Be told of everything."""
        recogniser.recognizing.connect(lambda told: self._later(self._partial, told.result.text))
        recogniser.recognized.connect(
            lambda told: self._later(self._final, told.result.text, told.result.json)
        )
        recogniser.speech_start_detected.connect(lambda _: self._later(self._recognition.started))
        recogniser.canceled.connect(self._canceled)
        # The library would connect anew for up to half a minute: another vendor hears sooner what was said.
        self._connection = self._speech.Connection.from_recognizer(recogniser)
        self._connection.disconnected.connect(lambda _: self._later(self._end, _cut()))
        recogniser.session_stopped.connect(lambda _: self._later(self._end, None))

    def let_go(self, held: list[Any]) -> None:
        """Stop what is `held`, and drop it here. Work for a thread."""
        while held:
            recogniser = held.pop()
            for signal in (
                recogniser.recognizing,
                recogniser.recognized,
                recogniser.speech_start_detected,
                recogniser.canceled,
                recogniser.session_stopped,
            ):
                signal.disconnect_all()
            if self._connection is not None:
                self._connection.disconnected.disconnect_all()
                self._connection = None
            recogniser.stop_continuous_recognition_async().get()

    async def run(self, pushed: Any) -> None:
        """Hand over all audio, and wait for the end. Raises VendorFailed."""
        sending = asyncio.create_task(self._send(pushed))
        try:
            await asyncio.wait((sending, self._over), return_when=asyncio.FIRST_COMPLETED)
            if not self._over.done():
                sending.result()
                await asyncio.wait((self._over,), timeout=LAST_WORDS_S)
            if not self._over.done():
                raise VendorFailed(f"it said no last words within {LAST_WORDS_S:g} s", retryable=True)
            if (failure := self._over.result()) is not None:
                raise failure
            if not self._recognition.is_finished:
                raise VendorFailed("it ended before it was told to stop", retryable=True)
        finally:
            sending.cancel()

    async def _send(self, pushed: Any) -> None:
        async for audio in self._recognition.audio():
            pushed.write(audio)
        pushed.close()

    def _later(self, act: Callable[..., None], *told: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(act, *told)
        except RuntimeError:  # the loop is closed, and nobody listens any more
            return

    def _partial(self, text: str) -> None:
        if self._options.partials:
            self._recognition.partial(text)
        else:
            self._recognition.started()

    def _final(self, text: str, raw: str) -> None:
        if text:
            self._recognition.final(text, _confidence(raw))

    def _canceled(self, told: Any) -> None:
        details = told.cancellation_details
        if details.reason == self._speech.CancellationReason.EndOfStream:
            self._later(self._end, None)
            return
        code = str(details.code).rpartition(".")[2]
        hint = f"; check {CREDENTIALS}" if code in ("AuthenticationFailure", "Forbidden") else ""
        told_words = line(details.error_details or "")[:MOST_DETAIL_CHARACTERS]
        kind = FailureKind.NEEDS_MODEL if code == "BadRequest" else FailureKind.BROKEN
        failed = VendorFailed(
            f"{code}{hint}: {told_words}", retryable=not hint and code in RETRYABLE, kind=kind
        )
        self._later(self._end, failed)

    def _end(self, failure: VendorFailed | None) -> None:
        if not self._over.done():
            self._over.set_result(failure)


def _cut() -> VendorFailed:
    return VendorFailed("it closed the connection before its last words", retryable=True)


def _profanity(options: RecogniserOptions) -> Profanity:
    if options.profanity is not None:
        return options.profanity
    return Profanity.MASKED if options.profanity_filter else Profanity.RAW


def _confidence(raw: str) -> float | None:
    """Only detailed results have one."""
    try:
        told = json.loads(raw)["NBest"][0]["Confidence"]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return float(told) if isinstance(told, int | float) and 0 <= told <= 1 else None


def _load() -> Any:
    """Microsoft's library. Raises VendorFailed without it."""
    try:
        import azure.cognitiveservices.speech as speech
    except ImportError:
        raise VendorFailed(
            "the recogniser of Microsoft needs its library: pip install 'offhook[microsoft]'",
            kind=FailureKind.NEEDS_MODEL,
        ) from None
    return speech


def _explain(error: Exception) -> SpeechFailed:
    return SpeechFailed(
        FailureKind.BROKEN, f"{type(error).__name__}: {line(str(error))[:MOST_DETAIL_CHARACTERS]}"
    )
