"""Queues, as both sides hear them and the application is told; and their rules, as properties."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.call.voice_rows import RecordingSource
from offhook.interpreter import queue_rules as rules
from offhook.interpreter.meetings import MeetingRefused, Taker, Waiter
from offhook.verbs import QueueEnd
from tests.interpreter.party import Party

ANN, BEN, DESK, DESK_2 = "+15550101", "+15550102", "+15550111", "+15550112"
WAITS = "<Response><Enqueue action='left' waitUrl='wait'>help</Enqueue></Response>"
TAKES = "<Response><Dial action='taken' timeout='20'><Queue>help</Queue></Dial></Response>"
WAIT = "<Response><Say>wait</Say><Pause length='2'/></Response>"
PAGES = {"waits": WAITS, "takes": TAKES, "wait": WAIT, "left": "<Response/>", "taken": "<Response/>"}


def of(heard: list[str], *words: str) -> list[str]:
    return [line for line in heard if any(word in line for word in words)]


async def test_who_waited_longest_is_taken_and_both_talk() -> None:
    party = Party(PAGES)
    party.comes(ANN, "waits", "9.0 says 1", "12.0 hangs up")
    party.comes(BEN, "waits", "20.0 hangs up", at=1.0)
    party.comes(DESK, "takes", at=8.0)
    await party.goes_home()
    assert of(party.heard(DESK), ANN) == [f"1.0 {ANN} starts", f"2.0 {ANN} ends"]
    assert of(party.heard(ANN), "wait")[-1] == "7.6 wait ends", (
        "nothing is heard of the queue once it is over"
    )
    taken = party.application.posted("/taken")
    assert taken["DialCallStatus"] == "completed"
    assert taken["DialCallSid"].endswith(party.calls[ANN].info.call_id)
    assert taken["DialCallDuration"] == "4"
    asked = [dict(request.parameters) for request in party.application.requests]
    [bridged] = [form for form in asked if form.get("QueueResult") == "bridged" and form["From"] == ANN]
    assert (bridged["QueueTime"], bridged["CallStatus"]) == ("8", "completed")
    places = [form["QueuePosition"] for form in asked if "QueuePosition" in form and form["From"] == BEN]
    assert (places[0], places[-1]) == ("2", "1")
    averages = [form["AvgQueueTime"] for form in asked if "AvgQueueTime" in form and form["From"] == BEN]
    assert (averages[0], averages[-1]) == ("0", "8")
    [hung_up] = [form for form in asked if form.get("QueueResult") == "hangup"]
    assert hung_up["QueueTime"] == "20"


async def test_the_waiting_document_can_leave() -> None:
    party = Party(
        {
            **PAGES,
            "wait": (WAIT, "<Response><Leave/></Response>"),
            "left": "<Response><Say>bye</Say></Response>",
        }
    )
    party.comes(ANN, "waits")
    await party.goes_home()
    assert party.application.posted("/left")["QueueResult"] == "leave"
    assert party.heard(ANN)[-1].endswith("bye ends")


async def test_an_announcement_is_heard_first_by_who_waits_alone() -> None:
    takes = "<Response><Dial><Queue url='recorded'>help</Queue></Dial></Response>"
    party = Party({**PAGES, "takes": takes, "recorded": "<Response><Say>0123456789</Say></Response>"})
    party.comes(ANN, "waits", "0.0 says 20", "9.0 hangs up")
    party.comes(DESK, "takes", at=3.0)
    await party.goes_home()
    assert of(party.heard(ANN), "0123456789") == ["3.0 0123456789 starts", "4.0 0123456789 ends"]
    assert of(party.heard(DESK), ANN)[0] == f"1.0 {ANN} starts"
    assert of(party.heard(DESK), "ringing")[-1] == "1.0 ringing stops"


async def test_who_leaves_in_the_announcement_makes_room_for_the_next() -> None:
    takes = "<Response><Dial><Queue url='recorded'>help</Queue></Dial></Response>"
    party = Party({**PAGES, "takes": takes, "recorded": "<Response><Say>0123456789</Say></Response>"})
    party.comes(ANN, "waits", "3.5 hangs up")
    party.comes(BEN, "waits", "9.0 says 5", "12.0 hangs up", at=1.0)
    party.comes(DESK, "takes", at=3.0)
    await party.goes_home()
    assert of(party.heard(BEN), "0123456789") == ["2.5 0123456789 starts", "3.5 0123456789 ends"]
    assert of(party.heard(DESK), BEN)[0] == f"7.0 {BEN} starts"


async def test_a_taker_who_leaves_in_the_announcement_puts_nobody_back() -> None:
    takes = "<Response><Dial><Queue url='recorded'>help</Queue></Dial></Response>"
    party = Party({**PAGES, "takes": takes, "recorded": "<Response><Say>0123456789</Say></Response>"})
    party.comes(ANN, "waits", "0.0 says 30", "14.0 hangs up")
    party.comes(BEN, "waits", "14.0 hangs up", at=1.0)
    party.comes(DESK, "takes", "0.5 hangs up", at=3.0)
    party.comes(DESK_2, "takes", at=6.0)
    await party.goes_home()
    assert of(party.heard(DESK_2), ANN)[0].endswith("starts")
    assert "3.5 wait starts" in party.heard(ANN), "the music goes on for whom nobody took"


async def test_an_empty_queue_ends_the_dial_after_its_timeout() -> None:
    party = Party(PAGES)
    party.comes(DESK, "takes")
    await party.goes_home()
    taken = party.application.posted("/taken")
    assert (taken["DialCallStatus"], taken["QueueResult"], taken["QueueTime"]) == ("no-answer", "empty", "20")


async def test_a_full_queue_is_told() -> None:
    full = "<Response><Enqueue action='left' maxSize='1'>help</Enqueue></Response>"
    party = Party({**PAGES, "full": full})
    party.comes(ANN, "full", "5.0 hangs up")
    party.comes(BEN, "full", at=1.0)
    await party.goes_home()
    results = [dict(request.parameters).get("QueueResult") for request in party.application.requests]
    assert [result for result in results if result] == ["queue-full", "hangup"]
    assert of(party.heard(ANN), "hold music starts")


async def test_what_is_said_is_recorded_for_who_took_the_call(tmp_path: Path) -> None:
    takes = "<Response><Dial record='true' action='taken' timeLimit='5'><Queue>help</Queue></Dial></Response>"
    party = Party({**PAGES, "takes": takes}, recordings=tmp_path)
    party.comes(ANN, "waits")
    party.comes(DESK, "takes", at=2.0)
    await party.goes_home()
    [started], [finished] = party.told(RecordingStarted), party.told(RecordingFinished)
    assert (started.source, started.call_id) == (RecordingSource.QUEUE, party.calls[DESK].info.call_id)
    assert finished.duration_s == pytest.approx(5.0, abs=0.1)
    assert "RecordingUrl" in party.application.posted("/taken")


async def test_a_muted_caller_stays_muted_in_the_talk() -> None:
    party = Party(PAGES)
    party.comes(ANN, "waits", "0.0 says 30", "12.0 hangs up")
    party.comes(DESK, "takes", at=4.0)
    loop = asyncio.get_running_loop()
    loop.call_at(2.0, lambda: party.controls[ANN].mute(True))
    loop.call_at(8.0, lambda: party.controls[ANN].mute(False))
    await party.goes_home()
    assert of(party.heard(DESK), ANN)[0] == f"4.0 {ANN} starts"


async def test_leave_outside_of_a_waiting_document_does_nothing() -> None:
    party = Party({"alone": "<Response><Leave/><Say>on</Say></Response>"})
    party.comes(ANN, "alone")
    await party.goes_home()
    assert party.heard(ANN) == ["0.0 on starts", "0.2 on ends"]


DEEDS = st.lists(
    st.tuples(st.sampled_from(["wait", "take", "ready", "leave"]), st.integers(0, 5)), max_size=40
)


@settings(max_examples=150, deadline=None)
@given(DEEDS)
def test_first_in_first_out_whoever_leaves(deeds: list[tuple[str, int]]) -> None:
    queue = rules.QueueRules()
    waiting: list[str] = []
    connected: set[str] = set()
    for now, (deed, number) in enumerate(deeds):
        waiter, taker = f"w{number}", f"t{number}"
        if (
            queue.is_over
            or (deed == "wait" and waiter in queue.members)
            or (deed == "take" and taker in queue.members)
        ):
            continue
        actions: rules.Actions
        if deed == "wait":
            actions = queue.wait(waiter, Waiter(), now)
            waiting.append(waiter)
        elif deed == "take":
            actions = queue.take(taker, Taker())
        elif deed == "ready":
            actions = queue.ready(waiter, now)
        else:
            who = waiter if now % 2 else taker
            actions = queue.leave(who)
            waiting = [one for one in waiting if one != who]
            connected.discard(who)
        for action in actions:
            if isinstance(action, rules.Call):
                # Nobody who came before them is still uncalled.
                called = [call.waiter_id for call in actions if isinstance(call, rules.Call)]
                assert set(called) <= set(waiting)
            if isinstance(action, rules.Connect):
                assert action.waiter_id not in connected
                connected |= {action.waiter_id, action.taker_id}
                waiting.remove(action.waiter_id)
            if isinstance(action, rules.TellPlace) and action.position:
                assert waiting[action.position - 1] == action.call_id
            if isinstance(action, rules.Dismiss):
                assert action.end is QueueEnd.BRIDGED
                connected.discard(action.call_id)
        assert queue.is_over == (
            bool(deeds[: now + 1]) and not queue.members and _has_had_somebody(deeds[: now + 1])
        )


def _has_had_somebody(deeds: list[tuple[str, int]]) -> bool:
    return any(deed in ("wait", "take") for deed, _ in deeds)


def test_nobody_comes_into_a_queue_that_is_over() -> None:
    queue = rules.QueueRules()
    queue.wait("a", Waiter(), 0)
    queue.leave("a")
    with pytest.raises(MeetingRefused):
        queue.wait("b", Waiter(), 1)
