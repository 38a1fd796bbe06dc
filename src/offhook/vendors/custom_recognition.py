"""One utterance being heard by an operator's own speech engine: frames go out, events come back.

A frame costs little more than the system call that sends it: picows masks and writes it at once, and there is
no task between. Audio that finds no connection yet stands in a ring. Audio that the engine does not read
collects in a buffer of bounded size; beyond that it is lost, and counted.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import structlog
from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from offhook.speech.event_queue import EventQueue
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.custom_protocol import (
    MOST_MESSAGE_BYTES,
    STOP,
    Garbage,
    Unknown,
    line,
    read_message,
    write_start,
)
from offhook.vendors.websocket import broken_rule

WAITING_FRAMES = 150
"""Three seconds, which is what connecting may take; then the oldest are lost."""
UNSENT_BYTES = 262_144
"""What may wait for an engine that does not read: 16 seconds, besides what the system buffers."""
LAST_WORDS_S = 5.0
"""How long the engine may take for its last words once it was told to stop."""
GOOD_CLOSES = (WSCloseCode.OK, WSCloseCode.GOING_AWAY, WSCloseCode.NO_INFO)

log = structlog.get_logger()


class CustomRecognition(WSListener):
    """Fills `speech.recogniser.Recognition`; `vendor` is how logs call the engine."""

    def __init__(self, vendor: str, options: RecogniserOptions) -> None:
        self._vendor = vendor
        self._start = write_start(options)
        self._events = EventQueue()
        self._waiting: deque[bytes] = deque()
        self._transport: WSTransport | None = None
        self._last_words: asyncio.TimerHandle | None = None
        self._fragments: bytearray | None = None
        self._is_paused = False
        self._was_slow = False
        self._is_finished = False
        self._is_over = False
        self._has_started = False
        self._is_understood = False
        """Whether any message was of the protocol's kind, whether or not it meant something."""
        self._has_words = False
        """Whether something was understood for good."""
        self.frames_lost = 0
        """Frames that found no room."""
        self.messages_dropped = 0
        """Messages that meant nothing."""

    @property
    def frames_waiting(self) -> int:
        """Frames that find no connection yet; while the engine does not read, as many as ever may."""
        if self._is_over:
            return 0
        return WAITING_FRAMES if self._is_paused else len(self._waiting)

    def send(self, frame: bytes) -> None:
        """Hand over the next frame."""
        if self._is_finished or self._is_over:
            return
        if self._transport is None:
            self._wait(frame)
        elif self._is_paused:
            self.frames_lost += 1
        else:
            self._transport.send(WSMsgType.BINARY, frame)

    def finish(self) -> None:
        """No more audio comes."""
        if self._is_finished or self._is_over:
            return
        self._is_finished = True
        if self._transport is not None:
            self._stop(self._transport)

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""
        while True:
            event = await self._events.take()
            yield event
            if isinstance(event, SpeechEnded | SpeechFailed):
                return

    def fail(self, detail: str, *, retryable: bool) -> None:
        """Tell that recognition broke, unless it is over."""
        self._tell(SpeechFailed(FailureKind.BROKEN, detail, retryable=retryable))

    async def leave(self) -> None:
        """Nobody listens any more; returns when the connection, if there is one, is closed."""
        self._is_over = True
        self._hang_up()
        if self._transport is not None:
            # It raises what picows found wrong with the engine, which `_closed` has told.
            await asyncio.gather(self._transport.wait_disconnected(), return_exceptions=True)
        if self.frames_lost:
            log.warning("recogniser.frames_lost", vendor=self._vendor, count=self.frames_lost)
        if self.messages_dropped > 1:
            log.warning("recogniser.messages_dropped", vendor=self._vendor, count=self.messages_dropped)

    def on_ws_connected(self, transport: WSTransport) -> None:
        """picows: the engine is there."""
        self._transport = transport
        if self._is_over:
            self._hang_up()
            return
        transport.underlying_transport.set_write_buffer_limits(high=UNSENT_BYTES)
        transport.send(WSMsgType.TEXT, self._start)
        while self._waiting:
            transport.send(WSMsgType.BINARY, self._waiting.popleft())
        if self._is_finished:
            self._stop(transport)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """picows: the engine sent something."""
        kind = frame.msg_type
        if kind == WSMsgType.CLOSE:
            self._closed(transport, frame.get_close_code(), frame.get_close_reason())
        elif kind == WSMsgType.BINARY:
            self._drop("it is binary")
        elif kind in (WSMsgType.TEXT, WSMsgType.CONTINUATION):
            self._piece(frame)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """picows: the connection is gone, by either side."""
        self._closed(transport, None, "")

    def pause_writing(self) -> None:
        """picows: the engine does not read, and the buffer is full."""
        self._is_paused = True
        if not self._was_slow:
            self._was_slow = True
            log.warning("recogniser.does_not_read", vendor=self._vendor, unsent_bytes=UNSENT_BYTES)

    def resume_writing(self) -> None:
        """picows: it does again."""
        self._is_paused = False

    def _wait(self, frame: bytes) -> None:
        if len(self._waiting) >= WAITING_FRAMES:
            self._waiting.popleft()
            self.frames_lost += 1
        self._waiting.append(frame)

    def _stop(self, transport: WSTransport) -> None:
        transport.send(WSMsgType.TEXT, STOP)
        loop = asyncio.get_running_loop()
        self._last_words = loop.call_later(LAST_WORDS_S, self._gave_no_end)

    def _gave_no_end(self) -> None:
        if self._has_words:
            self._tell(SpeechEnded())
        else:
            self.fail(f"the engine said no last words within {LAST_WORDS_S:g} s", retryable=True)

    def _piece(self, frame: WSFrame) -> None:
        """A message comes whole, or as a text frame and what continues it."""
        payload = frame.get_payload_as_bytes()
        if frame.msg_type == WSMsgType.TEXT:
            if frame.fin:
                self._take(payload)
                return
            self._fragments = bytearray()
        if self._fragments is None:
            return  # it continues a binary message
        self._fragments += payload
        if len(self._fragments) > MOST_MESSAGE_BYTES:
            self.fail(f"a message of the engine is longer than {MOST_MESSAGE_BYTES:,} bytes", retryable=False)
        elif frame.fin:
            whole, self._fragments = bytes(self._fragments), None
            self._take(whole)

    def _take(self, message: bytes) -> None:
        try:
            event = read_message(message)
        except Garbage as fault:
            self._drop(str(fault))
            return
        except Unknown as fault:
            self._is_understood = True
            self._drop(str(fault))
            return
        self._is_understood = True
        if event is None:
            return
        if not self._has_started and not isinstance(event, SpeechFailed):
            self._has_started = True
            self._tell(SpeechStarted())
        self._tell(event)

    def _drop(self, why: str) -> None:
        """One line tells of the first; the rest are counted, or an engine could fill the log."""
        self.messages_dropped += 1
        if self.messages_dropped == 1:
            log.warning("recogniser.message_dropped", vendor=self._vendor, why=why)

    def _closed(self, transport: WSTransport, code: WSCloseCode | None, reason: str) -> None:
        """`code`: None where the connection broke without a word, which is an end only for one that has said its words."""
        if (broken := broken_rule(transport)) is not None:
            self.fail(f"the engine breaks the WebSocket protocol: {broken}", retryable=False)
        elif self._is_finished and (self._has_words if code is None else code in GOOD_CLOSES):
            if self.messages_dropped and not self._is_understood:
                self.fail("nothing that the engine sent could be understood", retryable=True)
            else:
                self._tell(SpeechEnded())
        else:
            told = "" if code in (None, WSCloseCode.NO_INFO) else f" ({_shown_close(code, reason)})"
            when = "after" if self._is_finished else "before"
            self.fail(f"the engine closed the connection{told} {when} it was told to stop", retryable=True)

    def _tell(self, event: SpeechEvent) -> None:
        if self._is_over:
            return
        self._events.put(event)
        self._has_words = self._has_words or isinstance(event, Final)
        if isinstance(event, SpeechEnded | SpeechFailed):
            self._is_over = True
            self._hang_up()

    def _hang_up(self) -> None:
        """Close at once: what is not sent by now is of no use any more."""
        self._waiting.clear()
        if self._last_words is not None:
            self._last_words.cancel()
        if self._transport is not None and not self._transport.is_disconnected:
            if not self._transport.is_close_frame_sent:
                self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect(graceful=False)


def _shown_close(code: WSCloseCode | None, reason: str) -> str:
    number = str(int(code))  # type: ignore[call-overload]  # compiled, it is an int
    return f"{number}: {line(reason)}" if reason else number
