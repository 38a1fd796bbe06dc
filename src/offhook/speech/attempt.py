"""One recogniser hearing an utterance, until it is over, it fails, or it falls silent when it should not.

Audio goes out as fast as the recogniser takes it, so that what was said before it was asked is caught up with.
"""

import asyncio
from collections.abc import Callable

import structlog

from offhook.speech.kept_frames import KeptFrames
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    Recogniser,
    RecogniserOptions,
    Recognition,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)

MOST_WAITING = 100
"""Frames that a recogniser may have before itself: most keep little of what they cannot send yet."""
FEED_EVERY_S = 0.01
BEGIN_S = 10.0
"""How long one may take until it listens at all."""
STALL_S = 3.0
"""Somebody speaks, and a recogniser that tells partial results tells nothing for so long."""
PAUSE_S = 1.0
"""Voice after so long a silence is another voice, and does not prove that somebody has spoken all the time."""
LAST_WORDS_S = 0.7
"""How long one may take for its last words while another could be asked."""
SLOW_LAST_WORDS_S = 1.5
"""The same of one that only then begins to think, or that has all of the utterance still to hear."""

log = structlog.get_logger()


class Attempt:
    """One recogniser, one utterance. `verdict` tells how it ended: the failure, or None where all went well.

    `has_next`: whether another could be asked; only then is one left that is too slow. `tell` gets the events but
    the last.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        options: RecogniserOptions,
        audio: KeptFrames,
        *,
        has_next: bool,
        tell: Callable[[SpeechEvent], None],
    ) -> None:
        self._recogniser = recogniser
        self._options = options
        self._audio = audio
        self._has_next = has_next
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._recognition: Recognition | None = None
        self._is_catching_up = audio.waiting > 0
        self._is_finished = False
        self._is_told_all = False
        self._has_told = False
        self.owes_words = True
        """Whether there may be words that it did not tell yet."""
        self._unanswered_since: float | None = None
        self._voice_at: float | None = None
        self._feeding: asyncio.TimerHandle | None = None
        self._beginning = self._loop.call_later(BEGIN_S, self._does_not_begin)
        self._stalling: asyncio.TimerHandle | None = None
        self._finishing: asyncio.TimerHandle | None = None
        self._is_leaving = False
        self.was_slow = False
        """Whether it failed only by saying nothing: perhaps there was nothing to say."""
        self.verdict: asyncio.Future[SpeechFailed | None] = self._loop.create_future()
        self.task = self._loop.create_task(self._live())
        """Goes on for a moment after the verdict, to close what is open."""

    def leave(self) -> None:
        """Nobody wants to hear more of it."""
        self._stop_timers()  # also those of a task that never came to begin
        if not self._is_leaving:
            self._is_leaving = True
            self.task.cancel()

    async def _live(self) -> None:
        try:
            async with self._recogniser.listen(self._options) as recognition:
                self._recognition = recognition
                self._beginning.cancel()
                self.feed()
                async for event in recognition:
                    self._take(event)
                    if self.verdict.done():
                        break
                self._is_leaving = True
                self._fail("it ended without a word why")
        except Exception as error:
            log.exception("recogniser.broke", vendor=self._recogniser.name)
            self._fail(f"{type(error).__name__}: {error}")
        finally:
            self._recognition = None
            self._stop_timers()

    def feed(self) -> None:
        """Hand over what there is, as far as the recogniser takes it."""
        recognition, audio = self._recognition, self._audio
        if recognition is None or self._is_told_all or self.verdict.done():
            return
        while recognition.frames_waiting < MOST_WAITING and (frame := audio.take()) is not None:
            recognition.send(frame)
        if audio.waiting:
            if self._feeding is None:
                self._feeding = self._loop.call_later(FEED_EVERY_S, self._feed_again)
        elif self._is_finished:
            self._is_told_all = True
            recognition.finish()
        else:
            self._is_catching_up = False

    def voice(self) -> None:
        """Somebody speaks. Told again while they do, a recogniser is noticed that falls silent in the middle, too."""
        self.owes_words = True
        can = self._recogniser.capabilities
        # One that knows nothing but its hints may rightly be silent for as long as it hears none of them.
        if not (self._has_next and self._options.partials and can.partials and can.free_speech):
            return
        now = self._loop.time()
        if self._voice_at is not None and now - self._voice_at > PAUSE_S:
            self._unanswered_since = None  # what was before was a noise, or has been said
        self._voice_at = now
        if self._unanswered_since is None:
            self._unanswered_since = now
            if not self._has_told and not self._is_finished:
                self._stalling = self._loop.call_later(STALL_S, self._stall)
        elif now - self._unanswered_since >= STALL_S:
            self._stall()

    def finish(self) -> None:
        """No more audio comes."""
        if self._is_finished:
            return
        self._is_finished = True
        if self._has_next:
            self._expect_last_words()
        self.feed()

    def _feed_again(self) -> None:
        self._feeding = None
        self.feed()

    def _take(self, event: SpeechEvent) -> None:
        if self.verdict.done():
            return
        self._answers()
        match event:
            case SpeechEnded():
                self.verdict.set_result(None)
            case SpeechFailed():
                self.verdict.set_result(event)
            case Final():
                self.owes_words = False
                if self._finishing is not None:
                    self._finishing.cancel()
                self._tell(event)
            case Partial() | SpeechStarted():
                self.owes_words = True
                if self._finishing is not None and not self._finishing.cancelled():
                    self._expect_last_words()
                self._tell(event)

    def _answers(self) -> None:
        self._has_told = True
        self._unanswered_since = None
        if self._stalling is not None:
            self._stalling.cancel()

    def _expect_last_words(self) -> None:
        if self._finishing is not None:
            self._finishing.cancel()
        is_slow = self._is_catching_up or not self._recogniser.capabilities.partials
        patience_s = SLOW_LAST_WORDS_S if is_slow else LAST_WORDS_S
        self._finishing = self._loop.call_later(patience_s, self._is_late, patience_s)

    def _is_late(self, patience_s: float) -> None:
        if self.owes_words:
            self._is_too_slow(f"it said no last words within {patience_s:g} s")
        elif not self.verdict.done():
            self.verdict.set_result(None)
        self.leave()

    def _does_not_begin(self) -> None:
        self._fail(f"it did not begin to listen within {BEGIN_S:g} s", retryable=True)
        self.leave()

    def _stall(self) -> None:
        self._is_too_slow(f"it said nothing for {STALL_S:g} s while somebody spoke")

    def _is_too_slow(self, detail: str) -> None:
        self.was_slow = True
        self._fail(detail, retryable=True)
        self.leave()

    def _fail(self, detail: str, *, retryable: bool = False) -> None:
        if not self.verdict.done():
            self.verdict.set_result(SpeechFailed(FailureKind.BROKEN, detail, retryable=retryable))

    def _stop_timers(self) -> None:
        for timer in (self._beginning, self._feeding, self._stalling, self._finishing):
            if timer is not None:
                timer.cancel()
