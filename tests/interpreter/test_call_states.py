"""One table of states: whatever happens in whatever order, a call has one final status, told once, as its last word."""

import asyncio
from contextlib import suppress
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from offhook.call.ending import EndCause, Ending
from offhook.call.facts import CallFinished, CallProgressed, CallStarted
from offhook.call.info import CallStatus
from offhook.call.states import FOLLOWERS, may_follow
from offhook.dialects.rcml.callbacks import StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.status import final_status
from offhook.testing import ScriptedCall, WebhookStub, follow, run_virtually
from offhook.testing.follow import Followed
from offhook.verbs import Pause, Target

RCML = Rcml(instance_id=32 * "0")
TARGET = Target("http://app.example/states")

DOCUMENTS = st.sampled_from(
    [
        "<Response><Say>hello</Say></Response>",
        "<Response><Pause length='3'/></Response>",
        "<Response><Reject reason='busy'/></Response>",
        "<Response><Hangup/></Response>",
        "<Response><Gather timeout='2'><Say>hello</Say></Gather></Response>",
        "<Response><Redirect>voice</Redirect></Response>",
        "<Response></Response>",
        "this is <no> document",
    ]
)
MOMENTS = st.sampled_from(["0.0", "0.2", "1.0", "1.0", "2.0", "3.0", "7.0"])
"""Few, so that things often happen at the same instant."""
CALLED = st.sampled_from(
    ["rings", "answers", "refuses 486", "refuses 603", "refuses 404", "hangs up", "key 1"]
)
CALLER = st.sampled_from(["hangs up", "key 1", "says 0.4", "key #"])


ORDERS = st.lists(st.tuples(MOMENTS, st.sampled_from(["finish", "divert"])), max_size=3)


def script(events: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.builds("{} {}".format, MOMENTS, events), max_size=6)


def states(followed: Followed) -> list[CallStatus]:
    told = (CallStarted, CallProgressed, CallFinished)
    return [fact.status for fact in followed.facts.facts if isinstance(fact, told)]


def check(followed: Followed) -> None:
    passed = states(followed)
    assert all(may_follow(before, after) for before, after in pairwise(passed)), passed
    assert [status.is_final for status in passed] == [False] * (len(passed) - 1) + [True], passed
    [finished] = followed.facts.of(CallFinished)
    [callback] = finished.callbacks
    assert dict(callback.parameters)["CallStatus"] == finished.status.value
    assert (finished.duration_s > 0) <= (finished.status is CallStatus.COMPLETED)
    told = [
        dict(request.parameters)["CallStatus"]
        for fact in followed.facts.facts
        if isinstance(fact, CallStarted | CallProgressed | CallFinished)
        for request in fact.callbacks
    ]
    assert told == [status.value for status in passed]


def lived(lines: list[str], document: str, orders: list[tuple[str, str]], *, is_dialled: bool) -> Followed:
    """The call's life, while somebody else ends it or takes it to another document at the moments of `orders`."""

    async def live() -> Followed:
        application, control = WebhookStub({"/voice": document}), Control()
        call = ScriptedCall(*lines)
        giving = asyncio.create_task(give(orders, control))
        followed = await follow(
            call,
            application,
            dialect=RCML,
            is_dialled=is_dialled,
            ring_timeout_s=5.0,
            retry_s=0.0,
            status_callback=lambda: StateCallback(RCML, TARGET),
            control=control,
        )
        giving.cancel()
        return followed

    return run_virtually(live())


async def give(orders: list[tuple[str, str]], control: Control) -> None:
    loop = asyncio.get_running_loop()
    for moment, order in sorted(orders):
        await asyncio.sleep(float(moment) - loop.time())
        with suppress(CallOver):
            if order == "finish":
                control.finish("ended by request")
            else:
                control.divert(FixedProgram(Pause(length_s=1.0)))


@settings(max_examples=150)
@given(script(CALLER), DOCUMENTS, ORDERS)
@example(["0.0 hangs up"], "<Response><Say>hello</Say></Response>", [])
@example([], "<Response/>", [("0.0", "finish"), ("0.0", "divert")])
def test_a_call_that_comes_in_has_one_final_status_told_once(
    lines: list[str], document: str, orders: list[tuple[str, str]]
) -> None:
    check(lived(lines, document, orders, is_dialled=False))


@settings(max_examples=150)
@given(script(CALLED), DOCUMENTS, ORDERS)
@example(["1.0 answers", "1.0 hangs up"], "<Response><Say>hello</Say></Response>", [])
@example(["1.0 refuses 486", "1.0 answers"], "<Response><Say>hello</Say></Response>", [])
@example([], "<Response/>", [("1.0", "finish")])
def test_a_call_that_is_made_has_one_final_status_told_once(
    lines: list[str], document: str, orders: list[tuple[str, str]]
) -> None:
    check(lived(lines, document, orders, is_dialled=True))


def test_after_a_final_state_nothing_comes_and_every_other_leads_to_one() -> None:
    assert set(FOLLOWERS) == set(CallStatus)
    for status, followers in FOLLOWERS.items():
        assert bool(followers) != status.is_final
        assert status not in followers


@given(
    st.booleans(),
    st.booleans(),
    st.builds(Ending, st.sampled_from(EndCause), st.none() | st.integers(300, 699), st.just("")),
)
def test_every_ending_has_a_final_status_that_may_follow_the_state_before(
    was_answered: bool, is_canceled: bool, ending: Ending
) -> None:
    status = final_status(was_answered=was_answered, ending=ending, is_canceled=is_canceled)
    before = CallStatus.IN_PROGRESS if was_answered else CallStatus.RINGING
    assert may_follow(before, status)


class SlowToFlow(ScriptedCall):
    """A call whose audio flows a second after its answer."""

    async def answer(self) -> None:
        await super().answer()
        await asyncio.sleep(1.0)


def test_who_hangs_up_between_the_answer_and_the_audio_was_answered() -> None:
    async def live() -> Followed:
        application = WebhookStub({"/voice": "<Response><Say>hello</Say></Response>"})
        return await follow(SlowToFlow("0.5 hangs up"), application, dialect=RCML)

    followed = run_virtually(live())
    assert states(followed) == [CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.COMPLETED]
