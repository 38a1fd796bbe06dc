"""Calls that are changed while they run: each change is done wholly, in one order, and nothing is left behind."""

import asyncio
import random
from pathlib import Path

import pytest

from offhook.call.facts import CallFinished, CallProgressed, GatherFinished, GatherStarted, VerbRan
from offhook.call.info import CallStatus
from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.processes.live_changes import ENDED
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, LiveChange, LiveVerb, WantedEnd
from offhook.testing import Followed
from offhook.verbs import Hold, Play, Resume, Say, Target
from tests.interpreter.live_world import LiveWorld

ANN = "+15550901"
PAGES = {
    "/voice": '<Response><Say>hello</Say><Pause length="30"/></Response>',
    "/other": "<Response><Say>other</Say></Response>",
    "/third": "<Response><Say>third</Say></Response>",
    "/dial": f'<Response><Dial action="/dialled">{ANN}</Dial><Say>next</Say></Response>',
    "/dialled": '<Response><Say>parted</Say><Pause length="3"/></Response>',
    "/gather": '<Response><Gather timeout="20" action="/other"><Say>press</Say></Gather></Response>',
    "/record": '<Response><Record timeout="60" maxLength="60" playBeep="false"/></Response>',
    "/ring": '<Response><Pause length="20"/><Say>late</Say></Response>',
}
LASTING = {
    "/other": '<Response><Say>other</Say><Pause length="15"/></Response>',
    "/third": "<Response><Say>third</Say><Dial>+15550901</Dial></Response>",
}
"""Applications that keep their calls for longer."""
OTHER = Target("http://app.example/other")
THIRD = Target("http://app.example/third")


def world(recordings: Path | None = None) -> LiveWorld:
    scripts = {ANN: ("1.0 rings", "2.0 answers", "30.0 hangs up")}
    return LiveWorld(PAGES, recordings=recordings, scripts=scripts)


def call_id(number: int = 1, leg: int = 0) -> str:
    return f"{number:016x}{leg:016x}"


async def changed(
    here: LiveWorld, page: str, *changes: tuple[float, int, LiveChange], caller: tuple[str, ...] = ()
) -> Followed:
    """Live through call 1, which is changed at these times: (seconds, 0 for the call or n for its n-th leg, how)."""
    calling = asyncio.create_task(here.call(1, page, *caller))
    for at, leg, change in changes:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(at - loop.time() + here.began_at)
        here.live.change(call_id(1, leg), change)
    return await calling


def url(target: Target = OTHER, **more: object) -> LiveChange:
    return LiveChange(application=target, **more)  # type: ignore[arg-type]


class TestTakenElsewhere:
    async def test_the_document_stops_and_the_other_begins(self) -> None:
        here = world()
        done = await changed(here, "/voice", (0.2, 0, url()))
        assert here.calls[call_id()].heard == [
            "0.0 hello starts",
            "0.2 hello stops",
            "0.2 other starts",
            "0.7 other ends",
        ]
        assert here.application.posted("/other")["CallStatus"] == "in-progress"
        assert [fact.reason for fact in done.facts.of(VerbRan)] == ["cancelled", ""]
        assert done.end.status is CallStatus.COMPLETED

    async def test_of_two_changes_the_later_wins(self) -> None:
        here = world()
        await changed(here, "/voice", (1.0, 0, url()), (1.0, 0, url(THIRD)))
        assert here.calls[call_id()].heard[-2:] == ["1.0 third starts", "1.5 third ends"]
        assert [request.target.url[18:] for request in here.application.requests] == ["/voice", "/third"]

    async def test_a_gather_and_a_recording_get_their_last_facts(self, tmp_path: Path) -> None:
        heard = await changed(world(), "/gather", (4.0, 0, url()))
        assert [fact.gathered.end.value for fact in heard.facts.of(GatherFinished)] == ["cancelled"]
        taped = await changed(world(tmp_path), "/record", (4.0, 0, url()))
        assert len(taped.facts.of(RecordingStarted)) == len(taped.facts.of(RecordingFinished)) == 1

    async def test_who_was_dialled_is_hung_up(self) -> None:
        here = world()
        done = await changed(here, "/dial", (5.0, 0, url()))
        leg = here.legs[0].to(ANN)
        assert leg.ending is not None
        assert leg.heard == []
        assert here.calls[call_id()].heard[-2:] == ["5.0 other starts", "5.5 other ends"]
        assert len(done.facts.of(CallFinished)) == 2

    async def test_or_taken_along(self) -> None:
        here = world()
        done = await changed(here, "/dial", (5.0, 0, url(moves_connected=True)))
        assert here.legs[0].to(ANN).heard == ["5.0 other starts", "5.5 other ends"]
        assert here.calls[call_id()].heard[-2:] == ["5.0 other starts", "5.5 other ends"]
        asked = [dict(request.parameters) for request in here.application.requests[-2:]]
        assert {told["CallSid"][-1] for told in asked} == {"0", "1"}
        assert here.unfinished == []
        assert done.end.status is CallStatus.COMPLETED

    async def test_those_who_ring_are_hung_up_whatever_was_asked(self) -> None:
        here = world()
        done = await changed(here, "/dial", (1.5, 0, url(moves_connected=True)))
        assert here.legs[0].to(ANN).ending is not None
        assert done.end_of(call_id(1, 1)).status is CallStatus.CANCELED

    async def test_a_leg_goes_by_itself_and_the_call_goes_on(self) -> None:
        here = world()
        await changed(here, "/dial", (5.0, 1, url()))
        assert here.legs[0].to(ANN).heard == ["5.0 other starts", "5.5 other ends"]
        assert here.application.posted("/dialled")["DialCallStatus"] == "completed"
        assert "5.0 parted starts" in here.calls[call_id()].heard

    async def test_a_leg_takes_its_caller_along(self) -> None:
        here = world()
        await changed(here, "/dial", (5.0, 1, url(moves_connected=True)))
        assert here.legs[0].to(ANN).heard == ["5.0 other starts", "5.5 other ends"]
        assert here.calls[call_id()].heard[-2:] == ["5.0 other starts", "5.5 other ends"]

    async def test_a_call_that_rings_is_answered_by_the_other_document(self) -> None:
        here = world()
        done = await changed(here, "/ring", (2.0, 0, url()))
        assert here.calls[call_id()].heard == ["2.0 other starts", "2.5 other ends"]
        assert done.end.status is CallStatus.COMPLETED

    async def test_states_are_told_where_the_change_says(self) -> None:
        here = world()
        status = Target("http://app.example/status")
        done = await changed(here, "/voice", (1.0, 0, url(status_callback=status)))
        progressed = done.facts.of(CallProgressed)
        assert [request.target for fact in progressed for request in fact.callbacks] == []
        assert [request.target for request in done.end.callbacks] == [status]

    async def test_a_fallback_is_asked_where_the_url_fails(self) -> None:
        here = world()
        change = url(Target("http://app.example/gone"), fallback=THIRD)
        done = await changed(here, "/voice", (1.0, 0, change))
        assert here.application.posted("/third")["ErrorCode"] == "21402"
        assert [notice.code for notice in done.notifications] == [21402]


class TestEnded:
    async def test_a_call_in_progress(self) -> None:
        here = world()
        done = await changed(here, "/voice", (3.0, 0, LiveChange(end=WantedEnd.COMPLETED)))
        assert (done.end.status, done.end.reason, done.end.duration_s) == (CallStatus.COMPLETED, ENDED, 3.0)

    @pytest.mark.parametrize("end", WantedEnd)
    async def test_a_call_that_rings(self, end: WantedEnd) -> None:
        here = world()
        done = await changed(here, "/ring", (3.0, 0, LiveChange(end=end)))
        assert (done.end.status, done.end.reason) == (CallStatus.CANCELED, ENDED)

    async def test_canceling_a_call_in_progress_changes_nothing_but_what_else_was_asked(self) -> None:
        here = world()
        canceled = LiveChange(end=WantedEnd.CANCELED)
        done = await changed(here, "/voice", (3.0, 0, canceled), (4.0, 0, url(end=WantedEnd.CANCELED)))
        assert here.calls[call_id()].heard[-2:] == ["4.0 other starts", "4.5 other ends"]
        assert done.end.reason == ""

    async def test_the_end_comes_before_another_application(self) -> None:
        here = world()
        await changed(here, "/voice", (3.0, 0, url(end=WantedEnd.COMPLETED)))
        assert len(here.application.requests) == 1

    async def test_nothing_can_be_done_after_it(self) -> None:
        here = world()
        calling = asyncio.create_task(here.call(1, "/voice"))
        await asyncio.sleep(1.0)
        here.live.change(call_id(), LiveChange(end=WantedEnd.COMPLETED))
        with pytest.raises(CallIsOver):
            here.live.change(call_id(), url())
        await calling
        for change in (url(), LiveChange(is_muted=True), LiveChange(end=WantedEnd.CANCELED)):
            with pytest.raises(CallIsOver):
                here.live.change(call_id(), change)
        with pytest.raises(CallIsOver):
            here.live.change(32 * "f", url())
        assert len(here.application.requests) == 1


class TestMuted:
    async def test_and_heard_again(self) -> None:
        here = world()
        mute, heard_again = LiveChange(is_muted=True), LiveChange(is_muted=False)
        speaks = ("3.0 says 1", "5.0 says 1", "7.0 says 1")
        await changed(here, "/dial", (4.5, 0, mute), (6.5, 0, heard_again), caller=speaks)
        name = here.calls[call_id()].info.from_
        assert here.legs[0].to(ANN).heard == [
            f"3.0 {name} starts",
            f"4.0 {name} ends",
            f"7.0 {name} starts",
            f"8.0 {name} ends",
        ]

    async def test_other_changes_leave_it(self) -> None:
        here = world()
        await changed(here, "/voice", (1.0, 0, LiveChange(is_muted=True)), (2.0, 0, url(THIRD)))
        assert here.controls[call_id()].is_muted


class TestActs:
    async def test_one_that_takes_long_is_not_waited_for(self) -> None:
        here = world()
        calling = asyncio.create_task(here.call(1, "/voice"))
        await asyncio.sleep(1.0)
        assert await here.live.act(call_id(), Say(text="brief"), 32 * "a")
        assert await here.live.act(call_id(), Play(url="http://app.example/gone"), 32 * "b")
        assert not await here.live.act(call_id(), Say(text="a long announcement"), 32 * "c")
        done = await calling
        status = {fact.record_id[0]: fact.status for fact in done.facts.of(VerbRan)}
        assert (status["a"], status["b"], status["c"]) == ("completed", "failed", "completed")

    async def test_a_ringing_call_hears_nothing(self) -> None:
        here = world()
        calling = asyncio.create_task(here.call(1, "/ring", "5.0 hangs up"))
        await asyncio.sleep(1.0)
        with pytest.raises(CallNotAnswered):
            await here.live.act(call_id(), Say(text="hm"), 32 * "a")
        await calling
        with pytest.raises(CallIsOver):
            await here.live.act(call_id(), Say(text="hm"), 32 * "a")


@pytest.mark.parametrize("seed", range(3))
async def test_200_changes_at_any_moments_of_50_calls_leave_nothing_behind(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    here = LiveWorld(
        PAGES | LASTING, recordings=tmp_path, scripts={ANN: ("1.0 rings", "2.0 answers", "40.0 hangs up")}
    )
    pages = ["/voice", "/dial", "/gather", "/record", "/ring"]
    callers = [
        asyncio.create_task(
            here.call(
                number,
                chance.choice(pages),
                *chance.choice([(), ("12.0 hangs up",), ("3.0 key 1",), ("2.0 says 1", "9.0 hangs up")]),
                after_s=chance.uniform(0, 12),
            )
        )
        for number in range(1, 51)
    ]
    for at in sorted(chance.uniform(2, 20) for _ in range(200)):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, here.began_at + at - loop.time()))
        running = [call_id(number, leg) for number in range(1, 51) for leg in (0, 1)]
        running = [which for which in running if here.control(which) is not None]
        await _do_something(here, chance.choice(running), chance)
    async with asyncio.timeout(600):
        await asyncio.gather(*callers)
        await asyncio.gather(*here.acts, return_exceptions=True)
    assert len(here.done) == 50
    assert here.unfinished == []
    facts = [fact for done in here.done for fact in done.facts.facts]
    for begun, ended in ((GatherStarted, GatherFinished), (RecordingStarted, RecordingFinished)):
        assert sum(isinstance(fact, begun) for fact in facts) == sum(
            isinstance(fact, ended) for fact in facts
        )
    assert here.changes + here.refusals == 200
    assert here.changes > 150
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def _do_something(here: LiveWorld, which: str, chance: random.Random) -> None:
    wishes: list[LiveChange | LiveVerb] = [
        url(),
        url(THIRD, moves_connected=True),
        url(Target(f"http://app.example{chance.choice(['/dial', '/gather', '/record', '/gone'])}")),
        LiveChange(is_muted=chance.random() < 0.5),
        LiveChange(end=chance.choice(list(WantedEnd))),
        Say(text="beside"),
        Hold(),
        Resume(),
    ]
    change = chance.choice(wishes)
    try:
        if isinstance(change, LiveChange):
            here.live.change(which, change)
        elif here.control(which) is None:
            raise CallIsOver("over")
        else:
            here.acts.append(
                asyncio.create_task(here.live.act(which, change, f"{chance.getrandbits(128):032x}"))
            )
        here.changes += 1
    except CallIsOver:
        here.refusals += 1
