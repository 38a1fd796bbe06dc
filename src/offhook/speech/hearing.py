"""The hearing of one utterance, by one recogniser after another where they fail.

What was told as final stays. The audio since is kept, and the next recogniser hears all of it again, so that to whoever
listens it is one utterance.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from offhook.speech.attempt import SLOW_LAST_WORDS_S, Attempt
from offhook.speech.breaker import Breaker
from offhook.speech.event_queue import EventQueue
from offhook.speech.kept_frames import KeptFrames
from offhook.speech.pcm import FRAME_S
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    Recogniser,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)

KEPT_S = 30.0
"""What is kept of an utterance for the next recogniser; of a longer one the beginning is lost to it."""
PRE_ROLL_S = 1.0
"""What is kept before anybody speaks: an ear that knows needs a quarter of a second, a soft first sound as much."""
NEXT_ONE_S = SLOW_LAST_WORDS_S + 0.5
"""How long the next recogniser may take for its last words, from the moment it is asked."""

WITHHELD = "it failed; why is withheld, as a recogniser may quote what was said"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Switch:
    """A recogniser was left for the next one, or passed over."""

    vendor: str
    """Who was left."""
    why: str
    """In words for people."""


class Hearing:
    """One utterance. Fills `speech.recogniser.Recognition`.

    `recognisers`: who is tried, in order, with the breaker of each by its name. `begins` is told who is asked,
    `leaves` who was left. `is_private`: what is said may be kept nowhere, so no recogniser's own words are told.
    """

    def __init__(
        self,
        recognisers: Sequence[Recogniser],
        options: RecogniserOptions,
        *,
        breakers: Mapping[str, Breaker],
        waits_for_voice: bool,
        begins: Callable[[Recogniser], None],
        leaves: Callable[[Switch], None],
        is_private: bool = False,
    ) -> None:
        self._recognisers = recognisers
        self._options = options
        self._breakers = breakers
        self._begins = begins
        self._leaves = leaves
        self._is_private = is_private
        self._loop = asyncio.get_running_loop()
        self._events = EventQueue()
        self._waits = waits_for_voice
        self._audio = KeptFrames(round((PRE_ROLL_S if waits_for_voice else KEPT_S) / FRAME_S))
        self._may_begin = asyncio.Event()
        self._recogniser = recognisers[0]
        self._attempt: Attempt | None = None
        self._attempts: list[Attempt] = []
        self._switches: list[Switch] = []
        self._suspects: list[Breaker] = []
        self._last_words_by: float | None = None
        self._is_finished = False
        self._is_over = False
        self._has_voice = False
        self._has_started = False
        self._partial = ""
        self._frames_lost = 0

    @property
    def vendor(self) -> str:
        """Who hears, or heard it last."""
        return self._recogniser.name

    @property
    def finds_end(self) -> bool:
        """Whether that one tells by itself when the speaker stopped."""
        return self._recogniser.capabilities.finds_end

    @property
    def last_words_s(self) -> float:
        """How long that one may take for its last words, where it needs longer than others."""
        return self._recogniser.capabilities.last_words_s

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Who was left or passed over, and why, in order."""
        return tuple(self._switches)

    @property
    def last_words_by(self) -> float | None:
        """Until when to wait for the last words, by the loop's clock, because another recogniser has to hear the
        utterance again; None where no one was left. Grows with each."""
        return self._last_words_by

    def send(self, frame: bytes) -> None:
        """Hand over the next frame. Never blocks and never raises."""
        if self._is_finished or self._is_over:
            return
        if not self._audio.add(frame) and not self._waits:
            self._frames_lost += 1
        if self._attempt is not None:
            self._attempt.feed()

    def open(self) -> None:
        """Somebody speaks: connect now, where that waited for it. Worth telling with each voiced frame: a recogniser that
        falls silent while somebody goes on speaking is noticed by that."""
        self._has_voice = True
        if self._waits and not self._is_finished:
            self._may_begin.set()
        if self._attempt is not None:
            self._attempt.voice()

    def finish(self) -> None:
        """No more audio comes: what was heard becomes a `Final`."""
        self._is_finished = True
        self._may_begin.set()
        if self._attempt is not None:
            self._attempt.finish()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order, as those of one recogniser."""
        while True:
            event = await self._events.take()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return

    async def run(self) -> None:
        """Ask one after another; returns when the utterance is over. A fault of ours ends it as one of theirs does."""
        try:
            await self._run()
        except Exception as error:
            log.exception("hearing.broke")
            detail = WITHHELD if self._is_private else f"{type(error).__name__}: {error}"
            self._tell(SpeechFailed(FailureKind.BROKEN, detail))

    async def _run(self) -> None:
        if self._waits:
            await self._may_begin.wait()
            self._waits = False
            self._audio.keep(round(KEPT_S / FRAME_S))
            if not self._has_voice:
                self._tell(SpeechEnded())  # nobody spoke, nobody was asked
                return
        self._tell(await self._one_after_another() or SpeechEnded())

    async def close(self) -> None:
        """Let go of everybody who was asked; returns when all they had open is closed."""
        self._is_over = True
        for breaker in self._suspects:
            breaker.let_go()
        if self._frames_lost:
            log.warning("recogniser.frames_lost", vendor=self.vendor, count=self._frames_lost)
        for attempt in self._attempts:
            attempt.leave()
        if self._attempts:
            await asyncio.wait([attempt.task for attempt in self._attempts])

    async def _one_after_another(self) -> SpeechFailed | None:
        failure: SpeechFailed | None = None
        for place, recogniser in enumerate(self._recognisers):
            breaker, now = self._breakers[recogniser.name], self._loop.time()
            # Where all rest, the first is tried all the same: nobody at all would be worse.
            if not breaker.admits(now) and (place or self._has_somebody(self._recognisers)):
                self._leave(recogniser, breaker.why(now))
                continue
            later = self._recognisers[place + 1 :]
            failure = await self._ask(recogniser, breaker, has_next=self._has_somebody(later))
            if failure is None:
                return None
            if self._is_private and failure.kind is FailureKind.BROKEN:
                failure = replace(failure, detail=WITHHELD)
            if later:
                self._leave(recogniser, failure.detail)
        return failure

    def _has_somebody(self, recognisers: Sequence[Recogniser]) -> bool:
        now = self._loop.time()
        return any(self._breakers[recogniser.name].would_admit(now) for recogniser in recognisers)

    async def _ask(self, recogniser: Recogniser, breaker: Breaker, *, has_next: bool) -> SpeechFailed | None:
        """Have one hear what there is, and what comes. Returns why it failed; None where it did not."""
        self._recogniser = recogniser
        self._begins(recogniser)
        self._audio.rewind()

        def heard(event: SpeechEvent) -> None:
            self._heard(event, breaker)

        attempt = Attempt(recogniser, self._options, self._audio, has_next=has_next, tell=heard)
        self._attempt = attempt
        self._attempts.append(attempt)
        if self._has_voice:
            attempt.voice()
        if self._is_finished:
            attempt.finish()
        try:
            failure = await attempt.verdict
        except asyncio.CancelledError:
            breaker.let_go()
            raise
        finally:
            self._attempt = None
        if failure is None:
            breaker.succeeded()
            return None
        if failure.kind is not FailureKind.BROKEN:
            breaker.let_go()
        elif attempt.was_slow:
            # Perhaps there were no words. If the next one finds some, there were.
            self._suspects.append(breaker)
        else:
            breaker.failed(self._loop.time())
        # Where nothing was said since the last words, nobody else needs to hear it.
        return failure if attempt.owes_words or not self._is_finished else None

    def _leave(self, recogniser: Recogniser, why: str) -> None:
        left = Switch(recogniser.name, why)
        self._switches.append(left)
        self._last_words_by = self._loop.time() + NEXT_ONE_S
        log.info("recogniser.left", vendor=left.vendor, why=left.why)
        self._leaves(left)

    def _heard(self, event: SpeechEvent, breaker: Breaker) -> None:
        """The recogniser of the moment told something that is not the end."""
        match event:
            case SpeechStarted():
                if self._has_started:
                    return
                self._has_started = True
            case Partial(text):
                self._blame_suspects()
                if len(self._attempts) > 1 and self._partial.startswith(text):
                    return  # it was told already, by the one before
                self._partial = text
            case Final():
                self._blame_suspects()
                breaker.succeeded()
                self._partial = ""
                self._has_voice = False
                self._audio.forget_taken()
        self._tell(event)

    def _blame_suspects(self) -> None:
        for breaker in self._suspects:
            breaker.failed(self._loop.time())
        self._suspects.clear()

    def _tell(self, event: SpeechEvent) -> None:
        if not self._is_over:
            self._is_over = isinstance(event, SpeechEnded | SpeechFailed)
            self._events.put(event)
