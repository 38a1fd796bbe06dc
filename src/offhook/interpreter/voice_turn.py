"""One text that is spoken by several voices after one another: each goes on where the one before it was left."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import structlog

from offhook.call.errors import ProviderError
from offhook.call.spoken import Spoken
from offhook.speech.breaker import Breaker
from offhook.speech.pcm import duration_s
from offhook.speech.ssml import clean
from offhook.speech.voice import Voice, VoiceOptions

VOICE_LEFT = 13512
"""The notification's code."""
SPEAKERS = ("", "man", "woman")
"""What every voice understands."""
CHARACTERS_PER_S = 14
"""How fast voices speak, to tell how much of a sentence was heard that broke off."""

log = structlog.get_logger()

Choice = tuple[str, Voice, Breaker]


class Turn:
    """Speaks the parts of one text. Those that are made at the same time share what is known of the voices."""

    def __init__(
        self,
        choices: Sequence[Choice],
        options: VoiceOptions,
        spoken: Spoken,
        *,
        own_of: str,
        fallback_s: float,
    ) -> None:
        """`own_of`: to whom alone the options' own names go, of a speaker, of a model and the like."""
        self._left = list(choices)
        self._options = options
        self._spoken = spoken
        self._own_of = own_of
        self._fallback_s = fallback_s
        self._loop = asyncio.get_running_loop()
        self._trusted = ""
        """Whom the breaker has let in, for all parts."""
        self._is_proven = False
        """Whether that one has spoken a part since."""
        self._leaving: asyncio.Future[None] = self._loop.create_future()
        """Done once whoever speaks now is left."""
        self._heard_number = 0
        self._heard_since = self._runs_out_at = self._loop.time()
        self._waited_s = 0.0
        """How long the part that is heard let whoever listens wait, bit by bit."""

    def now_heard(self, number: int) -> None:
        """Whoever listens has come to this part."""
        self._heard_number, self._heard_since, self._waited_s = number, self._loop.time(), 0.0

    def taken(self, pcm: bytes) -> None:
        """Whoever listens has got this."""
        now = self._loop.time()
        self._waited_s += max(0.0, now - max(self._runs_out_at, self._heard_since))
        self._runs_out_at = max(self._runs_out_at, now) + duration_s(pcm)

    async def speak(self, number: int, part: str) -> AsyncGenerator[bytes, None]:
        """PCM of one part. Raises ProviderError."""
        rest, is_ssml, heard_s = part, self._options.is_ssml, 0.0
        while True:
            choice = self._choose()
            try:
                async with aclosing(self._pieces(choice, number, rest, is_ssml=is_ssml)) as pieces:
                    async for pcm in pieces:
                        if not pcm:
                            continue
                        self._spoken.by(choice[0])
                        heard_s += duration_s(pcm)
                        yield pcm
                self._proven(choice)
                return
            except ProviderError as error:
                if not self._leave(choice, error):
                    raise
            if heard_s:
                rest, is_ssml, heard_s = _not_heard(rest, heard_s, is_ssml=is_ssml), False, 0.0

    def over(self) -> None:
        """Nothing more is spoken."""
        if self._trusted and not self._is_proven:
            self._left[0][2].let_go()

    def _choose(self) -> Choice:
        """Who speaks now. The last one is tried in any case: better a voice that may fail than none."""
        while True:
            name, _, breaker = choice = self._left[0]
            if name == self._trusted or len(self._left) == 1:
                return choice
            now = self._loop.time()
            if breaker.admits(now):
                self._trusted, self._is_proven = name, False
                return choice
            self._go_on(choice, breaker.why(now))

    def _proven(self, choice: Choice) -> None:
        if not self._is_proven and self._left[0] is choice:
            self._is_proven = True
            choice[2].succeeded()

    def _leave(self, choice: Choice, error: ProviderError) -> bool:
        """Whether there is another one to go on."""
        if self._left[0] is not choice:
            return True  # another part has left it
        if error.retryable:  # else it may be the fault of this text, and others are spoken
            choice[2].failed(self._loop.time())
        elif self._trusted == choice[0] and not self._is_proven:
            choice[2].let_go()
        if len(self._left) == 1:
            return False
        self._go_on(choice, error.message)
        return True

    def _go_on(self, choice: Choice, why: str) -> None:
        self._left.pop(0)
        self._trusted, self._is_proven = "", False
        self._leaving.set_result(None)
        self._leaving = self._loop.create_future()
        name, following = choice[0], self._left[0][0]
        self._spoken.was_left = True
        self._spoken.tell(VOICE_LEFT, name, f"the voice {name!r} was left for {following!r}: {why}")
        log.warning("voice.left", vendor=name, next=following, why=why)

    def _options_for(self, name: str, *, is_ssml: bool) -> VoiceOptions:
        options = replace(self._options, is_ssml=is_ssml, vendors=())
        if name == self._own_of:
            return options
        speaker = options.voice if options.voice in SPEAKERS else ""
        return replace(options, voice=speaker, model="", extra=())

    async def _pieces(
        self, choice: Choice, number: int, text: str, *, is_ssml: bool
    ) -> AsyncGenerator[bytes, None]:
        name, voice, _ = choice
        made = aiter(voice.speak(text, self._options_for(name, is_ssml=is_ssml)))
        try:
            if len(self._left) == 1 and self._left[0] is choice:
                async for pcm in made:
                    yield pcm
                return
            has_begun = False
            while (piece := await self._in_time(choice, number, _next(made), has_begun)) is not None:
                has_begun = has_begun or bool(piece)
                yield piece
        finally:
            if hasattr(made, "aclose"):
                await made.aclose()

    async def _in_time(
        self, choice: Choice, number: int, piece: Coroutine[Any, Any, bytes | None], has_begun: bool
    ) -> bytes | None:
        """The next piece. Raises ProviderError where the caller would wait for it too long, and where another part has
        left the voice before this one `has_begun`."""
        asked_at = self._loop.time()
        coming = asyncio.create_task(piece)
        try:
            while not coming.done():
                now = self._loop.time()
                patience_s = max(0.0, self._fallback_s - self._waited_s)
                due = max(asked_at, self._heard_since, self._runs_out_at) + patience_s
                if number != self._heard_number:
                    # Who is not heard yet may take its time: a voice may speak one sentence after another.
                    due = now + self._fallback_s
                if now >= due:
                    told = f"sent no sound for {self._fallback_s:g} s"
                    raise ProviderError(choice[0], told, retryable=True)
                if not has_begun and self._left[0] is not choice:
                    raise ProviderError(choice[0], "was left with another part", retryable=False)
                await asyncio.wait(
                    (coming, self._leaving), timeout=due - now, return_when=asyncio.FIRST_COMPLETED
                )
            return coming.result()
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait((coming,))


async def _next(made: Any) -> bytes | None:
    try:
        piece: bytes = await anext(made)
    except StopAsyncIteration:
        return None
    return piece


def _not_heard(text: str, heard_s: float, *, is_ssml: bool) -> str:
    """What is left of a sentence of which so much was heard: as no voice tells, by the usual pace, from a word on."""
    words = clean(text).text if is_ssml else text
    spoken = round(heard_s * CHARACTERS_PER_S)
    return words[words.rfind(" ", 0, spoken + 1) + 1 :]
