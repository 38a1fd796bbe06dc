"""Speech without models: a recogniser that was told what it will hear, a voice of plain lengths."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.errors import PromptUnusable
from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ
from offhook.speech.recogniser import (
    Final,
    RecogniserCapabilities,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
)
from offhook.speech.ssml import clean
from offhook.speech.voice import VoiceOptions

SECONDS_PER_CHARACTER = 0.1


class FakeRecogniser:
    """Fills `speech.recogniser.Recogniser`: the events of a script, at times counted from its opening.

    `events` may hold (seconds, event) pairs; `at_finish` comes when the utterance is over, `latency_s` later.
    """

    def __init__(
        self,
        *,
        events: tuple[tuple[float, SpeechEvent], ...] = (),
        at_finish: tuple[SpeechEvent, ...] = (),
        latency_s: float = 0.0,
        finds_end: bool = False,
    ) -> None:
        self.name = "fake"
        self.capabilities = RecogniserCapabilities(partials=True, free_speech=True, finds_end=finds_end)
        self.asked: list[RecogniserOptions] = []
        """The options of each utterance."""
        self._events = events
        self._at_finish = at_finish
        self._latency_s = latency_s

    @classmethod
    def that_hears(cls, *words: str, confidence: float | None = None) -> "FakeRecogniser":
        """A recogniser that understands `words` once the caller has finished."""
        return cls(at_finish=tuple(Final(text, confidence) for text in words))

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator["FakeRecognition"]:
        """Hear one utterance."""
        self.asked.append(options)
        recognition = FakeRecognition(self._at_finish, self._latency_s)
        loop = asyncio.get_running_loop()
        timers = [loop.call_later(after, recognition.tell, event) for after, event in self._events]
        try:
            yield recognition
        finally:
            for timer in timers:
                timer.cancel()

    async def close(self) -> None:
        """Nothing is held."""


class FakeRecognition:
    """One utterance of a `FakeRecogniser`."""

    def __init__(self, at_finish: tuple[SpeechEvent, ...], latency_s: float) -> None:
        self._queue: asyncio.Queue[SpeechEvent] = asyncio.Queue()
        self._at_finish = at_finish
        self._latency_s = latency_s
        self.frames = 0
        """How many frames were heard."""

    def tell(self, event: SpeechEvent) -> None:
        """Yield an event now."""
        self._queue.put_nowait(event)

    def send(self, frame: bytes) -> None:
        """Hear a frame."""
        self.frames += 1

    def finish(self) -> None:
        """Yield the last words."""
        asyncio.get_running_loop().call_later(self._latency_s, self._last_words)

    def _last_words(self) -> None:
        for event in (*self._at_finish, SpeechEnded()):
            self._queue.put_nowait(event)

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        while True:
            event = await self._queue.get()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return


class FakeVoice:
    """Fills `speech.voice.Voice`: silence, 0.1 s for each character; SSML lasts as long as its words."""

    name = "fake"

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        """PCM of silence as long as the text."""
        words = clean(text).text if options.is_ssml else text
        yield bytes(round(len(words) * SECONDS_PER_CHARACTER * SAMPLE_RATE_HZ) * SAMPLE_BYTES)

    async def close(self) -> None:
        """Nothing is held."""


class SilentDecoder:
    """Fills `speech.voice.Decoder`: a file of text like `2.5 s` decodes to that much silence."""

    async def decode(self, media: bytes) -> bytes:
        """PCM of silence. Raises PromptUnusable for anything else."""
        seconds, _, unit = media.decode("latin-1").partition(" ")
        if unit != "s":
            raise PromptUnusable(13233, "this is not a sound file")
        return bytes(round(float(seconds) * SAMPLE_RATE_HZ) * SAMPLE_BYTES)
