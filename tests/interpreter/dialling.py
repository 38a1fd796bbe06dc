"""A caller whose application dials: what the tests of Dial share."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from offhook.call.facts import CallFinished, CallProgressed, CallStarted
from offhook.dialects.rcml.callbacks import ProgressCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import Control
from offhook.interpreter.outbound_leg import LegRefused
from offhook.testing import Followed, Page, Places, ScriptedCall, ScriptedLegs, WebhookStub, follow
from offhook.testing.scripted_legs import Script
from offhook.verbs import Destination, Request

INSTANCE = 32 * "0"
RCML = Rcml(instance_id=INSTANCE)
ANN, BOB, CAT = "+15550101", "+15550102", "+15550103"
CALL_SID = f"ID{INSTANCE}-CA0123456789abcdef0123456789abcdef"
NOTHING_MORE = "<Response><Say>bye</Say></Response>"


def leg_sid(number: int) -> str:
    """The CallSid of the `number`-th leg."""
    return f"ID{INSTANCE}-CA{number:032x}"


def told(destination: Destination) -> ProgressCallback | None:
    if destination.status_target is None:
        return None
    return ProgressCallback(RCML, destination.status_target, destination.status_events)


@dataclass
class Dialling:
    """What came of a call that dialled."""

    done: Followed
    call: ScriptedCall
    legs: ScriptedLegs
    app: WebhookStub

    @property
    def told(self) -> dict[str, str]:
        """What the action was told. Raises LookupError where it was not asked."""
        return self.app.posted("/dialled")

    @property
    def callbacks(self) -> list[Request]:
        """What the events of the legs were told with, in order."""
        started, progressed, ended = CallStarted, CallProgressed, CallFinished
        facts = [fact for fact in self.done.facts.facts if isinstance(fact, started | progressed | ended)]
        return [request for fact in facts for request in fact.callbacks]

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [request.target.url.removeprefix("http://app.example") for request in self.app.requests]


async def dialling(
    dial: str,
    scripts: Mapping[str, Script | Places | LegRefused] | None = None,
    *caller: str,
    control: Control | None = None,
    later: tuple[float, Callable[[ScriptedLegs], None]] | None = None,
    **pages: str | Page | tuple[str | Page, ...],
) -> Dialling:
    """Run `<Response>{dial}<Say>next</Say></Response>` for a caller with this script; `later` is done at
    that moment."""
    given: dict[str, str | Page | tuple[str | Page, ...]] = {
        "/voice": f"<Response>{dial}<Say>next</Say></Response>",
        "/dialled": NOTHING_MORE,
        **{f"/{name}": page for name, page in pages.items()},
    }
    call, legs, app = ScriptedCall(*caller), ScriptedLegs(scripts or {}, told=told), WebhookStub(given)
    if later is not None:
        moment, deed = later
        asyncio.get_running_loop().call_later(moment, lambda: deed(legs))
    done = await follow(call, app, dialect=RCML, legs=legs, control=control, retry_s=0)
    return Dialling(done=done, call=call, legs=legs, app=app)
