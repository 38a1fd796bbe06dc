"""Calls in Vobiz' language for the tests of what is told while verbs run."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from offhook.call.facts import NewsTold
from offhook.call.info import new_id
from offhook.dialects.vobiz.callbacks import CallTold
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.interpreter.outbound_leg import LegRefused
from offhook.interpreter.rooms_here import LocalMeetings
from offhook.testing import Followed, Page, Places, ScriptedCall, ScriptedLegs, WebhookStub, follow
from offhook.testing.fake_speech import FakeRecogniser
from offhook.testing.scripted_call import SOME_CALL
from offhook.testing.scripted_legs import Script
from offhook.verbs import Target

VOBIZ_XML = Vobiz(public_url="https://voice.example")
Pages = Mapping[str, str | Page | tuple[str | Page, ...]]
APP = "http://app.example"


@dataclass
class Dialogue:
    """What came of a call."""

    done: Followed
    call: ScriptedCall
    legs: ScriptedLegs
    app: WebhookStub

    @property
    def heard(self) -> list[str]:
        """What the caller heard, without times."""
        return [line.split(" ", 1)[1] for line in self.call.heard]

    @property
    def news(self) -> list[dict[str, str]]:
        """What callbacks were told, in order; `to` is the path."""
        facts = self.done.facts.of(NewsTold)
        return [
            {"path": fact.request.target.url.removeprefix(APP), **dict(fact.request.parameters)}
            for fact in facts
        ]

    def told(self, path: str) -> list[dict[str, str]]:
        """What a URL was asked with, each time."""
        return [dict(request.parameters) for request in self.app.requests if request.target.url == APP + path]

    @property
    def hangup(self) -> dict[str, str]:
        """What the hangup URL is told."""
        [request] = self.done.end.callbacks
        return dict(request.parameters)

    @property
    def codes(self) -> list[int]:
        """The notifications' codes, in order."""
        return [one.code for one in self.done.notifications]


async def dialogue(
    voice: str | Page,
    *script: str,
    callees: Mapping[str, Script | Places | LegRefused] | None = None,
    recogniser: FakeRecogniser | None = None,
    **pages: str | Page | tuple[str | Page, ...],
) -> Dialogue:
    """Run the document `voice` for a caller with this script; `pages` are at the paths of their names, with hyphens for
    underscores."""
    app = WebhookStub(
        {"/voice": voice, **{f"/{name.replace('_', '-')}": page for name, page in pages.items()}}
    )
    call, legs = ScriptedCall(*script), ScriptedLegs(callees or {})
    done = await follow(
        call,
        app,
        dialect=VOBIZ_XML,
        legs=legs,
        fallback="/fallback" if "fallback" in pages else None,
        recogniser=recogniser,
        status_callback=lambda: CallTold(VOBIZ_XML, hangup=Target(f"{APP}/hangup")),
        retry_s=0,
    )
    return Dialogue(done=done, call=call, legs=legs, app=app)


@dataclass
class Gathering:
    """Several callers of one application who meet."""

    pages: Pages
    meetings: LocalMeetings = field(default_factory=LocalMeetings)
    done: dict[str, Dialogue] = field(default_factory=dict)

    async def of(self, *callers: tuple[str, str, float, tuple[str, ...]]) -> "Gathering":
        """Run them to their ends: each with a name, a page, when they come, and a script from then on."""
        await asyncio.gather(*(self._come(*caller) for caller in callers))
        await self.meetings.rooms.close()
        return self

    async def _come(self, name: str, page: str, at: float, script: tuple[str, ...]) -> None:
        await asyncio.sleep(at)
        app = WebhookStub({f"/{path}": body for path, body in self.pages.items()})
        call = ScriptedCall(*script, info=replace(SOME_CALL, call_id=new_id(), from_=name))
        legs = ScriptedLegs({})
        done = await follow(call, app, dialect=VOBIZ_XML, first=f"/{page}", meetings=self.meetings)
        self.done[name] = Dialogue(done=done, call=call, legs=legs, app=app)
