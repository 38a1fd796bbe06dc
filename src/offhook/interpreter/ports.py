"""What the interpreter needs of the world around it; adapters fill these ports, `bootstrap` chooses them."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NoReturn, Protocol

from offhook.call.ending import EndedBy, Ending
from offhook.call.errors import Asked, OffhookError
from offhook.call.exchange import Reply
from offhook.call.facts import Fact
from offhook.call.how_ended import HowEnded, how_ended
from offhook.call.info import CallInfo, CallStatus
from offhook.call.port import Audio, Room
from offhook.interpreter.lifetime import UNBOUNDED, CallBounds
from offhook.interpreter.meetings import NO_MEETINGS, Meetings
from offhook.interpreter.news import News
from offhook.interpreter.outbound_leg import LegRefused, OutboundLeg, WantedLeg
from offhook.interpreter.stream_ports import NO_LANGUAGES, NO_LINES, StreamLanguage, StreamLines
from offhook.speech.recognisers import Recognisers
from offhook.verbs import Document, Outcome, Play, Recorded, Request, Say, Target, Understood, Verb


class Recorder(Protocol):
    """Keeps facts."""

    def emit(self, fact: Fact) -> None:
        """Take a fact to be written soon, in order. Never blocks."""

    async def settle(self, fact: Fact) -> None:
        """Take a fact and return once it and all before it are written."""


class Fetch(Protocol):
    """Asks the customer's application."""

    async def fetch(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """The answer to a request for verbs, which carries `headers` besides its own; any 2xx.

        Raises FetchFailed, with the exchange in it.
        """

    async def media(self, url: str, known: Reply | None = None) -> Reply:
        """A sound file; any 2xx. Where `known`, an answer of before, still holds: 304 and no body.

        Raises FetchFailed.
        """


class Prompts(Protocol):
    """Makes sounds out of Say and Play."""

    def ready(self, prompt: Say | Play) -> AbstractAsyncContextManager[Audio]:
        """A block in which the sound is there to be played. Raises FetchFailed, PromptUnusable, ProviderError."""


class Dialect(Protocol):
    """How one family of applications reads and writes: the only place where its names occur."""

    def read(self, reply: Reply) -> Document:
        """The document in an answer, defaults filled in. Raises DocumentInvalid."""

    def standard(self, info: CallInfo, status: CallStatus) -> tuple[tuple[str, str], ...]:
        """The parameters that every request about a call carries."""

    def report(self, verb: Verb, outcome: Outcome, info: CallInfo) -> "Report":
        """What the application is told of an outcome of the call that `info` is about, and where that goes on."""

    def request(self, target: Target, parameters: tuple[tuple[str, str], ...], asked: Asked) -> Request:
        """The request that asks for `asked` with all these parameters, patient and signed as the applications expect."""

    def falls_back(self, asked: Asked | None) -> bool:
        """Whether the fallback URL takes the place of one that was asked for this and failed; None is for what failed
        without being asked, as a sound that cannot be played."""

    def partial(self, understood: Understood) -> tuple[tuple[str, str], ...]:
        """The parameters that tell what is understood so far."""

    def news(self, verb: Verb, news: News, info: CallInfo) -> tuple[tuple[str, str], ...]:
        """The parameters that tell what happens while a verb of the call that `info` is about runs."""

    def failure(self, code: int, url: str) -> tuple[tuple[str, str], ...]:
        """The parameters that tell a fallback URL what went wrong and where."""


@dataclass(frozen=True, slots=True)
class Report:
    """Where an outcome is sent, with what; no target means that the next verb runs."""

    target: Target | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    is_notice: bool = False
    """The application is only told: its answer is not read, and the next verb runs, whatever became of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnd:
    """How and why a call ended."""

    ending: Ending
    by: EndedBy | None = None
    """Why we ended it, where we did."""
    reason: str = ""
    """Why, in words for the operator."""
    error: OffhookError | None = None
    """What ended it, where the application or something of ours failed."""

    @property
    def how(self) -> HowEnded:
        """The same without words, as records keep it."""
        return how_ended(self.ending, self.by, self.error)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """A call's new state, as a status callback tells it."""

    status: CallStatus
    at: datetime
    duration_s: float = 0.0
    """Seconds since the answer; counts only for a final status."""
    recording: Recorded | None = None
    """That of the whole call, with its final status."""
    end: CallEnd | None = None
    """With its final status; None where nobody saw the end."""


class Tracer(Protocol):
    """Follows calls through their verbs, for who wants to see where time went."""

    def call(self, info: CallInfo) -> AbstractContextManager[None]:
        """A block that is a call's life."""

    def verb(self, verb: Verb) -> AbstractContextManager[None]:
        """A block, within that of a call, in which a verb runs."""


class NoTracer:
    """Fills `Tracer` where nobody wants to see."""

    def call(self, info: CallInfo) -> AbstractContextManager[None]:
        """A block like any other."""
        return nullcontext()

    def verb(self, verb: Verb) -> AbstractContextManager[None]:
        """A block like any other."""
        return nullcontext()


NO_TRACER = NoTracer()


class Legs(Protocol):
    """Dials legs for a call."""

    async def dial(self, wanted: WantedLeg) -> tuple[OutboundLeg, ...]:
        """Begin a leg for each place where the destination can be reached; each rings, is answered and ends by itself.

        Raises LegRefused where not one could be begun.
        """


class NoLegs:
    """Fills `Legs` where nobody can be dialled."""

    async def dial(self, wanted: WantedLeg) -> NoReturn:
        """Refuse."""
        raise LegRefused(f"{wanted.destination.address} cannot be dialled from here", 503)


class Tapes(Protocol):
    """Says where recordings lie."""

    def place(self, account_sid: str, recording_id: str) -> tuple[Path, str]:
        """The file of a new recording, whose folder is there, and its name relative to the folder of all recordings.
        Raises OSError where no folder can be made."""


NO_LEGS = NoLegs()


async def _as_it_is(to: str) -> str:
    return to


def _no_room() -> NoReturn:
    raise RuntimeError("no rooms were given to these tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What runners work with, besides the call itself."""

    prompts: Prompts
    recognisers: Recognisers
    recorder: Recorder
    wall_clock: Callable[[], datetime]
    apology: Say
    """What a caller hears when the application fails and names no fallback."""
    apology_tone: Audio
    """What a caller hears instead when there is no voice to speak the apology."""
    finish_grace_s: float
    """How long a recogniser may take for its last words once the utterance is over, in seconds."""
    bounds: CallBounds = UNBOUNDED
    """How long a call may ring and talk."""
    filler: Audio | None = None
    """What an answered caller hears, over and over, while nothing else is ready; None is silence."""
    filler_after_s: float = 2.0
    """How long they hear nothing before, in seconds."""
    tracer: Tracer = NO_TRACER
    legs: Legs = NO_LEGS
    """Dials for the call."""
    room: Callable[[], Room] = _no_room
    """Makes a new room, in which legs of this worker hear each other."""
    tapes: Tapes | None = None
    """Where recordings lie; None where nothing can be recorded."""
    ringing: Audio | None = None
    """What a caller hears, over and over, while those who are dialled ring; None is silence."""
    voice_name: str = ""
    """Whose voice speaks, for the records of what was said."""
    uri_of: Callable[[str], Awaitable[str]] = _as_it_is
    """The SIP URI of a number or SIP URI that the account may call. Raises LegRefused where it may not, and OffhookError
    where there is none."""
    beep: Audio | None = None
    """What is heard before a recording, and when somebody comes into a conference; None is nothing."""
    meetings: Meetings = NO_MEETINGS
    """Takes calls into conferences and queues."""
    hold_music: Audio | None = None
    """What is heard, over and over, by who waits in a conference or queue, or is held there; None is silence."""
    exit_beep: Audio | None = None
    """What is heard when somebody goes out of a conference; None is nothing."""
    stream_lines: StreamLines = NO_LINES
    """Opens the lines of streams."""
    stream_languages: Mapping[str, StreamLanguage] = field(default_factory=lambda: NO_LANGUAGES)
    """What is spoken on streams, by the names that their verbs give."""


class Partials(Protocol):
    """Sends what is understood so far: in order, without keeping the call waiting."""

    def send(self, request: Request) -> None:
        """Queue one request. Never blocks; the answer is not read."""
