"""Many callers who come and go as they like: afterwards nothing is left, and everybody had their end."""

import asyncio
import random

import pytest

from offhook.call.facts import CallFinished
from offhook.call.info import CallStatus
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.interpreter.conference_room import ConferenceRoom
from offhook.interpreter.meetings import MemberUnknown
from tests.interpreter.party import Party

CALLERS = 30


def flag(dice: random.Random, name: str) -> str:
    return f"{name}='{str(dice.random() < 0.5).lower()}'"


def conference(dice: random.Random) -> str:
    names = ("muted", "beep", "startConferenceOnEnter")
    ends = "endConferenceOnExit='true'" if dice.random() < 0.1 else ""
    attributes = " ".join(flag(dice, name) for name in names)
    room = f"<Conference {attributes} {ends} maxParticipants='12'>r{dice.randrange(2)}</Conference>"
    return f"<Response><Dial hangupOnStar='true' timeLimit='30'>{room}</Dial></Response>"


async def meddle(party: Party, dice: random.Random) -> None:
    """Do something to somebody in some conference, again and again."""
    for _ in range(60):
        await asyncio.sleep(dice.uniform(0.1, 1.0))
        rooms = party.meetings.rooms.all
        if not rooms:
            continue
        room = dice.choice(rooms)
        assert isinstance(room, ConferenceRoom)
        call_id = dice.choice(list(party.calls.values())).info.call_id
        try:
            match dice.randrange(8):
                case 0 | 1:
                    room.mute(call_id, dice.random() < 0.5)
                case 2 | 3:
                    room.hold(call_id, dice.random() < 0.5)
                case 4:
                    room.dismiss(call_id)
                case 5 if dice.random() < 0.3:
                    room.end()
                case _:
                    pass
        except MemberUnknown:
            continue


@pytest.mark.parametrize("seed", range(4))
async def test_of_conferences_nothing_is_left(seed: int) -> None:
    dice = random.Random(seed)
    party = Party({f"in{n}": conference(dice) for n in range(CALLERS)})
    for n in range(CALLERS):
        script = [f"{dice.uniform(0.1, 5):.2f} says 3"]
        script += [f"{dice.uniform(1, 25):.2f} {dice.choice(['hangs up', 'key *', 'key 1'])}"]
        party.comes(f"+1555{n:04}", f"in{n}", *script, at=dice.uniform(0, 20))
    meddling = asyncio.create_task(meddle(party, dice))
    await party.goes_home()
    await meddling
    assert party.meetings.rooms.all == ()
    ends = party.told(CallFinished)
    assert len(ends) == CALLERS
    assert {end.status for end in ends} == {CallStatus.COMPLETED}
    newest: dict[tuple[str, str], ParticipantChanged] = {}
    for fact in sorted(party.told(ParticipantChanged), key=lambda fact: fact.at):
        newest[fact.conference_id, fact.call_id] = fact
    assert all(fact.has_left for fact in newest.values())
    states: dict[str, ConferenceChanged] = {}
    for change in party.told(ConferenceChanged):
        if not (change.conference_id in states and states[change.conference_id].status.is_final):
            states[change.conference_id] = change
    assert all(change.status.is_final for change in states.values())


@pytest.mark.parametrize("seed", range(4))
async def test_of_queues_nothing_is_left_and_nobody_is_taken_twice(seed: int) -> None:
    dice = random.Random(seed)
    party = Party(
        {
            "waits": "<Response><Enqueue action='left' waitUrl='wait'>help</Enqueue></Response>",
            "takes": "<Response><Dial action='taken' timeout='6' timeLimit='9'>"
            "<Queue url='tell'>help</Queue></Dial></Response>",
            "wait": "<Response><Say>wait</Say></Response>",
            "tell": "<Response><Say>0123456789</Say></Response>",
            "left": "<Response/>",
            "taken": "<Response/>",
        }
    )
    for n in range(CALLERS):
        page = dice.choice(["waits", "takes"])
        script = [f"{dice.uniform(0.5, 12):.2f} hangs up"] if dice.random() < 0.6 else ["40.0 hangs up"]
        party.comes(f"+1555{n:04}", page, *script, at=dice.uniform(0, 30))
    await party.goes_home()
    assert party.meetings.rooms.all == ()
    assert len(party.told(CallFinished)) == CALLERS
    asked = [dict(request.parameters) for request in party.application.requests]
    taken = [form["DialCallSid"] for form in asked if form.get("DialCallSid", "null") != "null"]
    assert taken
    assert len(taken) == len(set(taken))
    waited = [form for form in asked if "QueueResult" in form and "DialCallStatus" not in form]
    bridged = {form["CallSid"] for form in waited if form["QueueResult"] == "bridged"}
    assert bridged == set(taken), "both sides are told the same"
