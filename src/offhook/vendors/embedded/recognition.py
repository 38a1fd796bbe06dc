"""One utterance being heard, by one recogniser process after another where they die.

Whatever happens to the processes, the events are those of one utterance. A process that dies, or that falls silent
and does not answer a ping either, is left, and the audio so far goes to the next one: another, or the same started
again. Where none comes in time, or one dies again and again over this very utterance, recognition has failed.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog

from offhook.speech.event_queue import EventQueue
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.embedded.connection import TRY_AGAIN_S
from offhook.vendors.embedded.kept_audio import KeptAudio
from offhook.vendors.embedded.link import Link
from offhook.vendors.embedded.protocol import HEARD_EVERY, Heard, Malformed, Message
from offhook.vendors.embedded.recogniser_processes import NobodyHears, RecogniserProcesses
from offhook.vendors.embedded.told_events import ToldEvents

MOST_LOSSES = 3
"""Processes that may be lost over one utterance: perhaps it is the utterance that they die of."""
FREE_AGAIN_S = 0.5
"""How long to look for a decoder where all listen to somebody."""
LOOK_EVERY_S = 1.0
DOES_NOT_ANSWER = "the recogniser process does not answer"

log = structlog.get_logger()


class EmbeddedRecognition:
    """One utterance."""

    def __init__(self, request: bytes, processes: RecogniserProcesses, *, return_s: float) -> None:
        """`request` opens each connection. `return_s`: how long to be without a process before giving up."""
        self._request = request
        self._processes = processes
        self._return_s = return_s
        self._loop = asyncio.get_running_loop()
        self._events = EventQueue()
        self._told = ToldEvents()
        self._audio = KeptAudio()
        self._link: Link | None = None
        self._alone_since = self._loop.time()
        """Since when no process has heard anything of it."""
        self._left_at = self._alone_since
        """When the last process was left."""
        self._losses = 0
        self._frames_to_repeat = 0
        self._is_finished = False
        self._is_over = False

    @property
    def frames_waiting(self) -> int:
        """Frames that no process took yet, and one still may."""
        return 0 if self._is_over else self._audio.waiting

    def send(self, frame: bytes) -> None:
        """Hand over the next frame."""
        if self._is_finished or self._is_over:
            return
        self._audio.add(frame)
        self._flush()

    def finish(self) -> None:
        """No more audio comes."""
        if self._is_finished or self._is_over:
            return
        self._is_finished = True
        self._flush()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""
        while True:
            event = await self._events.take()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return

    def fail(self, detail: str, *, retryable: bool, kind: FailureKind = FailureKind.BROKEN) -> None:
        """Tell that recognition failed, unless it is over."""
        self._tell(SpeechFailed(kind, detail, retryable=retryable))

    async def keep_heard(self) -> None:
        """Give the utterance to a process, and to another one whenever that is lost; returns when it is over."""
        left: Link | None = None
        try:
            while not self._is_over:
                async with self._processes.link(
                    self,
                    but=left.path if left is not None else None,
                    until=self._alone_since + self._return_s,
                ) as link:
                    self._link = link
                    link.ask(self._request)
                    self._flush()
                    await self._until_left(link)
                    self._link = None
                left = link
                await self._leave(link)
        except NobodyHears as why:
            self.fail(str(why), retryable=True)

    def let_go(self) -> None:
        """Nobody wants to hear more of it."""
        self._is_over = True
        if self._audio.lost:
            log.warning("recogniser.frames_lost", count=self._audio.lost)

    def take_message(self, link: Link, message: Message) -> None:
        """The process said something. Raises Malformed."""
        if link is not self._link:
            return
        match message:
            case SpeechFailed(retryable=True):
                link.leave(message.detail, busy=True)
            case SpeechStarted() | Partial() | Final() | SpeechEnded() | SpeechFailed():
                self._tell(self._told.news(message))
            case Heard():
                self._hears(link)
            case _:
                raise Malformed("a recogniser process sent what is no event of speech")

    def take_malformed(self, link: Link, fault: Malformed) -> None:
        """The process said what it may not say: it would again."""
        if link is self._link:
            self.fail(str(fault), retryable=True)

    def take_room(self, link: Link) -> None:
        """More can be sent."""
        if link is self._link:
            self._flush()

    async def _until_left(self, link: Link) -> None:
        """Returns when a process hears no more. Raises NobodyHears when it does not answer, and is the only one."""
        silent_since: float | None = None
        while not link.left.is_set():
            received, looked_at = link.times_received, self._loop.time()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await link.left.wait()
            if link.left.is_set():
                return
            if (
                link.times_received != received
                or not link.is_owed_an_answer
                or await self._processes.is_alive(link.path)
            ):
                silent_since = None
                continue
            silent_since = silent_since or looked_at
            if self._processes.has_another(link.path):
                link.leave(DOES_NOT_ANSWER)
            elif self._loop.time() - silent_since >= self._return_s and not link.left.is_set():
                raise NobodyHears(DOES_NOT_ANSWER)

    async def _leave(self, link: Link) -> None:
        """Make ready for another process. Raises NobodyHears where there should be none."""
        if self._is_over:
            return
        if self._told.has_final:
            self._tell(SpeechEnded())
            return
        if link.was_busy:
            patience_s = self._return_s if self._losses else FREE_AGAIN_S
            if self._loop.time() >= self._alone_since + patience_s:
                raise NobodyHears(link.why_left)
            await asyncio.sleep(TRY_AGAIN_S)
        else:
            self._losses += 1
            self._alone_since = self._left_at = self._loop.time()
            if self._losses == MOST_LOSSES:
                raise NobodyHears(f"{link.why_left}, as {MOST_LOSSES} in a row did over this utterance")
            log.warning("recogniser.left", why=link.why_left, frames_heard=link.heard)
        # It may have heard a little more than it told.
        heard = self._audio.sent - max(0, link.unheard - HEARD_EVERY)
        self._frames_to_repeat = max(heard, self._frames_to_repeat if self._told.is_repeating else 0)
        self._audio.rewind()
        self._told.repeat()

    def _hears(self, link: Link) -> None:
        self._processes.answers(link.path)
        if not self._told.has_started:
            self._audio.forget_silence(unheard=link.unheard)
        if self._told.is_repeating and link.heard >= self._frames_to_repeat:
            took_s = round(self._loop.time() - self._left_at, 3)
            log.info("recogniser.caught_up", frames=link.heard, took_s=took_s)
            self._tell(self._told.catch_up())
        self._alone_since = self._loop.time()

    def _flush(self) -> None:
        link = self._link
        if link is None:
            return
        while not link.is_paused and (frame := self._audio.take()) is not None:
            link.send(frame)
        if self._is_finished and not self._audio.waiting and not link.is_ended:
            link.end()

    def _tell(self, event: SpeechEvent | None) -> None:
        if self._is_over or event is None:
            return
        self._is_over = isinstance(event, SpeechEnded | SpeechFailed)
        self._events.put(event)
        if self._is_over and self._link is not None:
            self._link.leave("the utterance is over")
