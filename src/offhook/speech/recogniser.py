"""The recogniser port. Every vendor yields the same five events and declares what it can do."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from offhook.verbs.recogniser_options import HINTS
from offhook.verbs.recogniser_options import RecogniserOptions as RecogniserOptions  # it belongs to the port


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The recogniser noticed speech."""


@dataclass(frozen=True, slots=True)
class Partial:
    """What is understood so far of the words that no `Final` has covered; replaces the partial before."""

    text: str
    stability: float | None = None
    """0 to 1, where the vendor says how likely it is to stay."""


@dataclass(frozen=True, slots=True)
class Final:
    """A stretch of speech, understood for good. Several may come; their texts follow each other."""

    text: str
    confidence: float | None = None
    """0 to 1, where the vendor says."""


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """No more events: all audio was used."""


class FailureKind(StrEnum):
    """Why recognition failed."""

    NEEDS_MODEL = "needs_model"
    """The vendor cannot do what was asked: no model for this language, or none for free speech."""
    BAD_REQUEST = "bad_request"
    """What was asked can be done by nobody, such as too many hints: no fault of the vendor's."""
    BROKEN = "broken"
    """The vendor refused, vanished, or answered nonsense."""


@dataclass(frozen=True, slots=True)
class SpeechFailed:
    """No more events: recognition broke. `detail` is for people."""

    kind: FailureKind
    detail: str
    retryable: bool = False


SpeechEvent = SpeechStarted | Partial | Final | SpeechEnded | SpeechFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserCapabilities:
    """What a vendor can do."""

    partials: bool
    """Yields `Partial` events."""
    free_speech: bool
    """Understands more than the hints."""
    finds_end: bool
    """Yields a `Final` by itself when the speaker stops, before `finish` is called."""
    last_words_s: float = 0.0
    """How long it may take for its last words where that is longer than what is granted to all: it shares this machine with
    many, and its words are late then and not lost."""
    options: frozenset[str] = HINTS
    """The fields of `RecogniserOptions` that it honours, besides those that every vendor does."""


class Recognition(Protocol):
    """One utterance being heard. Iterate it for its events; it ends after SpeechEnded or SpeechFailed."""

    @property
    def frames_waiting(self) -> int:
        """Frames that were handed over and could not be sent on yet; who has more of them may want to wait."""

    def send(self, frame: bytes) -> None:
        """Hand over the next frame. Never blocks and never raises; a failure comes as an event."""

    def finish(self) -> None:
        """No more audio comes: what was heard becomes a `Final` (none where nothing was understood)."""

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """The events, in order."""


class Recogniser(Protocol):
    """A speech recogniser."""

    @property
    def name(self) -> str:
        """The vendor's name, as configuration and records spell it."""

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What this vendor can do."""

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[Recognition]:
        """A block that hears one utterance. What goes wrong comes as a `SpeechFailed` event, never raised."""

    async def close(self) -> None:
        """Let go of connections; nothing may be used after."""
