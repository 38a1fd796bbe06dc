"""Calls that are made over REST: keys for who answers, and several phones that ring for one call."""

import asyncio
from dataclasses import replace

from offhook.call.facts import CallProgressed
from offhook.call.info import CallStatus, Direction
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.control import Control
from offhook.processes.contest import ELSEWHERE, first_answered
from offhook.testing import Followed, ScriptedCall, WebhookStub, follow
from offhook.testing.follow import BEGINNING
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Pause, SendKeys, Verb

RCML = Rcml(instance_id=32 * "0")
HELLO = {"/voice": '<Response><Say>hello</Say><Pause length="5"/></Response>'}


async def made(call: ScriptedCall, control: Control, before: tuple[Verb, ...] = ()) -> Followed:
    return await follow(
        call,
        WebhookStub(HELLO),
        dialect=RCML,
        is_dialled=True,
        control=control,
        before=before,
    )


async def rung(*scripts: tuple[str, ...]) -> list[Followed]:
    """What comes of phones with these scripts that ring for one call."""
    infos = [
        replace(SOME_CALL, call_id=f"{number:032x}", direction=Direction.OUTBOUND_API)
        for number in range(len(scripts))
    ]
    rivals = [
        (ScriptedCall(*script, info=info), Control()) for script, info in zip(scripts, infos, strict=True)
    ]
    contest = asyncio.create_task(first_answered(rivals))
    done = await asyncio.gather(*(made(call, control) for call, control in rivals))
    await contest
    return list(done)


async def test_keys_are_sent_to_who_answers_before_the_document_runs() -> None:
    call = ScriptedCall("1.0 rings", "2.0 answers", "9.0 hangs up")
    await made(call, Control(), before=(SendKeys(keys="ww12#"),))
    assert call.keys_sent == ["1", "2", "#"]
    assert call.heard[0] == "3.6 hello starts"


async def test_who_hangs_up_while_they_are_sent_ends_the_call() -> None:
    call = ScriptedCall("1.0 answers", "1.6 hangs up")
    done = await made(call, Control(), before=(SendKeys(keys="wwwwww1"),))
    assert (call.keys_sent, done.end.status) == ([], CallStatus.COMPLETED)


async def test_who_answers_first_is_talked_to_and_the_others_are_canceled() -> None:
    first, second, third = await rung(
        ("1.0 rings", "6.0 answers"), ("1.0 rings", "3.0 answers"), ("1.0 rings", "2.0 refuses 486")
    )
    assert (first.end.status, first.end.reason) == (CallStatus.CANCELED, ELSEWHERE)
    assert (second.end.status, second.end.reason) == (CallStatus.COMPLETED, "")
    assert third.end.status is CallStatus.BUSY


async def test_nobody_answers_at_any_place() -> None:
    first, second = await rung(("2.0 refuses 486",), ("3.0 refuses 603",))
    assert [first.end.status, second.end.status] == [CallStatus.BUSY, CallStatus.FAILED]


async def test_an_answer_on_hold_is_an_answer_and_the_document_runs_once_it_ends() -> None:
    call = ScriptedCall("1.0 rings", "2.0 answers on hold", "102.0 holds no more")
    done = await made(call, Control())
    progressed = [
        (fact.status, (fact.at - BEGINNING).total_seconds()) for fact in done.facts.of(CallProgressed)
    ]
    assert progressed == [(CallStatus.RINGING, 1), (CallStatus.IN_PROGRESS, 2)]
    assert call.heard == ["102.0 hello starts", "102.5 hello ends"]
    assert (done.end.status, done.end.duration_s) == (CallStatus.COMPLETED, 105.5)


async def test_what_needs_no_audio_waits_for_it_too() -> None:
    call = ScriptedCall("1.0 answers on hold", "9.0 holds no more")
    await made(call, Control(), before=(Pause(length_s=2.0),))
    assert call.heard[0] == "11.0 hello starts"


async def test_who_hangs_up_while_it_holds_from_the_first_was_in_the_call() -> None:
    call = ScriptedCall("1.0 answers on hold", "9.0 hangs up")
    done = await made(call, Control())
    assert (done.end.status, done.end.duration_s, call.heard) == (CallStatus.COMPLETED, 8.0, [])


async def test_who_answers_on_hold_first_is_talked_to() -> None:
    first, second = await rung(
        ("1.0 rings", "2.0 answers on hold", "8.0 holds no more"), ("1.0 rings", "6.0 answers")
    )
    assert (first.end.status, second.end.status) == (CallStatus.COMPLETED, CallStatus.CANCELED)
