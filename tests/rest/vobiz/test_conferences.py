"""Conferences by name, and what is done to their members."""

import uuid
from typing import Any

import pytest

from offhook.call.voice_rows import ConferenceStatus
from offhook.rest.live_ports import OwnerAway, Performance, PerformanceKind
from offhook.rest.meeting_ports import ConferenceIsOver, ParticipantChange
from offhook.verbs import Play, Say
from tests.rest.site import Site
from tests.rest.test_conferences import CALL, CONFERENCE, OTHER, SECOND, conference, participant
from tests.rest.vobiz.asking import ask, refused, running, told

FIRST_ID, SECOND_ID = str(uuid.UUID(CALL)), str(uuid.UUID(SECOND))
SOUND = "http://app.example/a.mp3"


def meeting(site: Site) -> None:
    """A conference of two."""
    running(site, CALL)
    running(site, SECOND)
    site.record(
        conference(site, name="The Team"),
        participant(site, CALL),
        participant(site, SECOND, is_muted=True, is_deaf=True),
    )


async def test_one_is_shown_with_its_members(site: Site) -> None:
    meeting(site)
    said = await told(site, "/Conference/The%20Team/")
    assert (said["conference_name"], said["conference_member_count"]) == ("The Team", "2")
    assert int(said["conference_run_time"]) > 0
    first, second = said["members"]
    assert int(first.pop("join_time")) > 0
    assert first == {
        "member_id": FIRST_ID,
        "call_uuid": FIRST_ID,
        "muted": False,
        "deaf": False,
        "from": "+15550001",
        "to": "+15550002",
        "caller_name": "",
        "direction": "inbound",
    }
    assert (second["member_id"], second["muted"], second["deaf"]) == (SECOND_ID, True, True)


async def test_those_that_run_are_listed(site: Site) -> None:
    assert (await told(site, "/Conference/"))["conferences"] == []
    meeting(site)
    site.record(conference(site, ConferenceStatus.COMPLETED, conference_id=OTHER, name="over"))
    assert (await told(site, "/Conference/"))["conferences"] == ["The Team"]
    for name in ("over", "the team", "%25"):
        assert (await refused(site, f"/Conference/{name}/"))[0] == 404


async def test_one_and_all_are_ended(site: Site) -> None:
    meeting(site)
    assert (await ask(site, "/Conference/The%20Team/", "DELETE")).status_code == 204
    assert (await ask(site, "/Conference/", "DELETE")).status_code == 204
    assert site.conference_control.ended == [CONFERENCE, CONFERENCE]
    site.conference_control.refusal = ConferenceIsOver("over")
    assert (await ask(site, "/Conference/", "DELETE")).status_code == 204
    assert (await refused(site, "/Conference/The%20Team/", "DELETE"))[0] == 404
    site.conference_control.refusal = OwnerAway("gone")
    assert (await refused(site, "/Conference/The%20Team/", "DELETE"))[0] == 409


@pytest.mark.parametrize(
    ("what", "message", "on", "off"),
    [
        ("Mute", "muted", ParticipantChange(is_muted=True), ParticipantChange(is_muted=False)),
        ("Deaf", "deaf", ParticipantChange(is_deaf=True), ParticipantChange(is_deaf=False)),
        ("Kick", "kicked", ParticipantChange(is_out=True), None),
    ],
)
async def test_members_are_changed(
    site: Site, what: str, message: str, on: ParticipantChange, off: ParticipantChange | None
) -> None:
    meeting(site)
    for ids, meant in (("all", [CALL, SECOND]), (FIRST_ID, [CALL]), (f"{SECOND_ID},{CALL}", [SECOND, CALL])):
        path = f"/Conference/The%20Team/Member/{ids}/{what}/"
        said = await told(site, path, "POST", {}, status=202)
        assert said["message"] == message
        assert said["member_id"] == [str(uuid.UUID(call_id)) for call_id in meant]
        wanted = [(CONFERENCE, call_id, on) for call_id in meant]
        if off is not None:
            assert (await ask(site, path, "DELETE")).status_code == 204
            wanted += [(CONFERENCE, call_id, off) for call_id in meant]
        assert site.conference_control.changes == wanted
        site.conference_control.changes.clear()


async def test_a_member_is_put_out(site: Site) -> None:
    meeting(site)
    assert (await ask(site, f"/Conference/The%20Team/Member/{FIRST_ID}/", "DELETE")).status_code == 204
    assert site.conference_control.changes == [(CONFERENCE, CALL, ParticipantChange(is_out=True))]


@pytest.mark.parametrize(
    ("what", "body", "kind", "verb"),
    [
        ("Play", {"url": SOUND}, PerformanceKind.PLAY, Play(url=SOUND, is_skippable=True)),
        (
            "Speak",
            {"text": "hello"},
            PerformanceKind.SPEAK,
            Say(text="hello", voice="woman", language="en-US"),
        ),
    ],
)
async def test_members_hear_something(
    site: Site, what: str, body: dict[str, str], kind: PerformanceKind, verb: Any
) -> None:
    meeting(site)
    path = f"/Conference/The%20Team/Member/all/{what}/"
    said = await told(site, path, "POST", body, status=202)
    assert said["member_id"] == [FIRST_ID, SECOND_ID]
    wanted = Performance(kind=kind, verbs=(verb,))
    assert site.lines.performances == [(CALL, wanted), (SECOND, wanted)]
    assert (await ask(site, path, "DELETE")).status_code == 204
    assert site.lines.stopped == [(CALL, kind), (SECOND, kind)]
    assert (await refused(site, path, "POST", {}))[0] == 400


async def test_members_that_are_none(site: Site) -> None:
    meeting(site)
    for ids, status in ((str(uuid.uuid4()), 404), ("12", 400), (f"{FIRST_ID},x", 400)):
        assert (await refused(site, f"/Conference/The%20Team/Member/{ids}/Mute/", "POST", {}))[0] == status
    assert (await refused(site, f"/Conference/other/Member/{FIRST_ID}/Mute/", "POST", {}))[0] == 404
    assert site.conference_control.changes == []
    site.conference_control.refusal = ConferenceIsOver("left")
    assert (await refused(site, f"/Conference/The%20Team/Member/{FIRST_ID}/Mute/", "POST", {}))[0] == 404
    assert (await ask(site, "/Conference/The%20Team/Member/all/Mute/", "POST")).status_code == 202


async def test_one_is_recorded(site: Site) -> None:
    meeting(site)
    path = "/Conference/The%20Team/Record/"
    said = await told(site, path, "POST", {"file_format": "wav"}, status=202)
    assert said["message"] == "conference recording started"
    assert said["url"].endswith(f"/Recording/{said['recording_id']}.wav")
    assert site.conference_control.recorded == [(CONFERENCE, uuid.UUID(said["recording_id"]).hex)]
    assert (await ask(site, path, "DELETE")).status_code == 204
    assert site.conference_control.recordings_stopped == [CONFERENCE]
