"""A worker's connection to one recogniser process, for one utterance. Sending never waits."""

import asyncio
from pathlib import Path
from typing import Protocol, cast

from offhook.vendors.embedded.protocol import (
    HEARD_EVERY,
    Heard,
    Malformed,
    Message,
    MessageReader,
    write_audio,
    write_end,
)

SENT_AHEAD_BYTES = 16_384


class LinkOwner(Protocol):
    """Whom a link tells what happens to it."""

    def take_message(self, link: "Link", message: Message) -> None:
        """The process said something. May raise Malformed."""

    def take_malformed(self, link: "Link", fault: Malformed) -> None:
        """The process said what it may not say."""

    def take_room(self, link: "Link") -> None:
        """More can be sent."""


class Link(asyncio.Protocol):
    """One connection."""

    def __init__(self, path: Path, owner: LinkOwner) -> None:
        self.path = path
        self.left = asyncio.Event()
        """Set when the process hears no more; `why_left` then says why."""
        self.why_left = ""
        self.was_busy = False
        """Whether the process had no decoder for the utterance."""
        self.sent = 0
        """Frames sent."""
        self.heard = 0
        """Of these, how many the process says it heard."""
        self.times_received = 0
        """Grows whenever the process says anything."""
        self.is_paused = False
        """Whether the process does not read fast enough."""
        self.is_ended = False
        """Whether it was told that no more audio comes."""
        self._owner = owner
        self._messages = MessageReader()
        self._transport: asyncio.Transport | None = None
        self._closed = asyncio.Event()

    @property
    def is_owed_an_answer(self) -> bool:
        """Whether the process has got enough to say something about it."""
        return self.is_ended or self.unheard >= 2 * HEARD_EVERY

    @property
    def unheard(self) -> int:
        """Frames sent of which the process has not said that it heard them."""
        return self.sent - self.heard

    def ask(self, request: bytes) -> None:
        """Open with the request."""
        self._write(request)

    def send(self, frame: bytes) -> None:
        """The next frame."""
        self.sent += 1
        self._write(write_audio(frame))

    def end(self) -> None:
        """No more audio comes."""
        self.is_ended = True
        self._write(write_end())

    def leave(self, why: str, *, busy: bool = False) -> None:
        """The process hears no more; the first reason counts."""
        if not self.left.is_set():
            self.why_left, self.was_busy = why, busy
            self.left.set()

    async def close(self) -> None:
        """Drop the connection; returns when it is closed."""
        if self._transport is not None:
            self._transport.abort()
            await self._closed.wait()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: the connection is up."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without being one
        self._transport.set_write_buffer_limits(high=SENT_AHEAD_BYTES)

    def data_received(self, data: bytes) -> None:
        """asyncio: the process sent something."""
        self.times_received += 1
        try:
            for message in self._messages.feed(data):
                if isinstance(message, Heard):
                    self.heard = message.messages
                self._owner.take_message(self, message)
        except Malformed as fault:
            self._owner.take_malformed(self, fault)

    def eof_received(self) -> bool:
        """asyncio: the process closed; the connection closes too."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio: the connection is closed, by either side."""
        self._closed.set()
        self.leave("the recogniser process died while it listened")

    def pause_writing(self) -> None:
        """asyncio: the process does not read fast enough."""
        self.is_paused = True

    def resume_writing(self) -> None:
        """asyncio: it does again."""
        self.is_paused = False
        self._owner.take_room(self)

    def _write(self, message: bytes) -> None:
        # A transport that failed a moment ago tells so later, and complains of each write till then.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(message)
