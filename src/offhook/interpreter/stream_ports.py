"""What a stream needs of the world around it: a line to the application, and a language that both sides speak on it.

What is said is neutral here. A language makes messages of it, text or bytes, and reads what comes.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn, Protocol

from offhook.call.errors import OffhookError
from offhook.call.info import CallInfo
from offhook.verbs import SoundFormat, Stream, Track

Message = str | bytes


class StreamBroke(OffhookError):
    """A line could not be made, or broke. The text is for people."""

    def __init__(self, words: str, *, is_lasting: bool = False, was_closed: bool = False) -> None:
        """`is_lasting`: another try would end the same. `was_closed`: the application closed it, as one closes what is
        done."""
        super().__init__(words)
        self.is_lasting = is_lasting
        self.was_closed = was_closed


class Nonsense(OffhookError):
    """The application sent what means nothing, or cannot be done. The text says what, and what became of it."""


class StreamLine(Protocol):
    """An open line to an application."""

    async def send(self, message: Message) -> None:
        """Send, once there is room. Raises StreamBroke."""

    def messages(self) -> AsyncIterator[Message]:
        """What the application sends. Raises StreamBroke where the line ends, however it does."""


class StreamLines(Protocol):
    """Opens lines to the applications of one account."""

    def line(self, url: str, signature: str) -> AbstractAsyncContextManager[StreamLine]:
        """A block with an open line to a ws or wss URL; the request for it bears the signature of this name. Raises
        StreamBroke."""


@dataclass(frozen=True, slots=True)
class PlaySound:
    """Play this after all that came before."""

    sound: bytes
    sound_format: SoundFormat


@dataclass(frozen=True, slots=True)
class Mark:
    """Tell when all that came before was played."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearSounds:
    """Play nothing of what came before."""


@dataclass(frozen=True, slots=True)
class PressKeys:
    """Send keys to the far end, as `verbs.SendKeys` has them."""

    keys: str


@dataclass(frozen=True, slots=True)
class EndStream:
    """The stream is over."""


Command = PlaySound | Mark | ClearSounds | PressKeys | EndStream


class StreamEvent(StrEnum):
    """What becomes of a stream."""

    STARTED = "started"
    """It is connected."""
    PLAYED = "played"
    """All that stood before a mark was played."""
    CLEARED = "cleared"
    """What was not played yet never will be."""
    DEGRADED = "degraded"
    """The application is slow to take what it is sent."""
    DROPPED = "dropped"
    """It ended by a fault, or because the application closed the connection."""
    STOPPED = "stopped"
    """It ended otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamNews:
    """Something became of the stream of a verb, which has its id."""

    event: StreamEvent
    at: datetime
    mark: str = ""
    """Its name."""
    error: str = ""
    """What was wrong, for people."""


class StreamTalk(Protocol):
    """One connection's side of the talk. What is None is not said in this language."""

    def begun(self) -> Message | None:
        """The stream begins."""

    def sound(self, track: Track, sound: bytes, at: datetime) -> Message:
        """20 ms of a track, in the stream's format."""

    def key(self, key: str, at: datetime) -> Message | None:
        """The far end pressed a key."""

    def played(self, name: str) -> Message | None:
        """All before the mark was played."""

    def cleared(self) -> Message | None:
        """What was not played yet never will be."""

    def over(self) -> Message | None:
        """The stream ends."""

    def read(self, message: Message) -> tuple[Command, ...]:
        """What the application wants. Raises Nonsense."""


class StreamLanguage(Protocol):
    """How one family of applications talks on a stream."""

    @property
    def signature(self) -> str:
        """The name of what signs the request for a connection."""

    def talk(self, verb: Stream, info: CallInfo) -> StreamTalk:
        """A talk from its beginning."""


class NoLines:
    """Fills `StreamLines` where no line can be opened."""

    def line(self, url: str, signature: str) -> NoReturn:
        """Refuse."""
        raise StreamBroke("streams cannot be opened from here", is_lasting=True)


NO_LINES = NoLines()
NO_LANGUAGES: Mapping[str, StreamLanguage] = {}
