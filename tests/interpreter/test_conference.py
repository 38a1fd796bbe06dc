"""Conferences, as their callers hear them and the application and the records are told."""

import asyncio
from pathlib import Path

import pytest

from offhook.call.facts import CallFinished
from offhook.call.info import CallStatus
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.call.voice_rows import ConferenceStatus, RecordingSource
from offhook.interpreter.conference_room import ConferenceRoom
from offhook.testing import Page
from offhook.verbs import Target
from tests.interpreter.party import Party

ANN, BEN, CAT = "+15550101", "+15550102", "+15550103"


def room(attributes: str = "", dial: str = "", after: str = "") -> str:
    return f"<Response><Dial {dial}><Conference {attributes}>team</Conference></Dial>{after}</Response>"


MUSIC = "http://app.example/music.wav"
SOUND = Page(body="2.0 s", content_type="audio/wav")


def conference_of(party: Party) -> ConferenceRoom:
    [held] = party.meetings.rooms.all
    assert isinstance(held, ConferenceRoom)
    return held


def of(heard: list[str], *words: str) -> list[str]:
    return [line for line in heard if any(word in line for word in words)]


async def test_each_hears_the_others_and_beeps_tell_of_those_who_come_and_go() -> None:
    party = Party({"in": room()})
    party.comes(ANN, "in", "4.0 says 0.5", "9.0 hangs up")
    party.comes(BEN, "in", "4.0 hangs up", at=1.0)
    await party.goes_home()
    assert of(party.heard(BEN), ANN) == ["3.0 " + ANN + " starts", "3.5 " + ANN + " ends"]
    assert of(party.heard(ANN), "beep") == [
        "1.0 beep starts",
        "1.3 beep ends",
        "5.0 exit beep starts",
        "5.3 exit beep ends",
    ]
    assert not of(party.heard(ANN), "hold music")
    states = [fact.status for fact in party.told(ConferenceChanged)]
    assert states == [ConferenceStatus.MODERATOR_PRESENT, ConferenceStatus.COMPLETED]
    assert {fact.conference_id for fact in party.told(ParticipantChanged)} == {
        party.told(ConferenceChanged)[0].conference_id
    }


async def test_beep_false_is_silent() -> None:
    party = Party({"in": room("beep='false'")})
    party.comes(ANN, "in", "5.0 hangs up")
    party.comes(BEN, "in", "2.0 hangs up", at=1.0)
    await party.goes_home()
    assert party.heard(ANN) == []


async def test_until_somebody_begins_it_all_hear_music_and_nobody_else() -> None:
    waits = room(f"startConferenceOnEnter='false' waitUrl='{MUSIC}'")
    party = Party({"waits": waits, "begins": room(), "music.wav": SOUND})
    party.comes(ANN, "waits", "1.0 says 8", "9.0 hangs up")
    party.comes(BEN, "waits", "8.0 hangs up", at=0.5)
    party.comes(CAT, "begins", "2.0 hangs up", at=5.0)
    await party.goes_home()
    for name, since in ((ANN, 0.0), (BEN, 0.5)):
        music = of(party.heard(name), "music.wav")
        assert music[0].split()[1:] == [MUSIC, "starts"]
        assert float(music[-1].split()[0]) + (since if name == BEN else 0.0) == pytest.approx(5.0)
        assert music[-1].endswith("stops")
    assert not of(party.heard(CAT), "music")
    # Ann spoke all the while: she is heard from the moment on in which it begins, also after the beginner is gone.
    assert [float(line.split()[0]) for line in of(party.heard(BEN), f"{ANN} starts")] == [4.5]
    assert [fact.status for fact in party.told(ConferenceChanged)] == [
        ConferenceStatus.INITIALIZING,
        ConferenceStatus.MODERATOR_PRESENT,
        ConferenceStatus.MODERATOR_ABSENT,
        ConferenceStatus.COMPLETED,
    ]


async def test_a_waiting_document_runs_again_and_again_with_redirects() -> None:
    party = Party(
        {
            "in": room("startConferenceOnEnter='false' waitUrl='wait'"),
            "wait": "<Response><Say>please</Say><Pause length='1'/><Redirect>more</Redirect></Response>",
            "more": "<Response><Say>wait</Say><Hangup/></Response>",
        }
    )
    party.comes(ANN, "in", "6.0 hangs up")
    await party.goes_home()
    says = [line.split(" ", 1)[1] for line in party.heard(ANN) if line.endswith("starts")]
    assert says[:4] == ["please starts", "wait starts", "please starts", "wait starts"]
    assert party.application.posted("/wait")["CallStatus"] == "in-progress"
    skipped = [note for note in party.done[ANN].notifications if "Hangup" in note.message]
    assert len(skipped) == 1


async def test_an_answer_that_is_a_sound_is_played_on_and_on() -> None:
    party = Party({"in": room("startConferenceOnEnter='false' waitUrl='wait'"), "wait": SOUND})
    party.comes(ANN, "in", "7.0 hangs up")
    await party.goes_home()
    starts = [float(line.split()[0]) for line in party.heard(ANN) if line.endswith("starts")]
    assert starts == [0.0, 2.0, 4.0, 6.0]


@pytest.mark.parametrize(("wait", "music"), [("", 1), ("waitUrl=''", 0), ("waitUrl='nowhere'", 1)])
async def test_without_a_sound_of_their_own_they_hear_ours_and_an_empty_one_is_silence(
    wait: str, music: int
) -> None:
    party = Party({"in": room(f"startConferenceOnEnter='false' {wait}")})
    party.comes(ANN, "in", "90.0 hangs up")
    await party.goes_home()
    assert min(1, len(of(party.heard(ANN), "hold music starts"))) == music


async def test_the_end_on_exit_sends_all_on_to_what_comes_after() -> None:
    party = Party({"in": room(after="<Say>over</Say>"), "chair": room("endConferenceOnExit='true'")})
    party.comes(ANN, "in")
    party.comes(CAT, "chair", "3.0 hangs up")
    await party.goes_home()
    assert party.heard(ANN)[-2:] == ["3.0 over starts", "3.4 over ends"]
    assert ConferenceStatus.STOPPING in [fact.status for fact in party.told(ConferenceChanged)]
    assert [fact.has_left for fact in party.told(ParticipantChanged)].count(True) == 2


async def test_a_full_room_goes_on_with_the_next_verb_even_with_an_action() -> None:
    full = room("maxParticipants='1'", dial="action='done'", after="<Say>full</Say>")
    party = Party({"in": full})
    party.comes(ANN, "in", "3.0 hangs up")
    party.comes(BEN, "in", at=1.0)
    await party.goes_home()
    assert party.heard(BEN) == ["0.0 full starts", "0.4 full ends"]


async def test_star_and_the_time_limit_leave() -> None:
    party = Party(
        {
            "star": room(dial="hangupOnStar='true' action='done'"),
            "late": room(dial="timeLimit='4'", after="<Say>late</Say>"),
            "done": "<Response><Say>done</Say></Response>",
        }
    )
    party.comes(ANN, "star", "1.0 key 1", "2.0 key *")
    party.comes(BEN, "late")
    await party.goes_home()
    assert of(party.heard(ANN), "done") == ["2.0 done starts", "2.4 done ends"]
    assert of(party.heard(BEN), "late") == ["4.0 late starts", "4.4 late ends"]
    posted = party.application.posted("/done")
    assert posted["ConferenceSid"].startswith("CF")
    assert "DialCallStatus" not in posted


async def test_the_action_is_told_of_a_caller_who_hung_up_and_its_answer_changes_nothing() -> None:
    party = Party({"in": room(dial="action='done'"), "done": "<Response><Say>never</Say></Response>"})
    party.comes(ANN, "in", "2.0 hangs up")
    await party.goes_home()
    assert party.application.posted("/done")["CallStatus"] == "completed"
    [end] = party.told(CallFinished)
    assert (end.status, end.duration_s) == (CallStatus.COMPLETED, 2.0)


async def test_mute_by_the_verb_by_rest_and_by_the_call_agree() -> None:
    party = Party({"in": room(), "muted": room("muted='true'")})
    party.comes(ANN, "muted", "0.0 says 20", "12.0 hangs up")
    party.comes(BEN, "in", "12.0 hangs up")
    loop = asyncio.get_running_loop()
    for at, deed in (
        (2.0, lambda: conference_of(party).mute(party.calls[ANN].info.call_id, False)),
        (4.0, lambda: party.controls[ANN].mute(True)),
        (6.0, lambda: conference_of(party).mute(party.calls[ANN].info.call_id, False)),
        (8.0, lambda: conference_of(party).mute(party.calls[ANN].info.call_id, True)),
    ):
        loop.call_at(at, deed)
    loop.call_at(9.0, lambda: muted.append(party.controls[ANN].is_muted))
    muted: list[bool] = []
    await party.goes_home()
    assert of(party.heard(BEN), ANN) == [
        f"2.0 {ANN} starts",
        f"4.0 {ANN} stops",
        f"6.0 {ANN} starts",
        f"8.0 {ANN} stops",
    ]
    assert muted == [True]
    told = [
        fact.is_muted
        for fact in party.told(ParticipantChanged)
        if fact.call_id == party.calls[ANN].info.call_id and not fact.has_left
    ]
    assert told == [True, False, True, False, True]


async def test_a_held_participant_neither_hears_nor_is_heard_and_hears_music() -> None:
    party = Party({"in": room(), "music.wav": SOUND})
    party.comes(ANN, "in", "0.0 says 20", "10.0 hangs up")
    party.comes(BEN, "in", "0.0 says 20", "10.0 hangs up")
    loop = asyncio.get_running_loop()
    held = Target(MUSIC)
    loop.call_at(2.0, lambda: conference_of(party).hold(party.calls[ANN].info.call_id, True, held))
    loop.call_at(5.0, lambda: conference_of(party).hold(party.calls[ANN].info.call_id, False))
    await party.goes_home()
    assert of(party.heard(BEN), ANN) == [
        f"0.0 {ANN} starts",
        f"2.0 {ANN} stops",
        f"5.0 {ANN} starts",
        f"10.0 {ANN} stops",
    ]
    assert of(party.heard(ANN), BEN)[:3] == [f"0.0 {BEN} starts", f"2.0 {BEN} stops", f"5.0 {BEN} starts"]
    music = of(party.heard(ANN), "music")
    assert (music[0], music[-1]) == (f"2.0 {MUSIC} starts", f"5.0 {MUSIC} stops")
    assert not of(party.heard(BEN), "music")


async def test_who_is_put_out_goes_on_and_the_conference_too() -> None:
    party = Party({"in": room(after="<Say>out</Say>")})
    party.comes(ANN, "in")
    party.comes(BEN, "in", "5.0 hangs up")
    loop = asyncio.get_running_loop()
    loop.call_at(2.0, lambda: conference_of(party).dismiss(party.calls[ANN].info.call_id))
    loop.call_at(4.0, lambda: conference_of(party).end())
    await party.goes_home()
    assert of(party.heard(ANN), "out") == ["2.0 out starts", "2.3 out ends"]
    assert of(party.heard(BEN), "out")[0] == "4.0 out starts"


async def test_a_new_conference_of_the_same_name_is_another_one() -> None:
    party = Party({"in": room(dial="action='done'"), "done": "<Response/>"})
    party.comes(ANN, "in", "2.0 hangs up")
    party.comes(BEN, "in", "2.0 hangs up", at=2.0)
    await party.goes_home()
    sids = {dict(request.parameters).get("ConferenceSid") for request in party.application.requests}
    assert len(sids - {None}) == 2
    assert party.meetings.rooms.all == ()


async def test_a_recording_begins_with_the_conference_and_ends_with_it(tmp_path: Path) -> None:
    wants = room("startConferenceOnEnter='false'", dial="record='true' action='done'")
    party = Party({"wants": wants, "in": room(), "done": "<Response/>"}, recordings=tmp_path)
    party.comes(ANN, "wants", "6.0 hangs up")
    party.comes(BEN, "in", "7.0 hangs up", at=2.0)
    await party.goes_home()
    [started], [finished] = party.told(RecordingStarted), party.told(RecordingFinished)
    assert started.source is RecordingSource.CONFERENCE
    assert started.call_id == party.calls[ANN].info.call_id
    assert started.conference_id == party.told(ConferenceChanged)[0].conference_id
    assert finished.duration_s == pytest.approx(7.0, abs=0.1)
    posted = party.application.posted("/done")
    assert posted["RecordingUrl"].endswith(f"/Recordings/RE{started.recording_id}.wav")


async def test_a_call_that_is_taken_elsewhere_leaves() -> None:
    party = Party({"in": room()})
    party.comes(ANN, "in", "5.0 hangs up")
    party.comes(BEN, "in")
    asyncio.get_running_loop().call_at(2.0, lambda: party.controls[BEN].finish("taken away"))
    await party.goes_home()
    assert of(party.heard(ANN), "exit beep")[0] == "2.0 exit beep starts"


async def test_one_who_is_deaf_is_heard_and_hears_nobody() -> None:
    party = Party({"in": room("beep='false'")})
    party.comes(ANN, "in", "3.0 says 0.5", "6.0 says 0.5", "9.0 hangs up")
    party.comes(BEN, "in", "4.0 says 0.5", "8.0 hangs up")
    loop = asyncio.get_running_loop()
    loop.call_at(2.0, lambda: conference_of(party).deafen(party.calls[BEN].info.call_id, True))
    loop.call_at(5.0, lambda: conference_of(party).deafen(party.calls[BEN].info.call_id, False))
    await party.goes_home()
    assert of(party.heard(BEN), ANN) == ["6.0 " + ANN + " starts", "6.5 " + ANN + " ends"]
    assert of(party.heard(ANN), BEN) == ["4.0 " + BEN + " starts", "4.5 " + BEN + " ends"]
    his = [fact for fact in party.told(ParticipantChanged) if fact.call_id == party.calls[BEN].info.call_id]
    assert [fact.is_deaf for fact in his] == [False, True, False, False]


async def test_it_is_recorded_from_the_middle_to_the_end(tmp_path: Path) -> None:
    party = Party({"in": room()}, recordings=tmp_path)
    party.comes(ANN, "in", "20.0 hangs up")
    loop = asyncio.get_running_loop()
    loop.call_at(3.0, lambda: conference_of(party).tape(32 * "1"))
    loop.call_at(7.0, lambda: conference_of(party).untape())
    loop.call_at(8.0, lambda: conference_of(party).tape(32 * "2"))
    await party.goes_home()
    assert [fact.recording_id[0] for fact in party.told(RecordingStarted)] == ["1", "2"]
    assert {fact.conference_id for fact in party.told(RecordingStarted)} == {
        party.told(ConferenceChanged)[0].conference_id
    }
    assert [(fact.recording_id[0], fact.duration_s) for fact in party.told(RecordingFinished)] == [
        ("1", 4.0),
        ("2", 12.0),
    ]
