"""Speech without models: a recogniser that was told what it will hear, a voice of plain lengths."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import ceil

from offhook.call.errors import PromptUnusable, ProviderError
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
from offhook.verbs.recogniser_options import HINTS

SECONDS_PER_CHARACTER = 0.1


class FakeRecogniser:
    """Fills `speech.recogniser.Recogniser`: the events of a script, at times counted from its opening.

    `events` may hold (seconds, event) pairs; `at_finish` comes when the utterance is over, `latency_s` later.
    `fails` is how many frames it takes before it fails, and with what. One that `is_silent` stalls: what it understood
    it keeps to itself. `frame_s` is how long it is busy with each frame.
    """

    def __init__(
        self,
        *,
        events: tuple[tuple[float, SpeechEvent], ...] = (),
        at_finish: tuple[SpeechEvent, ...] = (),
        latency_s: float = 0.0,
        finds_end: bool = False,
        name: str = "fake",
        partials: bool = True,
        free_speech: bool = True,
        options: frozenset[str] = HINTS,
        fails: tuple[int, SpeechFailed] | None = None,
        is_silent: bool = False,
        frame_s: float = 0.0,
        last_words_s: float = 0.0,
    ) -> None:
        self.name = name
        self.capabilities = RecogniserCapabilities(
            partials=partials,
            free_speech=free_speech,
            finds_end=finds_end,
            options=options,
            last_words_s=last_words_s,
        )
        self.asked: list[RecogniserOptions] = []
        """The options of each utterance."""
        self.heard: list[FakeRecognition] = []
        """Each utterance."""
        self.at_finish = at_finish
        self.fails = fails
        self.is_silent = is_silent
        self._frame_s = frame_s
        self._events = events
        self._latency_s = latency_s

    @classmethod
    def that_hears(cls, *words: str, confidence: float | None = None) -> "FakeRecogniser":
        """A recogniser that understands `words` once the caller has finished."""
        return cls(at_finish=tuple(Final(text, confidence) for text in words))

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator["FakeRecognition"]:
        """Hear one utterance."""
        self.asked.append(options)
        recognition = FakeRecognition(
            self.at_finish,
            self._latency_s,
            fails=self.fails,
            is_silent=self.is_silent,
            frame_s=self._frame_s,
        )
        self.heard.append(recognition)
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

    def __init__(
        self,
        at_finish: tuple[SpeechEvent, ...],
        latency_s: float,
        *,
        fails: tuple[int, SpeechFailed] | None = None,
        is_silent: bool = False,
        frame_s: float = 0.0,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[SpeechEvent] = asyncio.Queue()
        self._at_finish = at_finish
        self._latency_s = latency_s
        self._fails = fails
        self.is_silent = is_silent
        self._frame_s = frame_s
        self._busy_until = self._loop.time()
        self.audio: list[bytes] = []
        """What was heard, frame by frame."""
        if fails is not None and fails[0] == 0:
            self.tell(fails[1])

    @property
    def frames(self) -> int:
        """How many frames were heard."""
        return len(self.audio)

    @property
    def frames_waiting(self) -> int:
        """Frames that it is not done with."""
        left_s = self._busy_until - self._loop.time()
        return ceil(left_s / self._frame_s) if self._frame_s and left_s > 0 else 0

    def tell(self, event: SpeechEvent) -> None:
        """Yield an event now."""
        if not self.is_silent or isinstance(event, SpeechFailed):
            self._queue.put_nowait(event)

    def send(self, frame: bytes) -> None:
        """Hear a frame."""
        self.audio.append(frame)
        self._busy_until = max(self._busy_until, self._loop.time()) + self._frame_s
        if self._fails is not None and len(self.audio) == self._fails[0]:
            self.tell(self._fails[1])

    def finish(self) -> None:
        """Yield the last words."""
        busy_s = max(0.0, self._busy_until - self._loop.time())
        self._loop.call_later(busy_s + self._latency_s, self._last_words)

    def _last_words(self) -> None:
        for event in (*self._at_finish, SpeechEnded()):
            self.tell(event)

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        while True:
            event = await self._queue.get()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return


class FakeVoice:
    """Fills `speech.voice.Voice`: silence, 0.1 s for each character; SSML lasts as long as its words."""

    def __init__(
        self,
        name: str = "fake",
        *,
        first_s: float = 0.0,
        pace: float = 0.0,
        fails_at: str = "",
        hangs_at: str = "",
    ) -> None:
        """`first_s`: how long it takes to begin; `pace`: how long to make a second of sound. Where it comes to the words of
        `fails_at` it raises, having spoken what stands before them; where to those of `hangs_at`, it is never heard again.
        """
        self.name = name
        self.asked: list[tuple[float, str, VoiceOptions]] = []
        """Each text: when it was asked for on the loop's clock, what, and how."""
        self.under_way = 0
        """How many texts are being made."""
        self.fails_at, self.hangs_at = fails_at, hangs_at
        self._first_s = first_s
        self._pace = pace

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        """PCM of silence as long as the text. Raises ProviderError."""
        self.asked.append((asyncio.get_running_loop().time(), text, options))
        words = clean(text).text if options.is_ssml else text
        trouble = self.fails_at or self.hangs_at
        until = words.find(trouble) if trouble and trouble in words else len(words)
        self.under_way += 1
        try:
            if self._first_s:
                await asyncio.sleep(self._first_s)
            async for pcm in self._sound(until):
                yield pcm
            if until < len(words) and self.fails_at:
                raise ProviderError(self.name, "broke", retryable=True)
            if until < len(words):
                await asyncio.Event().wait()
        finally:
            self.under_way -= 1

    async def _sound(self, characters: int) -> AsyncIterator[bytes]:
        pieces = characters if self._pace else 1
        for _ in range(pieces):
            if self._pace:
                await asyncio.sleep(self._pace * SECONDS_PER_CHARACTER)
            length_s = SECONDS_PER_CHARACTER * characters / pieces
            yield bytes(round(length_s * SAMPLE_RATE_HZ) * SAMPLE_BYTES)

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
