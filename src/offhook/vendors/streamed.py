"""What streaming recognisers have in common: a ring of frames on the way out, a queue of events on the way back.

A vendor's file says what to do with them, in one coroutine that may raise.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from offhook.speech.event_queue import EventQueue
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserCapabilities,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors import custom_protocol
from offhook.vendors.custom_protocol import line, shortened
from offhook.verbs.recogniser_options import unhonoured

WAITING_FRAMES = 500
"""Ten seconds may wait while the connection is being made; then the oldest are lost."""
LAST_WORDS_S = 5.0
"""How long a vendor may take for its last words once it has all audio."""
LAST_BREATH_S = 1.0
"""How long a vendor that takes no more audio may take to tell why."""

log = structlog.get_logger()


class VendorFailed(Exception):
    """A vendor refused, or answered nonsense; the text is for people."""

    def __init__(
        self, detail: str, *, retryable: bool = False, kind: FailureKind = FailureKind.BROKEN
    ) -> None:
        self.event = SpeechFailed(kind, shortened(detail), retryable=retryable)
        super().__init__(self.event.detail)


class StreamedRecognition:
    """One utterance being heard. Fills `speech.recogniser.Recognition`.

    Audio leaves in messages of `frames_a_message` frames: each message costs.
    """

    def __init__(self, vendor: str, *, frames_a_message: int = 1) -> None:
        self.vendor = vendor
        self._frames_a_message = frames_a_message
        self._events = EventQueue()
        self._frames: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._is_over = False
        self._has_started = False
        self._messages_dropped = 0
        self.is_finished = False
        """Whether no more audio comes."""
        self.frames_lost = 0
        """Frames that found no room."""

    @property
    def frames_waiting(self) -> int:
        """Frames that were not asked for yet."""
        return 0 if self._is_over else len(self._frames)

    def send(self, frame: bytes) -> None:
        """Hand over the next frame."""
        if self.is_finished or self._is_over:
            return
        if len(self._frames) >= WAITING_FRAMES:
            self._frames.popleft()
            self.frames_lost += 1
        self._frames.append(frame)
        if len(self._frames) >= self._frames_a_message:
            self._more.set()

    def finish(self) -> None:
        """No more audio comes."""
        self.is_finished = True
        self._more.set()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""
        while True:
            event = await self._events.take()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return

    async def audio(self) -> AsyncIterator[bytes]:
        """What is to be sent, as it comes; ends when it was all."""
        while (chunk := await self.next_audio()) is not None:
            yield chunk

    async def next_audio(self) -> bytes | None:
        """What is to be sent next; None when it was all. Nothing is lost when this is cancelled."""
        while True:
            if len(self._frames) >= self._frames_a_message or (self.is_finished and self._frames):
                count = min(self._frames_a_message, len(self._frames))
                return b"".join(self._frames.popleft() for _ in range(count))
            if self.is_finished:
                return None
            self._more.clear()
            await self._more.wait()

    def started(self) -> None:
        """Somebody speaks."""
        if not self._has_started:
            self._has_started = True
            self.tell(SpeechStarted())

    def partial(self, text: str, stability: float | None = None) -> None:
        """What is understood so far; nothing where there are no words."""
        if words := line(text):
            self.started()
            self.tell(Partial(words, stability))

    def final(self, text: str, confidence: float | None = None) -> None:
        """Words that stay; nothing where there are none. A confidence that makes no sense is none."""
        if words := line(text):
            self.started()
            self.tell(Final(words, custom_protocol.confidence(confidence)))

    def tell(self, event: SpeechEvent) -> None:
        """Add an event, unless recognition is over."""
        if self._is_over:
            return
        self._is_over = isinstance(event, SpeechEnded | SpeechFailed)
        self._events.put(event)

    def drop(self, why: str) -> None:
        """A message meant nothing. One line tells of the first; the rest are counted, or a vendor could fill the log."""
        self._messages_dropped += 1
        if self._messages_dropped == 1:
            log.warning("recogniser.message_dropped", vendor=self.vendor, why=why)

    def leave(self) -> None:
        """Nobody listens any more."""
        self._is_over = True
        if self.frames_lost:
            log.warning("recogniser.frames_lost", vendor=self.vendor, count=self.frames_lost)
        if self._messages_dropped > 1:
            log.warning("recogniser.messages_dropped", vendor=self.vendor, count=self._messages_dropped)


AnyRecognition = TypeVar("AnyRecognition", bound=StreamedRecognition)


@asynccontextmanager
async def streamed(
    recognition: AnyRecognition,
    work: Callable[[], Coroutine[Any, Any, None]],
    explain: Callable[[Exception], SpeechFailed],
) -> AsyncIterator[AnyRecognition]:
    """A block in which `work` goes on; leaving it cancels it. Its return is the end, what it raises a failure."""
    # A task of its own rather than a TaskGroup, which would wrap what the block itself raises.
    working = asyncio.create_task(_told(recognition, work, explain))
    try:
        yield recognition
    finally:
        recognition.leave()
        working.cancel()
        await asyncio.wait((working,))


async def _told(
    recognition: StreamedRecognition,
    work: Callable[[], Coroutine[Any, Any, None]],
    explain: Callable[[Exception], SpeechFailed],
) -> None:
    try:
        await work()
        recognition.tell(SpeechEnded())
    except VendorFailed as failed:
        recognition.tell(failed.event)
    except Exception as error:  # noqa: BLE001  # the port promises an event for whatever goes wrong
        recognition.tell(explain(error))


async def converse(sending: Coroutine[Any, Any, None], reading: Coroutine[Any, Any, None]) -> None:
    """Send and read at once, until reading ends. Raises what went wrong, and VendorFailed without last words."""
    sender, reader = asyncio.create_task(sending), asyncio.create_task(reading)
    try:
        await asyncio.wait((sender, reader), return_when=asyncio.FIRST_COMPLETED)
        if not reader.done():
            cut = sender.exception()
            await asyncio.wait((reader,), timeout=LAST_WORDS_S if cut is None else LAST_BREATH_S)
            if not reader.done():
                raise cut or VendorFailed(f"it said no last words within {LAST_WORDS_S:g} s", retryable=True)
        reader.result()
    finally:
        sender.cancel()
        reader.cancel()
        await asyncio.gather(sender, reader, return_exceptions=True)


def warn_of_unhonoured(vendor: str, options: RecogniserOptions, capabilities: RecogniserCapabilities) -> None:
    """One line in the log for what the vendor will pass over."""
    if passed_over := unhonoured(options, capabilities.options):
        log.warning("recogniser.options_unhonoured", vendor=vendor, options=passed_over)
