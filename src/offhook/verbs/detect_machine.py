"""Find out who answered a call that was made: a person, or an answering machine."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectMachine:
    """Listen to the first seconds after the answer: a person says a few words and waits, a machine goes on."""

    needs_answer: ClassVar[bool] = True

    longest_s: float = 5.0
    """The longest listening; the other times count only within it."""
    silence_s: float = 4.5
    """Nobody speaks for so long: a machine."""
    greeting_s: float = 1.5
    """More seconds of voice in the greeting, its pauses not counted: a machine."""
    words: int = 3
    """More words in the greeting, each a burst of voice between short pauses: a machine."""
    speech_s: float = 5.0
    """A greeting that goes on for longer, its pauses counted: a machine."""
    hangs_up: bool = False
    """Whether a machine is hung up."""
    callback: Target | None = None
    """Told who answered; None is told nothing."""
    is_background: bool = False
    """Whether the next verb runs meanwhile."""
    line: int | None = None
    """The line of the document where the verb stands."""


class Telltale(StrEnum):
    """What gave away who answered."""

    WAITS = "waits"
    """A short greeting, and then silence: a person."""
    TIME_UP = "time_up"
    """The time was over, with too little heard for a machine: a person."""
    SILENCE = "silence"
    """Nobody spoke: a machine."""
    LONG_GREETING = "long_greeting"
    """A machine."""
    MANY_WORDS = "many_words"
    """A machine."""
    LONG_SPEECH = "long_speech"
    """A machine."""
    BEEP = "beep"
    """A machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detected:
    """Who answered."""

    call_is_over: ClassVar[bool] = False

    is_machine: bool
    telltale: Telltale
    after_s: float
    """How long it took."""
