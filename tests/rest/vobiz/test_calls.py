"""Live and queued calls: lists, one of them, ending them, taking them elsewhere."""

import uuid
from typing import Any

import pytest

from offhook.call.info import CallStatus, Direction, new_id
from offhook.rest.live_ports import CallIsOver, LiveChange, NobodyConnected, OwnerAway, WantedEnd
from offhook.verbs import Method, Target
from tests.records import story
from tests.records.story import after, progressed, started
from tests.rest.site import Site
from tests.rest.vobiz.asking import CALL, URL, UUID, ask, over, refused, running, told

OTHER = "http://app.example/other"


async def test_live_ones_and_queued_ones_are_listed(site: Site) -> None:
    running(site)
    ringing, queued, ended = new_id(), new_id(), new_id()
    site.record(
        started(site.account.sid, ringing, after(10), direction=Direction.OUTBOUND_API, from_="+15550009"),
        progressed(site.account.sid, ringing, after(11), CallStatus.RINGING),
        started(site.account.sid, queued, after(20), direction=Direction.OUTBOUND_API),
        progressed(site.account.sid, queued, after(21), CallStatus.QUEUED),
    )
    over(site, ended, at_s=30)
    live = await told(site, "/Call?status=live")
    assert live["calls"] == [str(uuid.UUID(ringing)), UUID]
    assert (await told(site, "/Call/?status=queued", under="/v1"))["calls"] == [str(uuid.UUID(queued))]
    assert (await told(site, "/Call/?status=live&call_direction=inbound"))["calls"] == [UUID]
    assert (await told(site, "/Call/?status=live&from_number=15550009"))["calls"] == [str(uuid.UUID(ringing))]
    assert (await told(site, "/Call/?status=live&limit=1&offset=1"))["calls"] == [UUID]
    finished = await told(site, "/Call/")
    assert [row["call_uuid"] for row in finished["objects"]] == [str(uuid.UUID(ended))]


async def test_a_live_call_is_shown(site: Site) -> None:
    running(site, caller_name="Ada")
    said = await told(site, f"/Call/{UUID}/?status=live")
    del said["api_id"]
    assert said == {
        "call_status": "in-progress",
        "call_uuid": UUID,
        "caller_name": "Ada",
        "direction": "inbound",
        "from": "+15550001",
        "to": "+15550002",
        "request_uuid": UUID,
        "session_start": "2026-03-09 12:00:00.000000+00:00",
        "stir_verification": "Not Applicable",
        "stir_attestation": "",
    }
    assert (await told(site, f"/Call/{CALL}?status=live"))["call_uuid"] == UUID
    assert (await refused(site, f"/Call/{UUID}?status=queued"))[0] == 404
    assert (await refused(site, f"/Call/{UUID}"))[0] == 404


async def test_a_queued_call_is_shown(site: Site) -> None:
    site.record(
        started(site.account.sid, CALL, direction=Direction.OUTBOUND_API),
        progressed(site.account.sid, CALL, after(1), CallStatus.QUEUED),
    )
    said = await told(site, f"/Call/{UUID}/?status=queued")
    assert (said["call_status"], said["direction"]) == ("queued", "outbound")
    assert "session_start" not in said


async def test_a_finished_call_is_shown_without_a_status_alone(site: Site) -> None:
    over(site)
    said = await told(site, f"/Call/{UUID}")
    assert (said["call_uuid"], said["call_duration"], said["hangup_cause_code"]) == (UUID, 28, 4000)
    assert (await refused(site, f"/Call/{UUID}?status=live"))[0] == 404


LISTS_THAT_CANNOT_BE: list[tuple[Any, ...]] = [
    ("status=dead", "status must be one of"),
    ("status=live&limit=many", "limit must be"),
    ("status=live&offset=-1", "offset must be"),
    ("status=live&call_direction=up", "call_direction must be one of"),
]


async def test_lists_that_cannot_be(site: Site) -> None:
    for query, words in LISTS_THAT_CANNOT_BE:
        status, said = await refused(site, f"/Call/?{query}")
        assert (status, words in said) == (400, True)


async def test_a_call_is_hung_up(site: Site) -> None:
    running(site)
    answer = await ask(site, f"/Call/{UUID}/", "DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert site.lines.changes == [(CALL, LiveChange(end=WantedEnd.COMPLETED))]


@pytest.mark.parametrize(
    ("body", "change"),
    [
        ({"aleg_url": URL}, LiveChange(application=Target(URL), language="vobiz")),
        (
            {"legs": "aleg", "aleg_url": URL, "aleg_method": "GET", "bleg_url": "nonsense"},
            LiveChange(application=Target(URL, Method.GET), language="vobiz"),
        ),
        (
            {"legs": "bleg", "bleg_url": OTHER},
            LiveChange(connected_application=Target(OTHER), language="vobiz"),
        ),
        (
            {"legs": "both", "aleg_url": URL, "bleg_url": OTHER, "bleg_method": "GET"},
            LiveChange(
                application=Target(URL),
                connected_application=Target(OTHER, Method.GET),
                language="vobiz",
            ),
        ),
    ],
)
async def test_a_call_is_taken_elsewhere(site: Site, body: dict[str, str], change: LiveChange) -> None:
    running(site)
    said = await told(site, f"/Call/{UUID}/", "POST", body, status=202)
    assert (said["message"], said["call_uuid"]) == ("call transferred", UUID)
    assert site.lines.changes == [(CALL, change)]


TRANSFERS_THAT_CANNOT_BE: list[tuple[Any, ...]] = [
    ({}, "aleg_url is required"),
    ({"legs": "bleg", "aleg_url": URL}, "bleg_url is required"),
    ({"legs": "both", "aleg_url": URL}, "bleg_url is required"),
    ({"legs": "third", "aleg_url": URL}, "legs must be one of aleg, bleg, both"),
    ({"aleg_url": "app.example"}, "aleg_url must be"),
    ({"aleg_url": URL, "aleg_method": "PUT"}, "aleg_method must be"),
]


async def test_transfers_that_cannot_be(site: Site) -> None:
    running(site)
    for body, words in TRANSFERS_THAT_CANNOT_BE:
        status, said = await refused(site, f"/Call/{UUID}/", "POST", body)
        assert (status, words in said) == (400, True)
        assert site.lines.changes == []


@pytest.mark.parametrize(("method", "body"), [("DELETE", None), ("POST", {"aleg_url": URL})])
async def test_calls_that_are_not_there_or_over(site: Site, method: str, body: Any) -> None:
    other = story.account(site.database)
    over(site, new_id(), owner=other.sid)
    ended = new_id()
    over(site, ended)
    for name in ("not-a-uuid", "12", str(uuid.uuid4()), str(uuid.UUID(ended))):
        assert (await refused(site, f"/Call/{name}/", method, body))[0] == 404
    running(site)
    for refusal, status in (
        (CallIsOver("it is over"), 404),
        (NobodyConnected("alone"), 409),
        (OwnerAway("the worker is gone"), 409),
    ):
        site.lines.refusal = refusal
        assert (await refused(site, f"/Call/{UUID}/", method, body))[0] == status
