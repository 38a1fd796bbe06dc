"""The vendor's own library drives the API over a real connection; only its addresses are other ones."""

import asyncio
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plivo
import pytest
from plivo.rest import client as library

from offhook.call.info import CallStatus, Direction
from offhook.call.rows import AccountRow
from offhook.processes.quiet_server import QuietServer, listening_socket
from offhook.records.database import Database
from offhook.rest.live_ports import Legs, LiveChange, PerformanceKind, WantedEnd
from offhook.rest.meeting_ports import ParticipantChange
from offhook.verbs import DetectMachine, Play, Say, SendKeys, Target
from tests.records.story import after, progressed, started
from tests.rest.site import Site
from tests.rest.test_conferences import CALL as MEMBER
from tests.rest.test_conferences import CONFERENCE, conference, participant
from tests.rest.test_recordings import Shelf
from tests.rest.vobiz.asking import CALL, URL, UUID, over, running

SOUND = "https://app.example/a.mp3"
OTHER_URL = "https://app.example/other"


@pytest.fixture
def served(
    database: Database, account: AccountRow, tmp_path: Path
) -> Iterator[tuple[Site, plivo.RestClient]]:
    """The application on a port, and the library signed in there."""
    site = Site(database, account, recordings=tmp_path)
    bound = listening_socket("127.0.0.1", 0)
    server = QuietServer(site.app)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[bound])), daemon=True)
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        base = f"http://127.0.0.1:{bound.getsockname()[1]}/v1/Account"
        for name in dir(library):
            if name.endswith("_BASE_URI") or "_BASE_URI_" in name:
                patch.setattr(library, name, base)
        with plivo.RestClient(account.auth_id, account.auth_token) as client:
            yield site, client
    server.stop()
    thread.join(timeout=5)
    bound.close()


def test_applications(served: tuple[Site, plivo.RestClient]) -> None:
    _, client = served
    made = client.applications.create(
        "menu", answer_url=URL, hangup_url=OTHER_URL, fallback_answer_url=OTHER_URL, default_number_app=False
    )
    shown = client.applications.get(made.app_id)
    assert (shown.app_name, shown.answer_url, shown.hangup_method) == ("menu", URL, "POST")
    assert client.applications.update(made.app_id, answer_url=OTHER_URL).message == "changed"
    (listed,) = client.applications.list(limit=5)
    assert (listed.app_id, listed.answer_url) == (made.app_id, OTHER_URL)
    client.applications.delete(made.app_id)
    with pytest.raises(plivo.exceptions.ResourceNotFoundError):
        client.applications.get(made.app_id)


def test_calls(served: tuple[Site, plivo.RestClient]) -> None:
    site, client = served
    made = client.calls.create(
        from_="+15550001",
        to_="+15550002",
        answer_url=URL,
        ring_url=OTHER_URL,
        machine_detection="true",
        time_limit=60,
        ring_timeout=30,
        send_digits="1w2",
        sip_headers="Order=7",
    )
    assert uuid.UUID(made.request_uuid)
    (placed,) = site.lines.placed
    assert (placed.to, placed.ring, placed.timeout_s) == ("+15550002", Target(OTHER_URL), 30)
    assert (placed.longest_s, placed.send_keys, placed.detection) == (60, "1w2", DetectMachine())
    several = client.calls.create(from_="+15550001", to_="+15550002<+15550003", answer_url=URL)
    assert len(several.request_uuid) == 2
    running(site)
    queued, ended = "b" * 32, "c" * 32
    site.record(
        started(site.account.sid, queued, direction=Direction.OUTBOUND_API),
        progressed(site.account.sid, queued, after(1), CallStatus.QUEUED),
    )
    over(site, ended)
    assert client.live_calls.list_ids().calls == [UUID]
    assert client.live_calls.get(UUID).call_status == "in-progress"
    assert client.queued_calls.list_ids().calls == [str(uuid.UUID(queued))]
    assert client.queued_calls.get(str(uuid.UUID(queued))).call_status == "queued"
    (listed,) = client.calls.list()
    assert listed.call_uuid == str(uuid.UUID(ended))
    assert client.calls.get(str(uuid.UUID(ended))).call_duration == 28
    said = client.calls.transfer(UUID, legs="both", aleg_url=URL, bleg_url=OTHER_URL)
    assert said.message == "call transferred"
    client.calls.hangup(UUID)
    taken = LiveChange(application=Target(URL), connected_application=Target(OTHER_URL), language="vobiz")
    assert site.lines.changes == [(CALL, taken), (CALL, LiveChange(end=WantedEnd.COMPLETED))]
    with pytest.raises(plivo.exceptions.ResourceNotFoundError):
        client.calls.hangup(str(uuid.UUID(ended)))


def test_what_goes_on_beside_a_call(served: tuple[Site, plivo.RestClient]) -> None:
    site, client = served
    running(site)
    begun = client.calls.record(UUID, time_limit=30, file_format="wav", callback_url=OTHER_URL)
    assert begun.url.endswith(f"/Recording/{begun.recording_id}.wav")
    client.calls.play(UUID, SOUND, legs="both", loop=True)
    client.calls.speak(UUID, "hello", voice="MAN", language="en-GB", legs="aleg")
    client.calls.send_digits(UUID, "12#", leg="bleg")
    client.calls.record_stop(UUID)
    client.calls.play_stop(UUID)
    client.calls.speak_stop(UUID)
    record, play, speak, keys = (performance for _, performance in site.lines.performances)
    assert record.record_id == uuid.UUID(begun.recording_id).hex
    assert (play.verbs, play.legs, play.repeats) == ((Play(url=SOUND, is_skippable=True),), Legs.BOTH, True)
    assert speak.verbs == (Say(text="hello", voice="man", language="en-GB"),)
    assert (keys.verbs, keys.legs) == ((SendKeys(keys="12#"),), Legs.OTHER)
    kinds = PerformanceKind.RECORD, PerformanceKind.PLAY, PerformanceKind.SPEAK
    assert [kind for _, kind in site.lines.stopped] == list(kinds)


def test_recordings(served: tuple[Site, plivo.RestClient], tmp_path: Path) -> None:
    site, client = served
    over(site, "a" * 32)
    sid = Shelf(site, tmp_path).keep(2.0)
    (listed,) = client.recordings.list(call_uuid=str(uuid.UUID("a" * 32)), add_time__gte="2026-03-09 11:00")
    assert listed.recording_id == str(uuid.UUID(sid.removeprefix("RE")))
    assert client.recordings.get(listed.recording_id).recording_duration_ms == "2000.00000"
    client.recordings.delete(listed.recording_id)
    assert list(client.recordings.list()) == []


def test_conferences(served: tuple[Site, plivo.RestClient]) -> None:
    site, client = served
    running(site, MEMBER)
    site.record(conference(site, name="team"), participant(site, MEMBER))
    member: Any = str(uuid.UUID(MEMBER))
    assert client.conferences.list().conferences == ["team"]
    shown = client.conferences.get("team")
    assert [each.member_id for each in shown.members] == [member]
    client.conferences.member_mute("team", member)
    client.conferences.member_mute_stop("team", member)
    client.conferences.member_deaf("team", "all")
    client.conferences.member_play("team", member, SOUND)
    client.conferences.member_play_stop("team", member)
    client.conferences.member_kick("team", member)
    begun = client.conferences.record("team")
    client.conferences.record_stop("team")
    client.conferences.hangup("team")
    changes = ParticipantChange(is_muted=True), ParticipantChange(is_muted=False)
    more = ParticipantChange(is_deaf=True), ParticipantChange(is_out=True)
    assert site.conference_control.changes == [(CONFERENCE, MEMBER, each) for each in (*changes, *more)]
    assert site.conference_control.recorded == [(CONFERENCE, uuid.UUID(begun.recording_id).hex)]
    assert site.conference_control.ended == [CONFERENCE]


def test_refusals_are_those_that_the_library_knows(served: tuple[Site, plivo.RestClient]) -> None:
    site, client = served
    assert client.account.get().auth_id == site.account.auth_id
    with pytest.raises(plivo.exceptions.ValidationError, match="app_name must be"):
        client.applications.create("m<enu>", answer_url=URL)
    with pytest.raises(plivo.exceptions.ResourceNotFoundError, match="There is no call"):
        client.live_calls.get(str(uuid.uuid4()))
    stranger = plivo.RestClient(site.account.auth_id, "wrong")
    with pytest.raises(plivo.exceptions.AuthenticationError, match="Sign in"):
        stranger.live_calls.list_ids()
    stranger.session.close()
    stranger.multipart_session.close()
