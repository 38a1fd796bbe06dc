"""What goes on beside documents until somebody stops it: sounds, words, keys, recordings, on a call and whom it talks with."""

import asyncio
from pathlib import Path

import pytest

from offhook.call.facts import VerbRan
from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.processes.performances import MOST_WAITING, Performances
from offhook.rest.live_ports import (
    CallIsOver,
    CallNotAnswered,
    Legs,
    LiveChange,
    NobodyConnected,
    Performance,
    PerformanceKind,
)
from offhook.rest.ports import LimitReached
from offhook.testing import Followed
from offhook.verbs import Record, Say, SendKeys, Target
from tests.interpreter.live_world import LiveWorld
from tests.interpreter.test_live_changes import ANN, PAGES, call_id

SPEAK, RECORD, KEYS = PerformanceKind.SPEAK, PerformanceKind.RECORD, PerformanceKind.KEYS
HI, BYE = Say(text="halli"), Say(text="adieu")
"""Each of half a second."""
Deed = Performance | PerformanceKind
"""Something to begin, or a kind to stop."""


def world(recordings: Path | None = None) -> LiveWorld:
    return LiveWorld(
        PAGES, recordings=recordings, scripts={ANN: ("1.0 rings", "2.0 answers", "30.0 hangs up")}
    )


async def done_to(
    here: LiveWorld, page: str, *deeds: tuple[float, Deed], caller: tuple[str, ...] = ()
) -> Followed:
    """Live through call 1, to which these things are done at these times."""
    performances = Performances(here.control)
    calling = asyncio.create_task(here.call(1, page, *caller))
    for at, deed in deeds:
        await asyncio.sleep(at - asyncio.get_running_loop().time() + here.began_at)
        if isinstance(deed, Performance):
            performances.begin(call_id(), deed)
        else:
            performances.stop(call_id(), deed)
    return await calling


def heard(here: LiveWorld, word: str) -> list[str]:
    """When call 1 heard `word`."""
    return [line for line in here.calls[call_id()].heard if f" {word} " in line]


async def test_words_are_spoken_one_after_the_other() -> None:
    here = world()
    await done_to(here, "/voice", (3.0, Performance(kind=SPEAK, verbs=(HI, BYE))))
    assert here.calls[call_id()].heard[2:] == [
        "3.0 halli starts",
        "3.5 halli ends",
        "3.5 adieu starts",
        "4.0 adieu ends",
    ]


async def test_they_go_on_until_they_are_stopped() -> None:
    here = world()
    done = await done_to(
        here, "/voice", (3.0, Performance(kind=SPEAK, verbs=(HI,), repeats=True)), (4.2, SPEAK)
    )
    assert [line for line in heard(here, "halli") if "starts" in line] == [
        "3.0 halli starts",
        "3.5 halli starts",
        "4.0 halli starts",
    ]
    assert heard(here, "halli")[-1] == "4.2 halli stops"
    assert [fact.reason for fact in done.facts.of(VerbRan)][-1] == "cancelled"


async def test_they_go_on_for_so_long_at_most_and_for_no_longer_than_the_call() -> None:
    here = world()
    await done_to(here, "/voice", (3.0, Performance(kind=SPEAK, verbs=(HI,), repeats=True, longest_s=0.7)))
    assert heard(here, "halli")[-1] == "3.7 halli stops"
    here = world()
    await done_to(
        here,
        "/voice",
        (3.0, Performance(kind=SPEAK, verbs=(Say(text="halli", loop=0),))),
        caller=("5.0 hangs up",),
    )
    assert heard(here, "halli")[-1].startswith("5.0")
    assert here.unfinished == []


async def test_what_is_begun_later_takes_the_place_of_its_kind() -> None:
    here = world()
    first = Performance(kind=SPEAK, verbs=(HI,), repeats=True)
    await done_to(here, "/voice", (3.0, first), (3.2, Performance(kind=SPEAK, verbs=(BYE,))))
    assert here.calls[call_id()].heard[2:] == [
        "3.0 halli starts",
        "3.2 halli stops",
        "3.2 adieu starts",
        "3.7 adieu ends",
    ]


async def test_a_recording_has_the_identity_that_it_was_given_and_is_kept_when_it_is_stopped(
    tmp_path: Path,
) -> None:
    here = world(tmp_path)
    record = Record(is_background=True, has_beep=False, max_length_s=60)
    performance = Performance(kind=RECORD, verbs=(record,), record_id=32 * "9")
    done = await done_to(here, "/voice", (2.0, performance), (7.0, RECORD), (7.5, RECORD))
    (begun,), (over,) = done.facts.of(RecordingStarted), done.facts.of(RecordingFinished)
    assert begun.recording_id == over.recording_id == 32 * "9"
    assert (over.duration_s, over.failure) == (5.0, "")


async def test_a_recording_ends_by_itself(tmp_path: Path) -> None:
    record = Record(is_background=True, has_beep=False, max_length_s=4)
    performance = Performance(kind=RECORD, verbs=(record,), record_id=32 * "9")
    done = await done_to(world(tmp_path), "/voice", (2.0, performance))
    assert [fact.duration_s for fact in done.facts.of(RecordingFinished)] == [4.0]


@pytest.mark.parametrize(("legs", "own", "other"), [(Legs.OWN, 1, 0), (Legs.OTHER, 0, 1), (Legs.BOTH, 1, 1)])
async def test_who_is_meant(legs: Legs, own: int, other: int) -> None:
    here = world()
    await done_to(here, "/dial", (5.0, Performance(kind=SPEAK, verbs=(HI,), legs=legs)))
    assert len([line for line in heard(here, "halli") if "starts" in line]) == own
    assert here.legs[0].to(ANN).heard.count("5.0 halli starts") == other


async def test_keys_are_sent_after_those_that_were_asked_for_before() -> None:
    here = world()
    deeds = [
        (at, Performance(kind=KEYS, verbs=(SendKeys(keys=keys),))) for at, keys in ((2.0, "12"), (2.05, "3"))
    ]
    await done_to(here, "/voice", *deeds)
    assert here.calls[call_id()].keys_sent == ["1", "2", "3"]


async def test_only_so_many_keys_wait() -> None:
    here = world()
    performances = Performances(here.control)
    calling = asyncio.create_task(here.call(1, "/voice"))
    await asyncio.sleep(2)
    for _ in range(MOST_WAITING):
        performances.begin(call_id(), Performance(kind=KEYS, verbs=(SendKeys(keys="1"),)))
    with pytest.raises(LimitReached, match="lists of keys wait"):
        performances.begin(call_id(), Performance(kind=KEYS, verbs=(SendKeys(keys="2"),)))
    await calling
    assert set(here.calls[call_id()].keys_sent) == {"1"}


async def test_what_cannot_be_done() -> None:
    here = world()
    performances = Performances(here.control)
    deed = Performance(kind=SPEAK, verbs=(HI,))
    with pytest.raises(CallIsOver):
        performances.begin(call_id(), deed)
    with pytest.raises(CallIsOver):
        performances.stop(call_id(), SPEAK)
    calling = asyncio.create_task(here.call(1, "/ring"))
    await asyncio.sleep(1)
    with pytest.raises(CallNotAnswered):
        performances.begin(call_id(), deed)
    await calling
    calling = asyncio.create_task(here.call(2, "/voice"))
    await asyncio.sleep(1)
    with pytest.raises(NobodyConnected):
        performances.begin(call_id(2), Performance(kind=SPEAK, verbs=(HI,), legs=Legs.BOTH))
    await calling


async def test_each_leg_goes_on_with_a_document_of_its_own() -> None:
    other, third = Target("http://app.example/other"), Target("http://app.example/third")
    here = world()
    calling = asyncio.create_task(here.call(1, "/dial"))
    await asyncio.sleep(5)
    here.live.change(call_id(), LiveChange(application=other, connected_application=third))
    await calling
    assert here.calls[call_id()].heard[-2:] == ["5.0 other starts", "5.5 other ends"]
    assert here.legs[0].to(ANN).heard == ["5.0 third starts", "5.5 third ends"]
    assert here.unfinished == []


async def test_the_other_leg_alone_goes_elsewhere() -> None:
    here = world()
    calling = asyncio.create_task(here.call(1, "/dial"))
    await asyncio.sleep(5)
    here.live.change(call_id(), LiveChange(connected_application=Target("http://app.example/third")))
    await calling
    assert here.legs[0].to(ANN).heard == ["5.0 third starts", "5.5 third ends"]
    assert heard(here, "parted") != []
    with pytest.raises(CallIsOver):
        here.live.change(call_id(), LiveChange(connected_application=Target("http://app.example/third")))


async def test_nobody_goes_elsewhere_where_there_is_no_other_leg() -> None:
    here = world()
    calling = asyncio.create_task(here.call(1, "/voice"))
    await asyncio.sleep(5)
    with pytest.raises(NobodyConnected):
        here.live.change(call_id(), LiveChange(connected_application=Target("http://app.example/third")))
    await calling
    assert here.application.requests[-1].target.url.endswith("/voice")
