"""A Dial in Vobiz' language: what its callback is told, who has to confirm, and what is heard meanwhile."""

import pytest

from offhook.call.recording_facts import RecordingStarted
from offhook.call.voice_rows import RecordingSource
from offhook.testing import Page
from tests.dialects.vobiz.dialogues import dialogue

ANN, BOB = "15550101", "15550102"
CALLBACK = 'callbackUrl="http://app.example/legs"'
OVER = "<Response/>"


def dial(attributes: str = "", inside: str = f"<Number>{ANN}</Number>") -> str:
    return (
        f'<Response><Dial action="http://app.example/dialled" {attributes}>{inside}</Dial>'
        "<Speak>next</Speak></Response>"
    )


def actions(news: list[dict[str, str]]) -> list[str]:
    return [one["DialAction"] for one in news]


async def test_the_callback_hears_of_answer_connection_and_end_before_the_action() -> None:
    course = await dialogue(
        dial(CALLBACK), callees={ANN: ("1.0 rings", "3.0 answers", "9.0 hangs up")}, dialled=OVER
    )
    assert actions(course.news) == ["answer", "connected", "hangup"]
    first, last = course.news[0], course.news[-1]
    assert (first["path"], first["Event"], first["DialBLegStatus"]) == ("/legs", "DialAnswer", "answer")
    assert (first["DialBLegTo"], first["DialBLegPosition"]) == (ANN, "1")
    assert first["DialALegUUID"] == first["CallUUID"]
    assert first["DialBLegUUID"].endswith("0001")
    assert (last["Event"], last["DialBLegStatus"], last["DialBLegDuration"]) == ("DialHangup", "hangup", "6")
    assert (last["DialBLegHangupCauseCode"], last["DialBLegHangupSource"]) == ("4000", "Callee")
    [told] = course.told("/dialled")
    assert (told["DialStatus"], told["DialBLegUUID"]) == ("completed", first["DialBLegUUID"])


async def test_losers_of_a_race_end_with_their_cause() -> None:
    inside = f"<Number>{ANN}</Number><Number>{BOB}</Number>"
    callees = {ANN: ("1.0 rings",), BOB: ("1.0 rings", "2.0 answers", "5.0 hangs up")}
    course = await dialogue(dial(CALLBACK, inside), callees=callees, dialled=OVER)
    ends = {one["DialBLegPosition"]: one for one in course.news if one["DialAction"] == "hangup"}
    assert (ends["1"]["DialBLegHangupCauseCode"], ends["1"]["DialBLegStatus"]) == ("9000", "no-answer")
    assert ends["2"]["DialBLegHangupCauseCode"] == "4000"


async def test_nobody_answers() -> None:
    voice = dial(f'{CALLBACK} timeout="20"')
    course = await dialogue(voice, callees={ANN: ("1.0 rings",)}, dialled=OVER)
    [end] = course.news
    assert (end["DialAction"], end["DialBLegHangupCauseCode"]) == ("hangup", "6010")
    assert end["DialBLegHangupCauseName"] == "Ring Timeout Reached"
    [told] = course.told("/dialled")
    assert (told["DialStatus"], told["DialBLegUUID"]) == ("no-answer", "")


async def test_sequences_of_keys_are_told_of_both_sides() -> None:
    voice = dial(f'{CALLBACK} digitsMatch="12,2" digitsMatchBLeg="9"')
    callee = ("1.0 answers", "3.0 key 9", "3.5 key 1", "8.0 hangs up")
    course = await dialogue(voice, "4.0 key 1", "5.0 key 2", callees={ANN: callee}, dialled=OVER)
    matches = [
        (one["DialDigitsMatch"], one["DialDigitsPressedBy"])
        for one in course.news
        if one["DialAction"] == "digits"
    ]
    assert matches == [("9", "bleg"), ("12", "aleg"), ("2", "aleg")]


async def test_without_a_callback_nobody_is_told() -> None:
    course = await dialogue(dial(), callees={ANN: ("1.0 answers", "3.0 hangs up")}, dialled=OVER)
    assert course.news == []


CONFIRM = 'confirmSound="http://app.example/confirm" confirmKey="5"'
SOUND = "<Response><Speak>press five</Speak></Response>"


async def test_who_presses_the_key_is_connected() -> None:
    callee = ("1.0 answers", "4.0 key 3", "5.0 key 5", "9.0 hangs up")
    course = await dialogue(dial(f"{CALLBACK} {CONFIRM}"), callees={ANN: callee}, dialled=OVER, confirm=SOUND)
    [asked] = course.told("/confirm")
    assert (asked["Event"], asked["ALegUUID"]) == ("DialRemoteSounds", course.news[0]["CallUUID"])
    assert "press five starts" in [line.split(" ", 1)[1] for line in course.legs.to(ANN).heard]
    assert actions(course.news) == ["answer", "connected", "hangup"]
    # The caller hears that it rings until the key was pressed.
    assert "5.0 ringing stops" in course.call.heard
    assert course.told("/dialled")[0]["DialStatus"] == "completed"


async def test_who_does_not_press_it_is_let_go() -> None:
    voice = dial(f'{CALLBACK} {CONFIRM} confirmTimeout="4"')
    course = await dialogue(voice, callees={ANN: ("1.0 answers",)}, dialled=OVER, confirm=SOUND)
    assert actions(course.news) == ["answer", "hangup"]
    assert course.news[-1]["DialBLegHangupCauseCode"] == "9110"
    assert course.told("/dialled")[0]["DialStatus"] == "no-answer"


async def test_a_sound_without_a_key_is_heard_to_its_end() -> None:
    voice = dial('confirmSound="http://app.example/confirm"')
    callee = ("1.0 answers", "9.0 hangs up")
    sound = "<Response><Speak>a call for you</Speak><Hangup/></Response>"
    course = await dialogue(voice, callees={ANN: callee}, dialled=OVER, confirm=sound)
    assert course.told("/dialled")[0]["DialStatus"] == "completed"
    assert 13201 in course.codes  # the Hangup has no place there


async def test_a_confirmation_that_cannot_be_had_connects_nobody() -> None:
    course = await dialogue(
        dial(CONFIRM), callees={ANN: ("1.0 answers",)}, dialled=OVER, confirm=Page(status=500)
    )
    assert course.told("/dialled")[0]["DialStatus"] == "no-answer"


async def test_music_of_the_application_in_place_of_ringing() -> None:
    voice = dial('dialMusic="http://app.example/music"')
    music = "<Response><Speak>wait</Speak></Response>"
    course = await dialogue(
        voice, callees={ANN: ("1.0 rings", "3.0 answers", "5.0 hangs up")}, dialled=OVER, music=music
    )
    assert course.told("/music")[0]["Event"] == "DialRemoteSounds"
    assert course.heard[0] == "wait starts"
    assert not [line for line in course.heard if "ringing" in line]


async def test_keys_are_sent_to_who_answers() -> None:
    inside = f'<Number sendDigits="1w2">{ANN}</Number>'
    course = await dialogue(dial("", inside), callees={ANN: ("1.0 answers", "9.0 hangs up")}, dialled=OVER)
    assert course.legs.to(ANN).keys_sent == ["1", "2"]


async def test_a_recording_of_the_connection_is_told_at_its_beginning_and_its_end() -> None:
    record = (
        '<Record startOnDialAnswer="true" action="http://app.example/begun" fileFormat="wav" '
        'callbackUrl="http://app.example/ready"/>'
    )
    voice = dial("", f"<Number>{ANN}</Number>{record}")
    course = await dialogue(voice, callees={ANN: ("1.0 answers", "6.0 hangs up")}, dialled=OVER)
    begun, ready = course.news
    assert (begun["path"], begun["Event"], ready["path"], ready["Event"]) == (
        "/begun",
        "Record",
        "/ready",
        "RecordStop",
    )
    assert begun["RecordingID"] == ready["RecordingID"]


@pytest.mark.parametrize(
    ("attributes", "script", "is_early"),
    [
        ('sendOnPreanswer="true"', ("1.0 is heard early", "4.0 answers", "9.0 hangs up"), True),
        ('sendOnPreanswer="true"', ("1.0 rings", "4.0 answers", "9.0 hangs up"), False),
        ("", ("1.0 is heard early", "4.0 answers", "9.0 hangs up"), False),
    ],
)
async def test_keys_are_sent_before_the_answer_where_that_is_wanted_and_they_are_heard(
    attributes: str, script: tuple[str, ...], is_early: bool
) -> None:
    inside = f'<Number sendDigits="1w2" {attributes}>{ANN}</Number>'
    course = await dialogue(dial("", inside), callees={ANN: script}, dialled=OVER)
    assert course.legs.to(ANN).keys_sent == ["1", "2"]
    [connected] = [float(line.split()[0]) for line in course.call.heard if line.endswith("ringing stops")]
    assert connected == pytest.approx(4.0 if is_early else 4.9, abs=0.05)


async def test_each_who_rings_gets_their_own_keys_and_who_is_not_heard_harms_nobody() -> None:
    numbers = "".join(
        f'<Number sendDigits="{keys}" sendOnPreanswer="true">{number}</Number>'
        for keys, number in (("11", ANN), ("22", BOB))
    )
    callees = {
        ANN: ("1.0 is heard early", "9.0 refuses 486"),
        BOB: ("1.0 rings", "4.0 answers", "8.0 hangs up"),
    }
    course = await dialogue(dial("", numbers), callees=callees, dialled=OVER)
    assert course.legs.to(ANN).keys_sent == ["1", "1"]
    assert course.legs.to(BOB).keys_sent == ["2", "2"]


@pytest.mark.parametrize(("attributes", "channels"), [('recordChannelType="stereo"', 2), ("", 1)])
async def test_the_sides_of_a_connection_are_kept_apart_where_that_is_wanted(
    attributes: str, channels: int
) -> None:
    record = f'<Record startOnDialAnswer="true" callbackUrl="http://app.example/ready" {attributes}/>'
    voice = dial("", f"<Number>{ANN}</Number>{record}")
    course = await dialogue(voice, callees={ANN: ("1.0 answers", "6.0 hangs up")}, dialled=OVER)
    [begun] = course.done.facts.of(RecordingStarted)
    assert (begun.source, begun.channels) == (RecordingSource.DIAL, channels)
    assert [float(ready["RecordingDurationMs"]) for ready in course.news] == pytest.approx([5000], abs=100)
