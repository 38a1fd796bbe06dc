"""A far end asks that whom it talks with be connected with somebody else (REFER): who goes where, and what is told."""

import asyncio
from contextlib import ExitStack
from functools import partial

from offhook.call.facts import CallFinished
from offhook.interpreter.control import Control
from offhook.interpreter.notices import Notices
from offhook.interpreter.outbound_leg import OutboundLeg, WantedLeg
from offhook.interpreter.ports import Tools
from offhook.interpreter.transfer import Transfers
from offhook.testing import Page, ScriptedCall
from offhook.testing.scripted_legs import Script
from offhook.verbs import Target
from tests.interpreter.live_world import LiveWorld

ANN, BOB = "+15550901", "+15550902"
REFER_TO = Target("http://app.example/refer")
BOBS_URI = f"sip:{BOB}@trunk.example"
PAGES: dict[str, str | Page | tuple[str | Page, ...]] = {
    "/voice": f'<Response><Dial action="/dialled">{ANN}</Dial></Response>',
    "/alone": '<Response><Say>hello</Say><Pause length="60"/></Response>',
    "/dialled": '<Response><Say>parted</Say><Pause length="30"/></Response>',
    "/refer": f'<Response><Dial action="/done">{BOB}</Dial></Response>',
    "/done": "<Response/>",
}


class World(LiveWorld):
    """A world in which far ends may ask for transfers."""

    async def transferable(self, page: str, *script: str) -> None:
        with ExitStack() as self.stack:
            calling = asyncio.create_task(self.call(1, page, *script))
            for _ in range(10):  # steps until the call is there, and its first document not yet
                if self.legs and self.legs[0]._world is not None:
                    break
                await asyncio.sleep(0)
            [(call_id, call)] = self.calls.items()
            legs = self.legs[0]
            self.allow(call, self.controls[call_id])
            begun = legs._begin

            async def begin(wanted: WantedLeg, script: Script) -> OutboundLeg:
                leg = await begun(wanted, script)
                self.allow(legs.calls[-1], legs.controls[-1])
                return leg

            legs._begin = begin  # type: ignore[method-assign]
            async with asyncio.timeout(1000):
                await calling

    def allow(self, call: ScriptedCall, control: Control) -> None:
        transfers = Transfers(
            control,
            control_of=self.control,
            program_of=partial(self.programs.of_application, REFER_TO),
            notices=Notices(call.info, self._tools),
        )
        self.stack.enter_context(call.transfers(transfers.take))

    @property
    def _tools(self) -> Tools:
        inside = self.legs[0]._world
        assert inside is not None
        return inside.tools

    @property
    def caller(self) -> ScriptedCall:
        return next(iter(self.calls.values()))

    def leg(self, address: str) -> ScriptedCall:
        return self.legs[0].to(address)


def world(ann: Script, bob: Script = ("1.0 answers", "5.0 hangs up"), **pages: str | Page) -> World:
    given = {**PAGES, **{f"/{name}": page for name, page in pages.items()}}
    return World(given, scripts={ANN: ann, BOB: bob})


class TestOfTheCallee:
    """ANN, who was dialled, hands the caller on to BOB."""

    async def test_the_caller_is_connected_with_the_target(self) -> None:
        here = world(("1.0 answers", f"5.0 transfers {BOBS_URI}"))
        await here.transferable("/voice", "7.0 says 1")
        told = here.application.posted("/refer")
        assert (told["ReferTarget"], told["Transferor"], told["Transferee"]) == (BOB, ANN, "+15550001")
        assert told["CallSid"].endswith(here.caller.info.call_id)
        assert told["CallStatus"] == "in-progress"
        assert here.leg(ANN).heard == [
            "5.0 transfer accepted 202",
            "5.0 transfer told 100",
            "6.0 transfer told 200",
        ]
        assert f"2.0 {here.caller.info.from_} starts" in here.leg(BOB).heard
        assert here.leg(ANN).ending is not None
        assert here.application.posted("/done")["DialCallStatus"] == "completed"
        assert "/dialled" not in " ".join(request.target.url for request in here.application.requests)
        assert here.unfinished == []

    async def test_a_transferor_who_stays_is_sent_away_after_five_seconds(self) -> None:
        here = world(("1.0 answers", f"5.0 transfers {BOBS_URI}"), ("1.0 answers", "60.0 hangs up"))
        await here.transferable("/voice")
        [ann] = [fact for fact in here.done[0].facts.of(CallFinished) if fact.reason == "transferred"]
        assert ann.call_id == here.leg(ANN).info.call_id
        assert round(ann.duration_s, 1) == 10.0

    async def test_one_who_hangs_up_at_once_does_not_take_the_caller_along(self) -> None:
        here = world(
            ("1.0 answers", f"5.0 transfers {BOBS_URI}", "5.01 hangs up"),
            refer=Page(body=str(PAGES["/refer"]), after_s=2.0),
        )
        await here.transferable("/voice")
        assert here.leg(BOB).ending is not None
        assert here.application.posted("/done")["DialCallStatus"] == "completed"
        assert here.unfinished == []

    async def test_a_target_that_is_busy(self) -> None:
        here = world(("1.0 answers", f"5.0 transfers {BOBS_URI}"), ("1.0 refuses 486",))
        await here.transferable("/voice")
        assert here.leg(ANN).heard[-1] == "6.0 transfer told 486"
        assert here.application.posted("/done")["DialCallStatus"] == "busy"
        assert here.unfinished == []

    async def test_an_application_that_fails_leaves_them_talking(self) -> None:
        here = world(
            ("1.0 answers", f"5.0 transfers {BOBS_URI}", "9.0 says 1", "12.0 hangs up"),
            refer=Page(status=404),
        )
        await here.transferable("/voice")
        assert here.leg(ANN).heard[-2:] == ["5.0 transfer told 100", "5.0 transfer told 404"]
        assert f"9.0 {ANN} starts" in here.caller.heard
        assert here.application.posted("/dialled")["DialCallStatus"] == "completed"
        assert [notice.code for notice in here.done[0].notifications] == [21402]

    async def test_a_document_that_dials_nobody_has_succeeded_once_it_is_there(self) -> None:
        here = world(
            ("1.0 answers", "5.0 transfers sip:menu@example.com"),
            refer="<Response><Say>Welcome back</Say></Response>",
        )
        await here.transferable("/voice")
        assert here.application.posted("/refer")["ReferTarget"] == "sip:menu@example.com"
        assert here.leg(ANN).heard[-1] == "5.0 transfer told 200"
        assert "5.0 Welcome back starts" in here.caller.heard

    async def test_a_second_wish_waits_for_nobody(self) -> None:
        here = world(("1.0 answers", f"5.0 transfers {BOBS_URI}", "5.5 transfers sip:cat@example.com"))
        await here.transferable("/voice")
        assert "5.5 transfer told 486" in here.leg(ANN).heard


class TestOfTheCaller:
    async def test_whom_they_talk_with_is_connected_with_the_target(self) -> None:
        here = world(("1.0 answers", "40.0 hangs up"))
        await here.transferable("/voice", f"5.0 transfers {BOBS_URI}")
        told = here.application.posted("/refer")
        assert (told["Transferor"], told["Transferee"]) == ("+15550001", ANN)
        assert told["CallSid"].endswith(here.leg(ANN).info.call_id)
        assert here.caller.heard[-3:] == [
            "5.0 transfer accepted 202",
            "5.0 transfer told 100",
            "6.0 transfer told 200",
        ]
        assert here.done[0].end.reason == "transferred"
        assert here.unfinished == []

    async def test_one_who_talks_with_nobody_is_connected_themselves(self) -> None:
        here = world(())
        await here.transferable("/alone", f"5.0 transfers {BOBS_URI}")
        told = here.application.posted("/refer")
        assert told["Transferor"] == told["Transferee"] == "+15550001"
        assert "6.0 transfer told 200" in here.caller.heard
        assert here.done[0].end.reason == ""
        assert here.unfinished == []
