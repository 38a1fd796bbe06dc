"""Runs a whole call against a web application in memory: the real run loop, with everything else scripted."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from offhook.call.facts import CallFinished, GatherFinished, NotificationRaised
from offhook.call.port import Audio, Room
from offhook.interpreter.control import Control
from offhook.interpreter.lifetime import UNBOUNDED, CallBounds
from offhook.interpreter.meetings import NO_MEETINGS, Meetings
from offhook.interpreter.noted_fetch import NotedFetch
from offhook.interpreter.ports import NO_LEGS, Dialect, Tools
from offhook.interpreter.program import Program, StatusCallback, WebhookProgram
from offhook.interpreter.prompts import PromptStore, write_wav
from offhook.interpreter.run import run_inbound, run_outbound
from offhook.interpreter.stream_ports import NO_LANGUAGES, NO_LINES, StreamLanguage, StreamLines
from offhook.speech.hold_music import exit_beep, hold_music
from offhook.speech.pcm import duration_s
from offhook.speech.recogniser import Recogniser
from offhook.speech.recognisers import Recognisers
from offhook.speech.tone import beep, comfort_tone, ringing_tone, special_information_tone
from offhook.speech.voice import Voice
from offhook.testing.fake_speech import FakeRecogniser, FakeVoice, SilentDecoder
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.kept_partials import KeptPartials
from offhook.testing.scripted_call import SOME_CALL, ScriptedCall
from offhook.testing.scripted_legs import ScriptedLegs
from offhook.testing.scripted_room import ScriptedRoom
from offhook.testing.webhook_stub import WebhookStub
from offhook.verbs import Say, Verb

BEGINNING = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
"""The wall clock's time when the virtual clock shows 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What came of a call. The facts of legs that it dialled are among the others."""

    call_id: str = SOME_CALL.call_id
    facts: KeptFacts = field(default_factory=KeptFacts)
    partials: KeptPartials = field(default_factory=KeptPartials)

    @property
    def end(self) -> CallFinished:
        """The call's last fact."""
        return self.end_of(self.call_id)

    def end_of(self, call_id: str) -> CallFinished:
        """The last fact of a call: this one, or a leg that it dialled."""
        [finished] = [fact for fact in self.facts.of(CallFinished) if fact.call_id == call_id]
        return finished

    @property
    def gathers(self) -> list[GatherFinished]:
        """The gathers, in order."""
        return self.facts.of(GatherFinished)

    @property
    def notifications(self) -> list[NotificationRaised]:
        """What the customer is told went wrong, in order."""
        return self.facts.of(NotificationRaised)


async def follow(
    call: ScriptedCall,
    application: WebhookStub,
    *,
    dialect: Dialect,
    first: str = "/voice",
    fallback: str | None = None,
    status_callback: Callable[[], StatusCallback] | None = None,
    recogniser: Recogniser | None = None,
    recognisers: Recognisers | None = None,
    voice: Voice | None = None,
    is_dialled: bool = False,
    ring_timeout_s: float = 60.0,
    before: tuple[Verb, ...] = (),
    retry_s: float = 15.0,
    bounds: CallBounds = UNBOUNDED,
    legs: ScriptedLegs | None = None,
    room: Callable[[], Room] = ScriptedRoom,
    recordings: Path | None = None,
    control: Control | None = None,
    meetings: Meetings = NO_MEETINGS,
    stream_lines: StreamLines = NO_LINES,
    stream_languages: Mapping[str, StreamLanguage] = NO_LANGUAGES,
) -> Followed:
    """Run `call` to its end against `application`, which reads and writes `dialect`; what came of it.

    `recognisers` are several, in their order, in place of one `recogniser`. `before` is run once a call that `is_dialled` is
    answered, before its first document. `retry_s` is the setting OFFHOOK_WEBHOOK_RETRY_S, without jitter. A caller who waits for more than 2 s hears
    `comfort`. `recordings` is where recordings are kept; without it they are gone after the call. `bounds` are how long the call
    may ring and talk. Calls that share `meetings` can meet. `stream_lines` open streams that speak `stream_languages`. Needs a
    virtual clock (`run_virtually`). Raises Deadlock for a call that would never end.
    """
    followed = Followed(call_id=call.info.call_id)
    program = WebhookProgram(
        info=call.info,
        dialect=dialect,
        fetch=NotedFetch(application, call.timeline),
        first=application.target(first),
        fallback=application.target(fallback) if fallback is not None else None,
        status_callback=status_callback() if status_callback is not None else None,
        retry_s=retry_s,
        chance=lambda: 0.5,
    )
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tools = replace(
            _tools(application, followed, recognisers or _one(recogniser), voice, folder),
            bounds=bounds,
            legs=legs or NO_LEGS,
            room=room,
            meetings=meetings,
            stream_lines=stream_lines,
            stream_languages=stream_languages,
            tapes=FolderTapes(recordings or folder / "recordings"),
        )
        if legs is not None:
            partials = followed.partials
            await stack.enter_async_context(legs.living(tools, partials, application, dialect, retry_s))
        await _run(call, program, tools, followed, is_dialled, ring_timeout_s, control, before)
    return followed


class FolderTapes:
    """Fills `interpreter.ports.Tapes` with one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, account_sid: str, recording_id: str) -> tuple[Path, str]:
        """A file named by the recording's id."""
        self._folder.mkdir(exist_ok=True)
        name = f"{recording_id}.wav"
        return self._folder / name, name


async def _run(
    call: ScriptedCall,
    program: Program,
    tools: Tools,
    followed: Followed,
    is_dialled: bool,
    ring_timeout_s: float,
    control: Control | None,
    before: tuple[Verb, ...],
) -> None:
    if not is_dialled:
        await run_inbound(call, program, tools, followed.partials, control)
        return
    placed = asyncio.Event()
    await run_outbound(
        call,
        program,
        tools,
        followed.partials,
        ring_timeout_s=ring_timeout_s,
        on_placed=placed.set,
        control=control,
        before=before,
    )


def _one(recogniser: Recogniser | None) -> Recognisers:
    return Recognisers({"fake": recogniser or FakeRecogniser()}, ("fake",))


def _tools(
    application: WebhookStub,
    followed: Followed,
    recognisers: Recognisers,
    voice: Voice | None,
    folder: Path,
) -> Tools:
    loop = asyncio.get_running_loop()
    return Tools(
        prompts=PromptStore(
            fetch=application, voice=voice or FakeVoice(), decoder=SilentDecoder(), folder=folder
        ),
        recognisers=recognisers,
        recorder=followed.facts,
        voice_name="fake",
        wall_clock=lambda: BEGINNING + timedelta(seconds=loop.time()),
        apology=Say(text="sorry"),
        apology_tone=_sound(folder, "tone", special_information_tone()),
        finish_grace_s=2.0,
        filler=_sound(folder, "comfort", comfort_tone()),
        ringing=_sound(folder, "ringing", ringing_tone()),
        beep=_sound(folder, "beep", beep()),
        hold_music=_sound(folder, "hold music", hold_music()),
        exit_beep=_sound(folder, "exit beep", exit_beep()),
    )


def _sound(folder: Path, name: str, pcm: bytes) -> Audio:
    path = folder / f"{name}.wav"
    write_wav(path, pcm)
    return Audio(path=path, duration_s=duration_s(pcm), label=name)
