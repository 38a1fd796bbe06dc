"""The embedded recogniser, as a worker sees it: frames go to a recogniser process, events come back.

One connection an utterance. Sending never waits: frames go out as long as the process reads, and stand in a
short ring when it does not.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import structlog

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
from offhook.vendors.embedded.connection import CONNECT_S, VENDOR
from offhook.vendors.embedded.protocol import (
    Malformed,
    MessageReader,
    RecogniseRequest,
    write_audio,
    write_end,
    write_request,
)

RING_FRAMES = 150
"""Three seconds of audio may wait for a process that does not read; then the oldest is lost."""
SENT_AHEAD_BYTES = 16_384

log = structlog.get_logger()


class EmbeddedRecogniser:
    """Understands hints in English. `sockets` are those of the recogniser processes.

    `understands_free_speech` where they were started to try English without hints.
    """

    def __init__(self, sockets: Sequence[Path], *, understands_free_speech: bool = False) -> None:
        if not sockets:
            raise ValueError("the embedded recogniser needs the socket of at least one process")
        self._sockets = tuple(sockets)
        self._in_use: Counter[Path] = Counter()
        self._capabilities = RecogniserCapabilities(
            partials=True, free_speech=understands_free_speech, finds_end=False
        )

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What it can do."""
        return self._capabilities

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator["EmbeddedRecognition"]:
        """A block that hears one utterance in the process that hears the fewest.

        Leaving it frees the decoder at once, finished or not.
        """
        recognition = EmbeddedRecognition()
        try:
            asked = write_request(
                RecogniseRequest(
                    language=options.language, hints=tuple(options.hints), partials=options.partials
                )
            )
        except Malformed as fault:
            recognition.fail(str(fault), retryable=False)
            yield recognition
            return
        used = await self._connect(recognition)
        self._in_use[used] += 1
        try:
            recognition.ask(asked)
            yield recognition
        finally:
            self._in_use[used] -= 1
            await recognition.close()

    async def close(self) -> None:
        """There is nothing to let go of: each utterance has its own connection."""

    async def _connect(self, recognition: "EmbeddedRecognition") -> Path:
        """The process that was reached; where none was, the recognition has failed."""
        loop = asyncio.get_running_loop()
        by_use = sorted(self._sockets, key=lambda path: self._in_use[path])
        for path in by_use:
            try:
                async with asyncio.timeout(CONNECT_S):
                    await loop.create_unix_connection(lambda: recognition, str(path))
            except OSError as error:  # a TimeoutError is one
                log.warning("recogniser.unreachable", socket=str(path), error=str(error))
            else:
                return path
        recognition.fail("no recogniser process is there", retryable=True)
        return by_use[0]


class EmbeddedRecognition(asyncio.Protocol):
    """One utterance being heard."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[SpeechEvent] = asyncio.Queue()
        self._messages = MessageReader()
        self._ring: deque[bytes] = deque()
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()
        self._is_paused = False
        self._is_finished = False
        self._is_over = False
        self.frames_lost = 0
        """Frames that found the ring full."""

    @property
    def frames_waiting(self) -> int:
        """Frames that the process did not take yet."""
        return len(self._ring)

    def send(self, frame: bytes) -> None:
        """Hand over the next frame."""
        if self._is_finished or self._is_over:
            return
        if len(self._ring) >= RING_FRAMES:
            self._ring.popleft()
            self.frames_lost += 1
        self._ring.append(write_audio(frame))
        self._flush()

    def finish(self) -> None:
        """No more audio comes."""
        if self._is_finished or self._is_over:
            return
        self._is_finished = True
        self._ring.append(write_end())
        self._flush()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return

    def ask(self, request: bytes) -> None:
        """Open with the request; does nothing on a failed recognition."""
        if self._transport is not None:
            self._transport.write(request)

    def fail(self, detail: str, *, retryable: bool) -> None:
        """Tell that recognition broke, unless it is over."""
        self._tell(SpeechFailed(FailureKind.BROKEN, detail, retryable=retryable))

    async def close(self) -> None:
        """Leave the process alone; returns when the connection is closed."""
        self._is_over = True
        if self.frames_lost:
            log.warning("recogniser.frames_lost", count=self.frames_lost)
        if self._transport is not None:
            self._transport.abort()
            await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is up."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being one
        self._transport.set_write_buffer_limits(high=SENT_AHEAD_BYTES)

    def data_received(self, data: bytes) -> None:
        """asyncio: the process sent something."""
        try:
            for message in self._messages.feed(data):
                match message:
                    case SpeechStarted() | Partial() | Final() | SpeechEnded() | SpeechFailed():
                        self._tell(message)
                    case _:
                        raise Malformed("a recogniser process sent what is no event of speech")
        except Malformed as fault:
            self.fail(str(fault), retryable=True)

    def eof_received(self) -> bool:
        """asyncio: the process closed; the connection closes too."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the connection is closed, by either side."""
        self._closed.set()
        self.fail("the recogniser process died while it listened", retryable=True)

    def pause_writing(self) -> None:
        """asyncio: the process does not read fast enough."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """asyncio: it does again."""
        self._is_paused = False
        self._flush()

    def _flush(self) -> None:
        while self._ring and not self._is_paused and self._transport is not None:
            self._transport.write(self._ring.popleft())

    def _tell(self, event: SpeechEvent) -> None:
        if self._is_over:
            return
        self._is_over = isinstance(event, SpeechEnded | SpeechFailed)
        self._events.put_nowait(event)
        if self._is_over and self._transport is not None:
            self._transport.close()
