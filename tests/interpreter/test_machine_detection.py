"""In whole calls: who answered is found out before the application is asked, or beside it, and told or hung up."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.call.ending import EndedBy
from offhook.call.facts import NewsTold, TimelineKept
from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.call.port import FrameSink
from offhook.dialects.vobiz.callbacks import CallTold
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.interpreter.control import Control
from offhook.interpreter.fixed import FixedProgram
from offhook.testing import Followed, ScriptedCall, WebhookStub, follow, run_virtually
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import DetectMachine, Say, SendKeys, Target, Verb

TOLD = Target("http://app.example/detected")
ALL = {"/voice": '<Response><Speak>hello</Speak><Wait length="20"/></Response>', "/hangup": ""}
PERSON = ("1.0 answers", "1.5 says 0.6")
MACHINE = ("1.0 answers", "1.5 says 6")
MADE = replace(SOME_CALL, direction=Direction.OUTBOUND_API)


class Bursts(ScriptedCall):
    """A call of which so many frames arrive at once, as on a machine that is too busy."""

    def __init__(self, *script: str, info: CallInfo, at_once: int) -> None:
        super().__init__(*script, info=info)
        self._at_once = at_once

    @contextmanager
    def listen(self, to: FrameSink) -> Iterator[None]:
        kept: list[bytes] = []

        def take(frame: bytes) -> None:
            kept.append(frame)
            if len(kept) == self._at_once:
                for one in kept:
                    to(one)
                kept.clear()

        with super().listen(take):
            yield


class Made:
    """A call that was made, from its beginning to its end."""

    def __init__(self, *script: str, of: Callable[..., ScriptedCall] = ScriptedCall) -> None:
        self.call = of(*script, info=MADE)
        self.app = WebhookStub(ALL)
        self.control = Control()

    async def lived(self, *before: Verb) -> Followed:
        """What came of it."""
        vobiz = Vobiz()
        return await follow(
            self.call,
            self.app,
            dialect=vobiz,
            is_dialled=True,
            before=before,
            control=self.control,
            status_callback=lambda: CallTold(vobiz, hangup=self.app.target("/hangup")),
        )

    @property
    def asked(self) -> list[dict[str, str]]:
        """What the answer URL was told, each time."""
        return [dict(each.parameters) for each in self.app.requests if each.target.url.endswith("/voice")]


def told(done: Followed) -> list[dict[str, str]]:
    return [dict(fact.request.parameters) for fact in done.facts.of(NewsTold)]


def told_end(done: Followed) -> dict[str, str]:
    [request] = done.end.callbacks
    return dict(request.parameters)


def noted(done: Followed) -> list[Any]:
    events = [event for part in done.facts.of(TimelineKept) for event in part.events]
    return [
        facts["outcome"]
        for _, kind, facts in events
        if facts.get("verb") == "DetectMachine" and kind == "verb_over"
    ]


class TestBeforeTheApplicationIsAsked:
    async def test_a_person(self) -> None:
        made = Made(*PERSON, "9 hangs up")
        done = await made.lived(DetectMachine())
        [first] = made.asked
        assert (first["Machine"], first["Event"], first["CallStatus"]) == ("false", "StartApp", "in-progress")
        heard_at = float(made.call.heard[0].split()[0])
        assert 2.9 <= heard_at < 3.3, "somebody who waits is answered"
        assert told_end(done)["Machine"] == "false"
        assert noted(done)[0].startswith("a person after")

    async def test_a_machine(self) -> None:
        made = Made(*MACHINE, "9 hangs up")
        done = await made.lived(DetectMachine())
        [first] = made.asked
        assert first["Machine"] == "true"
        assert made.call.heard[0].endswith("hello starts")
        assert float(made.call.heard[0].split()[0]) < 3.5
        assert (told(done), told_end(done)["HangupCauseCode"]) == ([], "4000")

    async def test_a_machine_that_is_hung_up_is_told_to_the_hangup_url_alone(self) -> None:
        made = Made(*MACHINE)
        done = await made.lived(DetectMachine(hangs_up=True))
        assert (made.asked, made.call.heard, done.end.status) == ([], [], CallStatus.COMPLETED)
        assert done.end.reason.startswith("machine_detected: long greeting, after ")
        assert done.end.ended is not None
        assert done.end.ended.by is EndedBy.MACHINE
        end = told_end(done)
        assert (end["HangupCauseCode"], end["HangupCauseName"]) == ("9100", "Machine Detected")
        assert (end["HangupSource"], end["Event"]) == ("Vobiz", "Hangup")

    async def test_a_person_is_not_hung_up(self) -> None:
        made = Made(*PERSON, "9 hangs up")
        done = await made.lived(DetectMachine(hangs_up=True))
        assert made.asked[0]["Machine"] == "false"
        assert told_end(done)["HangupCauseCode"] == "4000"

    async def test_nobody_who_speaks_and_a_beep(self) -> None:
        silent, beeps = Made("1 answers", "9 hangs up"), Made("1 answers", "2 beeps 0.5", "9 hangs up")
        await asyncio.gather(silent.lived(DetectMachine(silence_s=2)), beeps.lived(DetectMachine()))
        assert [made.asked[0]["Machine"] for made in (silent, beeps)] == ["true", "true"]
        assert float(silent.call.heard[0].split()[0]) == pytest.approx(3.0, abs=0.1)

    async def test_keys_are_sent_before(self) -> None:
        made = Made("1.0 answers", "2.0 says 0.6", "9 hangs up")
        await made.lived(SendKeys(keys="12"), DetectMachine())
        assert made.call.keys_sent == ["1", "2"]
        assert made.asked[0]["Machine"] == "false"

    async def test_somebody_takes_the_call_elsewhere_meanwhile(self) -> None:
        made = Made("1.0 answers", "9 hangs up")
        asyncio.get_running_loop().call_at(2.0, made.control.divert, FixedProgram(Say(text="elsewhere")))
        await made.lived(DetectMachine())
        assert (made.asked, made.call.heard[0]) == ([], "2.0 elsewhere starts")

    async def test_where_nobody_looks_nothing_is_told(self) -> None:
        made = Made(*PERSON, "3 hangs up")
        done = await made.lived()
        assert "Machine" not in made.asked[0] | told_end(done)


class TestFrames:
    @pytest.mark.parametrize(("script", "machine"), [(PERSON, "false"), (MACHINE, "true")])
    async def test_many_that_arrive_at_once_count_for_when_they_were_heard(
        self, script: tuple[str, ...], machine: str
    ) -> None:
        made = Made(*script, "9 hangs up", of=partial(Bursts, at_once=20))
        await made.lived(DetectMachine())
        assert made.asked[0]["Machine"] == machine
        assert float(made.call.heard[0].split()[0]) < 3.8

    async def test_where_none_come_nobody_spoke(self) -> None:
        made = Made(*PERSON, "9 hangs up", of=partial(Bursts, at_once=10_000))
        await made.lived(DetectMachine())
        assert (made.asked[0]["Machine"], made.call.heard[0]) == ("true", "6.0 hello starts")


class TestBeside:
    VERB = DetectMachine(callback=TOLD, is_background=True)

    @pytest.mark.parametrize(("script", "machine"), [(PERSON, "false"), (MACHINE, "true")])
    async def test_the_application_is_asked_at_once_and_who_answered_is_told(
        self, script: tuple[str, ...], machine: str
    ) -> None:
        made = Made(*script, "9 hangs up")
        done = await made.lived(self.VERB)
        assert made.call.heard[0] == "1.0 hello starts"
        assert "Machine" not in made.asked[0]
        [news] = told(done)
        wanted = {"Event": "MachineDetection", "Machine": machine, "IfMachine": "continue"}
        assert wanted.items() <= news.items()
        assert (news["CallStatus"], news["Direction"]) == ("in-progress", "outbound")
        assert news["RequestUUID"] == news["ALegUUID"] == news["ALegRequestUUID"] == news["CallUUID"]
        [fact] = done.facts.of(NewsTold)
        assert (fact.request.target, bool(fact.request.signature)) == (TOLD, True)

    async def test_a_machine_is_told_and_hung_up_in_the_middle_of_the_document(self) -> None:
        made = Made(*MACHINE)
        done = await made.lived(replace(self.VERB, hangs_up=True))
        [news] = told(done)
        assert (news["Machine"], news["IfMachine"]) == ("true", "hangup")
        assert told_end(done)["HangupCauseCode"] == "9100"
        assert done.end.duration_s < 3

    async def test_a_far_end_that_hangs_up_before_it_is_known_is_neither(self) -> None:
        made = Made("1.0 answers", "2.0 hangs up")
        done = await made.lived(self.VERB)
        assert (told(done), told_end(done)["HangupCauseCode"]) == ([], "4000")


sounds = st.lists(
    st.tuples(st.floats(1, 9), st.sampled_from(["says", "beeps"]), st.floats(0.05, 3)), max_size=5
).map(lambda sounds: tuple(f"{at:.2f} {what} {seconds:.2f}" for at, what, seconds in sounds))


@settings(max_examples=40, deadline=None)
@given(sounds, st.floats(1, 12).map(lambda at: f"{at:.2f}7"), st.booleans(), st.booleans())
def test_it_is_told_once_and_in_time_or_the_call_is_over(
    sounds: tuple[str, ...], leaves: str, hangs_up: bool, is_beside: bool
) -> None:
    async def course() -> None:
        made = Made("1.00 answers", *sounds, f"{leaves} hangs up")
        verb = DetectMachine(hangs_up=hangs_up, callback=TOLD, is_background=is_beside)
        done = await made.lived(verb)
        news = told(done)
        assert len(news) == (1 if float(leaves) >= 6.1 else len(news)) <= 1
        assert len(noted(done)) <= 2, "each verb once, and what begins it"
        code = told_end(done)["HangupCauseCode"]
        is_hung_up = hangs_up and bool(news) and news[0]["Machine"] == "true"
        assert code == ("9100" if is_hung_up else "4000")

    run_virtually(course())
