"""Dials under whatever happens in whatever order: nothing is left over, and everything is told once."""

import asyncio
import random
from collections.abc import Callable

import pytest

from offhook.call.facts import CallFinished, CallStarted
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.outbound_leg import LegRefused
from offhook.testing import Places, ScriptedLegs
from offhook.testing.scripted_legs import Script
from offhook.verbs import Pause, Say
from tests.interpreter.dialling import ANN, BOB, CAT, dialling

SCREENS = (
    "<Response/>",
    "<Response><Pause length='2'/></Response>",
    "<Response><Say>hello</Say><Hangup/></Response>",
    "<html>junk</html>",
)


def moment(chance: random.Random) -> str:
    """Often the same for several things."""
    return f"{chance.choice((0, 1, 2, 2.5, 3, 4, 5, 7)):g}"


def callee(chance: random.Random) -> Script | Places | LegRefused:
    deeds = ("rings", "answers", "answers", "hangs up", "key 1", "says 1", "refuses 486", "refuses 404")
    script = tuple(f"{moment(chance)} {chance.choice(deeds)}" for _ in range(chance.randrange(4)))
    match chance.randrange(8):
        case 0:
            return LegRefused("it is not there", chance.choice((403, 480, 503)))
        case 1:
            return Places((script, ("2 answers",)))
        case _:
            return script


def deed(chance: random.Random, control: Control) -> tuple[float, Callable[[ScriptedLegs], None]]:
    """Something that somebody does to the caller or to a leg."""
    elsewhere = FixedProgram(Say(text="moved"), Pause(length_s=1))

    def do(legs: ScriptedLegs) -> None:
        controls = [control, *legs.controls]
        one = chance.choice(controls)
        try:
            match chance.randrange(4):
                case 0:
                    one.divert(elsewhere)
                case 1:
                    one.finish("by hand")
                case 2:
                    one.mute(True)
                case 3:
                    for each in controls:
                        each.divert(elsewhere)
        except CallOver:
            return

    return float(moment(chance)), do


@pytest.mark.parametrize("seed", range(0, 400, 20))
async def test_nothing_is_left_over(seed: int) -> None:
    for number in range(seed, seed + 20):
        chance = random.Random(number)
        control = Control()
        numbers = (ANN, BOB, CAT)[: chance.randrange(1, 4)]
        screened = [chance.choice(("", ' url="screen"')) for _ in numbers]
        nouns = "".join(f"<Number{url}>{to}</Number>" for to, url in zip(numbers, screened, strict=True))
        star = chance.choice(("true", "false"))
        caller = [
            f"{moment(chance)} {chance.choice(('key *', 'key 5', 'says 1'))}"
            for _ in range(chance.randrange(3))
        ]
        if chance.random() < 0.5:
            caller.append(f"{moment(chance)} hangs up")
        seen = await dialling(
            f'<Dial action="dialled" timeout="6" timeLimit="9" record="{star}" hangupOnStar="{star}">{nouns}</Dial>',
            {to: callee(chance) for to in numbers},
            *caller,
            control=control,
            later=deed(chance, control) if chance.random() < 0.5 else None,
            screen=chance.choice(SCREENS),
        )
        begun = sorted(fact.info.call_id for fact in seen.done.facts.of(CallStarted))
        over = sorted(fact.call_id for fact in seen.done.facts.of(CallFinished))
        assert begun == over, f"seed {number}: every call ends, and once"
        assert seen.asked.count("/dialled") <= 1, f"seed {number}"
        assert not any(call.is_in_room for call in (seen.call, *seen.legs.calls)), f"seed {number}"
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert not others, f"seed {number}: {others}"
