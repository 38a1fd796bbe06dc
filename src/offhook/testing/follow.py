"""Runs a whole call against a web application in memory: the real run loop, with everything else scripted."""

import asyncio
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from offhook.call.facts import CallFinished, GatherFinished, NotificationRaised
from offhook.call.port import Audio
from offhook.interpreter.lifetime import UNBOUNDED, CallBounds
from offhook.interpreter.noted_fetch import NotedFetch
from offhook.interpreter.ports import Dialect, Tools
from offhook.interpreter.program import Program, StatusCallback, WebhookProgram
from offhook.interpreter.prompts import PromptStore, write_wav
from offhook.interpreter.run import run_inbound, run_outbound
from offhook.speech.pcm import duration_s
from offhook.speech.recogniser import Recogniser
from offhook.speech.tone import comfort_tone, special_information_tone
from offhook.speech.voice import Voice
from offhook.testing.fake_speech import FakeRecogniser, FakeVoice, SilentDecoder
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.kept_partials import KeptPartials
from offhook.testing.scripted_call import SOME_CALL, ScriptedCall
from offhook.testing.webhook_stub import WebhookStub
from offhook.verbs import Say

BEGINNING = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
"""The wall clock's time when the virtual clock shows 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What came of a call."""

    facts: KeptFacts = field(default_factory=KeptFacts)
    partials: KeptPartials = field(default_factory=KeptPartials)

    @property
    def end(self) -> CallFinished:
        """The call's last fact."""
        [finished] = self.facts.of(CallFinished)
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
    voice: Voice | None = None,
    is_dialled: bool = False,
    ring_timeout_s: float = 60.0,
    retry_s: float = 15.0,
    bounds: CallBounds = UNBOUNDED,
) -> Followed:
    """Run `call` to its end against `application`, which reads and writes `dialect`; what came of it.

    `retry_s` is the setting OFFHOOK_WEBHOOK_RETRY_S; the pauses between tries have no jitter here. A caller who waits
    for more than 2 s hears `comfort`. `bounds` are how long the call may ring and talk; without them, for ever.

    Needs a virtual clock (`run_virtually`). Raises Deadlock for a call that would never end.
    """
    followed = Followed()
    program = WebhookProgram(
        info=SOME_CALL,
        dialect=dialect,
        fetch=NotedFetch(application, call.timeline),
        first=application.target(first),
        fallback=application.target(fallback) if fallback is not None else None,
        status_callback=status_callback() if status_callback is not None else None,
        retry_s=retry_s,
        chance=lambda: 0.5,
    )
    with tempfile.TemporaryDirectory() as folder:
        tools = _tools(application, followed, recogniser, voice, Path(folder))
        tools = replace(tools, bounds=bounds)
        await _run(call, program, tools, followed, is_dialled, ring_timeout_s)
    return followed


async def _run(
    call: ScriptedCall,
    program: Program,
    tools: Tools,
    followed: Followed,
    is_dialled: bool,
    ring_timeout_s: float,
) -> None:
    if not is_dialled:
        await run_inbound(call, program, tools, followed.partials)
        return
    placed = asyncio.Event()
    await run_outbound(
        call, program, tools, followed.partials, ring_timeout_s=ring_timeout_s, on_placed=placed.set
    )


def _tools(
    application: WebhookStub,
    followed: Followed,
    recogniser: Recogniser | None,
    voice: Voice | None,
    folder: Path,
) -> Tools:
    loop = asyncio.get_running_loop()
    tone = folder / "tone.wav"
    write_wav(tone, special_information_tone())
    comfort = folder / "comfort.wav"
    write_wav(comfort, comfort_tone())
    return Tools(
        prompts=PromptStore(
            fetch=application, voice=voice or FakeVoice(), decoder=SilentDecoder(), folder=folder
        ),
        recognisers={"fake": recogniser or FakeRecogniser()},
        default_recogniser="fake",
        recorder=followed.facts,
        wall_clock=lambda: BEGINNING + timedelta(seconds=loop.time()),
        apology=Say(text="sorry"),
        apology_tone=Audio(path=tone, duration_s=0.99, label="tone"),
        finish_grace_s=2.0,
        filler=Audio(path=comfort, duration_s=duration_s(comfort_tone()), label="comfort"),
    )
