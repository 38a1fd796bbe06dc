"""A worker's calls on the virtual clock, each with its control, and what customers can do to them while they run."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from offhook.call.facts import CallFinished, CallStarted
from offhook.call.info import CallInfo
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import Control
from offhook.interpreter.outbound_leg import WantedLeg
from offhook.processes.languages import Languages
from offhook.processes.live_changes import LiveChanges
from offhook.processes.programs import Programs
from offhook.testing import Followed, Page, ScriptedCall, ScriptedLegs, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL
from offhook.testing.scripted_legs import Script

RCML = Rcml(instance_id=32 * "0")
Pages = Mapping[str, str | Page | tuple[str | Page, ...]]


@dataclass
class LiveWorld:
    """Its applications answer with `pages`; its calls are named by numbers, from 1."""

    pages: Pages
    recordings: Path | None = None
    scripts: Mapping[str, Script] = field(default_factory=dict)
    """How those who are dialled behave."""
    calls: dict[str, ScriptedCall] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)
    legs: list[ScriptedLegs] = field(default_factory=list)
    done: list[Followed] = field(default_factory=list)
    acts: "list[asyncio.Task[bool]]" = field(default_factory=list)
    changes: int = 0
    refusals: int = 0

    def __post_init__(self) -> None:
        self.began_at = asyncio.get_running_loop().time()
        self.application = WebhookStub(self.pages)
        languages = Languages(instance_id=32 * "0", public_url="http://127.0.0.1:8080")
        programs = Programs(
            languages=languages, fetch_of=lambda _account: self.application, demo=None, retry_s=0
        )
        self.programs = programs
        self.live = LiveChanges(self.control, programs)

    def control(self, call_id: str) -> Control | None:
        """What can be done to a call that runs."""
        found = self.controls.get(call_id) or next(
            (
                control
                for legs in self.legs
                for call, control in zip(legs.calls, legs.controls, strict=True)
                if call.info.call_id == call_id
            ),
            None,
        )
        return None if found is None or found.is_over else found

    async def call(
        self, number: int, page: str, *script: str, after_s: float = 0.0, **more: object
    ) -> Followed:
        """Live through a call that is led to `page`."""
        await asyncio.sleep(after_s)
        info = replace(SOME_CALL, call_id=f"{number:016x}{0:016x}", from_=f"+1555{number:04}")
        call = self.calls[info.call_id] = ScriptedCall(*script, info=info)
        control = self.controls[info.call_id] = Control()
        legs = _Legs(self.scripts, number)
        self.legs.append(legs)
        done = await follow(
            call,
            self.application,
            dialect=RCML,
            first=page,
            legs=legs,
            control=control,
            retry_s=0,
            recordings=self.recordings,
            **more,  # type: ignore[arg-type]
        )
        self.done.append(done)
        return done

    @property
    def unfinished(self) -> list[str]:
        """The calls, legs among them, that began and have not exactly one last fact."""
        begun = [fact.info.call_id for done in self.done for fact in done.facts.of(CallStarted)]
        ended = [fact.call_id for done in self.done for fact in done.facts.of(CallFinished)]
        return [call_id for call_id in begun if ended.count(call_id) != 1]


class _Legs(ScriptedLegs):
    """Legs whose ids no other call's legs have."""

    def __init__(self, scripts: Mapping[str, Script], number: int) -> None:
        super().__init__(scripts)
        self._number = number

    def _info(self, wanted: WantedLeg) -> CallInfo:
        info = super()._info(wanted)
        return replace(info, call_id=f"{self._number:016x}{len(self.calls) + 1:016x}")
