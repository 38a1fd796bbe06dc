"""Conferences and their participants over REST."""

from datetime import datetime

import pytest

from offhook.call.facts import Fact
from offhook.call.info import new_id
from offhook.call.meeting_facts import ConferenceChanged, ParticipantChanged
from offhook.call.voice_rows import ConferenceStatus
from offhook.rest.live_ports import OwnerAway
from offhook.rest.meeting_ports import ConferenceIsOver, ParticipantChange
from offhook.verbs import Target
from tests.records.story import INSTANCE, NOON, account, after
from tests.rest.site import Site

CONFERENCE, OTHER = 31 * "0" + "1", 31 * "0" + "2"
CALL, SECOND = 31 * "a" + "1", 31 * "a" + "2"
CALL_SID = f"ID{INSTANCE}-CA{CALL}"


def conference(
    site: Site,
    status: ConferenceStatus = ConferenceStatus.MODERATOR_PRESENT,
    *,
    conference_id: str = CONFERENCE,
    name: str = "team",
    at: datetime = NOON,
    account_sid: str = "",
) -> Fact:
    return ConferenceChanged(
        conference_id=conference_id,
        account_sid=account_sid or site.account.sid,
        at=at,
        friendly_name=name,
        status=status,
    )


def participant(site: Site, call_id: str = CALL, *, at: datetime = NOON, **fields: bool) -> Fact:
    state = {
        "is_muted": False,
        "is_on_hold": False,
        "starts_conference": True,
        "ends_conference": False,
        **fields,
    }
    return ParticipantChanged(
        conference_id=CONFERENCE, call_id=call_id, account_sid=site.account.sid, at=at, **state
    )


async def test_a_conference_is_shown(site: Site) -> None:
    site.record(conference(site))
    path = f"/2012-04-24/Accounts/{site.account.sid}/Conferences/CF{CONFERENCE}"
    assert await site.json(site.at(f"/Conferences/CF{CONFERENCE}")) == {
        "sid": f"CF{CONFERENCE}",
        "date_created": "Mon, 9 Mar 2026 12:00:00 +0000",
        "date_updated": "Mon, 9 Mar 2026 12:00:00 +0000",
        "account_sid": site.account.sid,
        "status": "RUNNING_MODERATOR_PRESENT",
        "api_version": "2012-04-24",
        "friendly_name": "team",
        "uri": f"{path}.json",
        "subresource_uris": {"participants": f"{path}/Participants.json"},
    }
    in_xml = await site.ask(site.at(f"/Conferences/CF{CONFERENCE}"))
    assert b"<Conference><Sid>CF" in in_xml.content


async def test_the_list_is_filtered(site: Site) -> None:
    site.record(
        conference(site),
        conference(site, ConferenceStatus.COMPLETED, conference_id=OTHER, name="tea", at=after(90_000)),
        conference(site, conference_id=new_id(), account_sid=account(site.database).sid),
    )
    for query, expected in (
        ("", [OTHER, CONFERENCE]),
        ("?Status=COMPLETED", [OTHER]),
        ("?Status=running_moderator_present", [CONFERENCE]),
        ("?FriendlyName=tea%25", [OTHER, CONFERENCE]),
        ("?FriendlyName=tea", [OTHER]),
        ("?DateCreated=2026-03-10", [OTHER]),
        ("?DateUpdated=2026-03-09", [OTHER, CONFERENCE]),
        ("?PageSize=1&Page=1", [CONFERENCE]),
    ):
        shown = await site.json(site.at(f"/Conferences{query}"))
        assert [one["sid"] for one in shown["conferences"]] == [f"CF{sid}" for sid in expected], query
    refused = await site.ask(site.at("/Conferences?Status=open"))
    assert (refused.status_code, b"RUNNING_INITIALIZING" in refused.content) == (400, True)


async def test_participants_are_those_who_are_inside_now(site: Site) -> None:
    site.record(
        conference(site),
        participant(site, is_muted=True, ends_conference=True),
        participant(site, SECOND),
        participant(site, SECOND, has_left=True, at=after(2)),
    )
    shown = await site.json(site.at(f"/Conferences/CF{CONFERENCE}/Participants"))
    assert shown["total"] == 1
    [inside] = shown["calls"]
    assert inside == {
        "sid": CALL_SID,
        "conference_sid": f"CF{CONFERENCE}",
        "date_created": "Mon, 9 Mar 2026 12:00:00 +0000",
        "date_updated": "Mon, 9 Mar 2026 12:00:00 +0000",
        "account_sid": site.account.sid,
        "muted": True,
        "hold": False,
        "start_conference_on_enter": True,
        "end_conference_on_enter": True,
        "uri": f"/2012-04-24/Accounts/{site.account.sid}/Conferences/CF{CONFERENCE}/Participants/{CALL_SID}.json",
    }
    one = await site.json(site.at(f"/Conferences/CF{CONFERENCE}/Participants/{CALL_SID}"))
    assert one == inside
    gone = await site.ask(site.at(f"/Conferences/CF{CONFERENCE}/Participants/CA{SECOND}"))
    assert gone.status_code == 404


@pytest.mark.parametrize(
    ("form", "change"),
    [
        ({"Mute": "true"}, ParticipantChange(is_muted=True)),
        ({"Mute": "false"}, ParticipantChange(is_muted=False)),
        ({"Hold": "false"}, ParticipantChange(is_on_hold=False)),
        (
            {"Hold": "true", "HoldUrl": "http://app.example/music.wav"},
            ParticipantChange(is_on_hold=True, hold_sound=Target("http://app.example/music.wav")),
        ),
        ({"Status": "completed"}, ParticipantChange(is_out=True)),
    ],
)
async def test_a_participant_is_changed_by_who_holds_the_conference(
    site: Site, form: dict[str, str], change: ParticipantChange
) -> None:
    site.record(conference(site), participant(site))
    site.conference_control.when_asked = lambda: site.record(participant(site, is_muted=True, at=after(1)))
    path = site.at(f"/Conferences/CF{CONFERENCE}/Participants/{CALL_SID}")
    shown = await site.json(path, method="POST", form=form)
    assert site.conference_control.changes == [(CONFERENCE, CALL, change)]
    assert shown["muted"] is True, "as it is afterwards"


async def test_a_participant_is_put_out(site: Site) -> None:
    site.record(conference(site), participant(site))
    path = site.at(f"/Conferences/CF{CONFERENCE}/Participants/{CALL_SID}")
    answer = await site.ask(path, method="DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert site.conference_control.changes == [(CONFERENCE, CALL, ParticipantChange(is_out=True))]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "nothing to change"),
        ({"Mute": "loud"}, "Mute must be true or false"),
        ({"HoldUrl": "http://app.example/a"}, "HoldUrl needs Hold=true"),
        ({"Hold": "true", "HoldUrl": "ftp://x"}, "HoldUrl must be an absolute http or https URL"),
        ({"Status": "paused"}, "Status must be completed"),
    ],
)
async def test_bad_changes_are_refused_by_name(site: Site, form: dict[str, str], words: str) -> None:
    site.record(conference(site), participant(site))
    path = site.at(f"/Conferences/CF{CONFERENCE}/Participants/{CALL_SID}")
    answer = await site.ask(path, method="POST", form=form, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert words in answer.json()["message"]
    assert site.conference_control.changes == []


async def test_a_conference_is_ended(site: Site) -> None:
    site.record(conference(site))
    site.conference_control.when_asked = lambda: site.record(conference(site, ConferenceStatus.COMPLETED))
    path = site.at(f"/Conferences/CF{CONFERENCE}")
    shown = await site.json(path, method="POST", form={"Status": "completed"})
    assert shown["status"] == "COMPLETED"
    assert site.conference_control.ended == [CONFERENCE]
    again = await site.ask(path, method="POST", form={"Status": "completed"})
    assert again.status_code == 410
    nothing = await site.ask(path, method="POST", form={"Status": "paused"})
    assert nothing.status_code == 400


@pytest.mark.parametrize(("fault", "status"), [(ConferenceIsOver("over"), 404), (OwnerAway("gone"), 503)])
async def test_what_the_holder_cannot_do_is_told(site: Site, fault: Exception, status: int) -> None:
    site.record(conference(site), participant(site))
    site.conference_control.refusal = fault
    path = site.at(f"/Conferences/CF{CONFERENCE}/Participants/{CALL_SID}")
    assert (await site.ask(path, method="POST", form={"Mute": "true"})).status_code == status
    assert (await site.ask(path, method="DELETE")).status_code == status


async def test_what_is_not_theirs_does_not_exist(site: Site) -> None:
    site.record(conference(site), participant(site))
    stranger = account(site.database)
    for path in (f"/Conferences/CF{CONFERENCE}", f"/Conferences/CF{CONFERENCE}/Participants"):
        answer = await site.ask(site.at(path, account=stranger.sid), user=stranger)
        assert answer.status_code == 404
    for path in (
        "/Conferences/CF1",
        f"/Conferences/CF{OTHER}",
        f"/Conferences/CF{CONFERENCE}/Participants/CA1",
    ):
        assert (await site.ask(site.at(path))).status_code == 404
