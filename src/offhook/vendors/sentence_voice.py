"""A voice that speaks sentence by sentence: the first is heard while the others are still being made.

While a sentence is being taken, the next ones are made already, so that a voice which is faster than speech leaves no gap
between them. Sound comes in the order of the text, whichever sentence is ready first.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import aclosing

from offhook.call.errors import ProviderError
from offhook.speech.sentences import LONGEST, sentences
from offhook.speech.ssml_sentences import ssml_sentences
from offhook.speech.voice import Voice, VoiceOptions

AT_ONCE = 3
"""Sentences that are made at the same time: one that is heard, and two to come."""
TRIES = 2
"""A sentence of which nothing was heard is asked for once more, where that may help."""

_Made = asyncio.Queue["bytes | BaseException | None"]
"""The sound of a sentence; at its end None, or what went wrong."""


class SentenceVoice:
    """Fills `speech.voice.Voice`. SSML is cut, too, each sentence with the marks around it."""

    def __init__(self, voice: Voice, *, at_once: int = AT_ONCE, longest: int = LONGEST) -> None:
        """`longest`: characters that the voice takes at a time."""
        self._voice = voice
        self._at_once = at_once
        self._longest = longest

    @property
    def name(self) -> str:
        """The name of the voice."""
        return self._voice.name

    async def speak(self, text: str, options: VoiceOptions) -> AsyncGenerator[bytes, None]:
        """PCM of the spoken text. Raises ProviderError where a sentence cannot be spoken, after those before it."""
        cut = ssml_sentences if options.is_ssml else sentences
        parts = cut(text, longest=self._longest)
        waiting = deque(parts)
        under_way: deque[tuple[asyncio.Task[None], _Made]] = deque()

        def go_on() -> None:
            while waiting and len(under_way) < self._at_once:
                made: _Made = asyncio.Queue()
                # Tasks rather than a TaskGroup, which an asynchronous generator may not be suspended in.
                under_way.append((asyncio.create_task(self._make(waiting.popleft(), options, made)), made))

        try:
            go_on()
            while under_way:
                async with aclosing(_heard(under_way[0][1])) as pieces:
                    async for pcm in pieces:
                        yield pcm
                under_way.popleft()
                go_on()
        finally:
            tasks = [task for task, _ in under_way]
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks)

    async def close(self) -> None:
        """Close the voice."""
        await self._voice.close()

    async def _make(self, sentence: str, options: VoiceOptions, made: _Made) -> None:
        try:
            await self._spoken(sentence, options, made)
        except Exception as error:  # noqa: BLE001  # whoever listens gets it, in the place of the sentence
            made.put_nowait(error)
        else:
            made.put_nowait(None)

    async def _spoken(self, sentence: str, options: VoiceOptions, made: _Made) -> None:
        for tries_left in reversed(range(TRIES)):
            is_begun = False
            try:
                async for pcm in self._voice.speak(sentence, options):
                    is_begun = True
                    made.put_nowait(pcm)
                return
            except ProviderError as error:
                if is_begun or not error.retryable or not tries_left:
                    raise


async def _heard(made: _Made) -> AsyncGenerator[bytes, None]:
    while (piece := await made.get()) is not None:
        if isinstance(piece, BaseException):
            raise piece
        yield piece
