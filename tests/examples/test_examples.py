"""Each example, asked by scripted callers, as an application of one's own may be tested."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from offhook.call.info import new_id
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.interpreter.meetings import NO_MEETINGS, Meetings
from offhook.interpreter.rooms_here import LocalMeetings
from offhook.testing import FakeRecogniser, Followed, ScriptedCall, ScriptedLegs, follow
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Method
from tests.examples.example import EXAMPLES, Example

RCML = Rcml(instance_id=32 * "0")
TESTED_ELSEWHERE = ("recogniser_server", "parrot")
"""By `tests/system`: over a real WebSocket, and over real SIP."""


def spoken(call: ScriptedCall) -> list[str]:
    """The texts that began to be heard, in order."""
    return [line.split(" ", 1)[1].removesuffix(" starts") for line in call.heard if line.endswith(" starts")]


async def test_sales_menu() -> None:
    call, example = ScriptedCall("1.0 key 2"), Example("sales_menu")
    await follow(call, example, dialect=RCML)
    assert spoken(call)[-1] == "You said support. Goodbye."
    spoke = ScriptedCall("7.0 says 0.6")
    await follow(spoke, example, dialect=RCML, recogniser=FakeRecogniser.that_hears("sales"))
    assert spoken(spoke)[-1] == "You said sales. Goodbye."


async def test_voicemail(tmp_path: Path) -> None:
    call, example = ScriptedCall("7.0 says 2.0", "9.5 key #"), Example("voicemail")
    await follow(call, example, dialect=RCML, recordings=tmp_path)
    assert spoken(call)[-1] == "Thank you. Goodbye."
    [message] = json.loads(example.ask(Method.GET, "http://app.example/messages", {}).body).items()
    assert (message[1]["from"], float(message[1]["seconds"]) > 1) == ("+15550100", True)
    words = {"RecordingUrl": message[0], "TranscriptionStatus": "completed", "TranscriptionText": "call me"}
    assert example.ask(Method.POST, "http://app.example/words", words).status == 204
    kept = json.loads(example.ask(Method.GET, "http://app.example/messages", {}).body)
    assert kept[message[0]]["text"] == "call me"


async def test_voicemail_of_a_caller_who_says_nothing(tmp_path: Path) -> None:
    call, example = ScriptedCall(), Example("voicemail")
    await follow(call, example, dialect=RCML, recordings=tmp_path)
    assert spoken(call)[-1] == "I did not hear anything. Goodbye."
    assert json.loads(example.ask(Method.GET, "http://app.example/messages", {}).body) == {}


@pytest.mark.parametrize(
    ("key", "end"),
    [("1", "Goodbye."), ("2", "Nobody can take your call right now. Please try again later.")],
)
async def test_screening(key: str, end: str) -> None:
    call, example = ScriptedCall(), Example("screening")
    legs = ScriptedLegs(
        {"+15550101": ("1.0 rings",), "+15550102": ("2.0 answers", f"5.0 key {key}", "30.0 hangs up")}
    )
    await follow(call, example, dialect=RCML, legs=legs)
    assert spoken(call)[-1] == end
    assert spoken(legs.to("+15550102"))[0] == "A call from +15550100. Press one to take it."
    assert example.posted("/dialled")["DialCallStatus"] == ("completed" if key == "1" else "no-answer")


async def test_conference() -> None:
    example, meetings = Example("conference"), LocalMeetings()
    guest = _caller("guest", example, meetings, *_keys("1234"))
    host = _caller("host", example, meetings, *_keys("4711"), "25.0 says 1.0", "40.0 hangs up", at=30.0)
    stranger = _caller("stranger", example, meetings, *_keys("0000"), "20.0 hangs up")
    calls = await asyncio.gather(guest, host, stranger)
    await meetings.rooms.close()
    assert "The host is not here yet." in spoken(calls[0])
    assert "host" in spoken(calls[0])
    assert spoken(calls[0])[-1] == "The conference is over."
    assert "These digits are not known." in spoken(calls[2])


async def test_queue() -> None:
    example, meetings = Example("queue"), LocalMeetings()
    first = _caller("first", example, meetings)
    second = _caller("second", example, meetings, at=1.0)
    agent = _caller("agent", example, meetings, "30.0 key *", "60.0 hangs up", first="/agent", at=20.0)
    calls = await asyncio.gather(first, second, agent)
    await meetings.rooms.close()
    assert "You are number 1 in the queue." in spoken(calls[0])
    assert "You are number 2 in the queue." in spoken(calls[1])
    assert "You are being connected." in spoken(calls[0])
    assert spoken(calls[0])[-1] == "Thank you for calling. Goodbye."
    assert spoken(calls[1])[-1] == "Nobody is free. Please call again later."


async def test_survey() -> None:
    call, example = ScriptedCall("1.0 key 1", "20.0 says 0.6", "60.0 hangs up"), Example("survey")
    await follow(call, example, dialect=RCML, recogniser=FakeRecogniser.that_hears("yes please"))
    [given] = json.loads(example.ask(Method.GET, "http://app.example/answers", {}).body).values()
    assert given[:2] == ["good", "yes"]
    assert any(text.startswith("Sorry, I did not get that.") for text in spoken(call))


def test_every_example_is_told_of_and_tested_here() -> None:
    told = (EXAMPLES / "README.md").read_text()
    tests = Path(__file__).read_text()
    for folder in EXAMPLES.iterdir():
        if folder.is_dir() and not folder.name.startswith("__"):
            assert f"[{folder.name}]({folder.name}/" in told
            assert folder.name in TESTED_ELSEWHERE or f"test_{folder.name}" in tests


def _keys(keys: str) -> tuple[str, ...]:
    return tuple(f"{2 + place / 2} key {key}" for place, key in enumerate(keys))


async def _caller(
    name: str,
    example: Example,
    meetings: Meetings = NO_MEETINGS,
    *script: str,
    first: str = "/voice",
    at: float = 0.0,
) -> ScriptedCall:
    await asyncio.sleep(at)
    call = ScriptedCall(*script, info=replace(SOME_CALL, call_id=new_id(), from_=name))
    done: Followed = await follow(call, example, dialect=RCML, first=first, meetings=meetings)
    assert done.notifications == []
    return call


VOBIZ = Vobiz()


async def test_vobiz_desk_by_keys() -> None:
    keys = ("1.0 key 3", "6.0 key 4", "6.5 key 2", "7.0 key #", "12.0 key 1")
    call, example = ScriptedCall(*keys), Example("vobiz_desk")
    await follow(call, example, dialect=VOBIZ, first="/answer")
    assert example.asked == ["/answer", "/intent", "/number", "/confirmed"]
    assert spoken(call)[-1] == "Thank you. Goodbye."


async def test_vobiz_desk_by_voice() -> None:
    call, example = ScriptedCall("7.0 says 0.6"), Example("vobiz_desk")
    await follow(
        call, example, dialect=VOBIZ, first="/answer", recogniser=FakeRecogniser.that_hears("support")
    )
    assert spoken(call)[-1] == "You will be connected to support."


async def test_vobiz_desk_for_nobody() -> None:
    call, example = ScriptedCall(), Example("vobiz_desk")
    await follow(call, example, dialect=VOBIZ, first="/answer")
    assert spoken(call)[-1] == "We did not hear from you. Goodbye."
