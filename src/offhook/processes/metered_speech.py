"""How fast speech is: the first sound of a voice, the last words of a recogniser. The ports are the same on both sides."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager

from offhook.metrics import FAST_S, Counter, Histogram, Meter
from offhook.speech.recogniser import (
    Final,
    Recogniser,
    RecogniserCapabilities,
    RecogniserOptions,
    Recognition,
    SpeechEvent,
    SpeechFailed,
)
from offhook.speech.voice import Voice, VoiceOptions


class MeteredVoice:
    """Fills `speech.voice.Voice`: times the first piece of sound."""

    def __init__(self, voice: Voice, first_s: Histogram) -> None:
        self._voice = voice
        self._first_s = first_s

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._voice.name

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        """PCM of the spoken text, piece by piece. Raises ProviderError."""
        loop = asyncio.get_running_loop()
        began_at: float | None = loop.time()
        # Who stops listening shall know that all is closed; without this, it would be some time after.
        async with aclosing(self._voice.speak(text, options)) as pieces:  # type: ignore[type-var]  # a generator
            async for piece in pieces:
                if began_at is not None:
                    self._first_s.observe(loop.time() - began_at, self._voice.name)
                    began_at = None
                yield piece

    async def close(self) -> None:
        """Let go of connections."""
        await self._voice.close()


class MeteredRecogniser:
    """Fills `speech.recogniser.Recogniser`: times the last words, counts what went wrong."""

    def __init__(self, recogniser: Recogniser, last_words_s: Histogram, failures: Counter) -> None:
        self._recogniser = recogniser
        self._last_words_s = last_words_s
        self._failures = failures

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._recogniser.name

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What this vendor can do."""
        return self._recogniser.capabilities

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator["MeteredRecognition"]:
        """A block that hears one utterance."""
        async with self._recogniser.listen(options) as recognition:
            yield MeteredRecognition(recognition, self.name, self._last_words_s, self._failures)

    async def close(self) -> None:
        """Let go of connections."""
        await self._recogniser.close()


class MeteredRecognition:
    """Fills `speech.recogniser.Recognition`."""

    def __init__(
        self, recognition: Recognition, vendor: str, last_words_s: Histogram, failures: Counter
    ) -> None:
        self.send = recognition.send  # fifty times a second, so without a step between
        self._recognition = recognition
        self._vendor = vendor
        self._last_words_s = last_words_s
        self._failures = failures
        self._loop = asyncio.get_running_loop()
        self._finished_at: float | None = None

    @property
    def frames_waiting(self) -> int:
        """Frames that could not be sent on yet."""
        return self._recognition.frames_waiting

    def finish(self) -> None:
        """No more audio comes."""
        self._finished_at = self._loop.time()
        self._recognition.finish()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""
        async for event in self._recognition:
            if isinstance(event, SpeechFailed):
                self._failures.add(self._vendor, event.kind.value)
            elif isinstance(event, Final) and self._finished_at is not None:
                self._last_words_s.observe(self._loop.time() - self._finished_at, self._vendor)
                self._finished_at = None
            yield event


def switch_counter(meter: Meter) -> Callable[[str], None]:
    """Counts each time a recogniser is left; to be called with its name."""
    return meter.counter(
        "offhook_recogniser_switches", "Utterances for which a recogniser was left or passed over.", "vendor"
    ).add


def metered_voices(voices: Mapping[str, Voice], meter: Meter) -> dict[str, Voice]:
    """The same voices by the same names, each measured."""
    first_s = meter.histogram(
        "offhook_voice_first_byte_seconds", "From a text to the first of its sound.", FAST_S, "voice"
    )
    return {name: MeteredVoice(voice, first_s) for name, voice in voices.items()}


def metered_recognisers(recognisers: Mapping[str, Recogniser], meter: Meter) -> dict[str, Recogniser]:
    """The same recognisers by the same names, each measured."""
    last_words_s = meter.histogram(
        "offhook_recogniser_final_seconds", "From the end of an utterance to its words.", FAST_S, "vendor"
    )
    failures = meter.counter(
        "offhook_recogniser_failures", "Utterances that were not recognised.", "vendor", "kind"
    )
    return {name: MeteredRecogniser(its, last_words_s, failures) for name, its in recognisers.items()}
