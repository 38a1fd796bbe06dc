"""Several callers of one application, each with a document of their own, on one virtual clock."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from offhook.call.facts import Fact
from offhook.call.info import new_id
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import Control
from offhook.interpreter.rooms_here import LocalMeetings
from offhook.testing import Followed, Page, ScriptedCall, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL

F = TypeVar("F", bound=Fact)
RCML = Rcml(instance_id=32 * "0")


@dataclass
class Party:
    """Runs callers through the documents of `pages`; a caller's name is the number that they call from."""

    pages: Mapping[str, str | Page | tuple[str | Page, ...]]
    meetings: LocalMeetings = field(default_factory=LocalMeetings)
    calls: dict[str, ScriptedCall] = field(default_factory=dict)
    done: dict[str, Followed] = field(default_factory=dict)
    controls: dict[str, Control] = field(default_factory=dict)
    recordings: Path | None = None

    def __post_init__(self) -> None:
        self.application = WebhookStub({f"/{name}": page for name, page in self.pages.items()})
        self._running: list[asyncio.Task[None]] = []

    def comes(self, name: str, page: str, *script: str, at: float = 0.0) -> None:
        """At that time `name` calls, is led to `page`, and does what the script says, counted from their coming."""
        self._running.append(asyncio.create_task(self._come(name, page, script, at)))

    async def goes_home(self) -> None:
        """Returns when all calls are over, and nothing of a meeting is left."""
        await asyncio.gather(*self._running)
        await self.meetings.rooms.close()

    def heard(self, name: str) -> list[str]:
        """What somebody heard."""
        return self.calls[name].heard

    def told(self, kind: type[F]) -> list[F]:
        """Facts of a kind, of all callers; those of a meeting come with who came first."""
        return [fact for done in self.done.values() for fact in done.facts.of(kind)]

    async def _come(self, name: str, page: str, script: tuple[str, ...], at: float) -> None:
        await asyncio.sleep(at)
        call = self.calls[name] = ScriptedCall(*script, info=replace(SOME_CALL, call_id=new_id(), from_=name))
        control = self.controls[name] = Control()
        self.done[name] = await follow(
            call,
            self.application,
            dialect=RCML,
            first=f"/{page}",
            meetings=self.meetings,
            control=control,
            recordings=self.recordings,
        )
