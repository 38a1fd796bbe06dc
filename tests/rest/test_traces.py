"""Trace records: what happened in a call, for those whose call it was."""

import pytest

from offhook.call.facts import TimelineKept
from offhook.call.info import new_id
from offhook.cli.call_ladder import ladder
from offhook.records.call_story import CallStories
from tests.records import story
from tests.rest.site import Site

EVENTS = (
    (0, "began", {"at": "2026-07-01T12:00:00+00:00"}),
    (5, "sip", {"way": "in", "method": "INVITE", "peer": "192.0.2.7:5060"}),
    (31, "webhook", {"method": "POST", "url": "https://app.example/voice", "status": 200, "error": None}),
    (900, "key", {"key": "1", "is_heard": True}),
    (950, "key", {"key": "2", "is_heard": True}),
)


@pytest.fixture
def call_id(site: Site) -> str:
    call_id = new_id()
    site.record(
        story.started(site.account.sid, call_id),
        TimelineKept(call_id=call_id, account_sid=site.account.sid, at=story.NOON, chunk=0, events=EVENTS),
    )
    return call_id


def sid(call_id: str) -> str:
    return f"ID{story.INSTANCE}-CA{call_id}"


async def test_events_come_in_order_with_their_moments(site: Site, call_id: str) -> None:
    page = await site.json(site.at(f"/Calls/{sid(call_id)}/Traces"))
    kinds = [trace["kind"] for trace in page["traces"]]
    assert [kind for kind in kinds if kind in ("sip", "webhook", "key")] == ["sip", "webhook", "key", "key"]
    first = next(trace for trace in page["traces"] if trace["kind"] == "sip")
    assert (first["date_created"], first["offset_ms"]) == ("2026-07-01T12:00:00.005Z", 5)
    assert first["details"] == {"way": "in", "method": "INVITE", "peer": "192.0.2.7:5060"}
    assert first["call_sid"] == sid(call_id)
    webhook = next(trace for trace in page["traces"] if trace["kind"] == "webhook")
    assert "error" not in webhook["details"]


async def test_the_same_is_found_by_call_sid_and_by_kind_in_pages(site: Site, call_id: str) -> None:
    path = site.at(f"/Traces.json?CallSid={sid(call_id)}&Kind=key&PageSize=1&Page=1")
    page = (await site.ask(path)).json()
    assert (page["total"], [trace["details"]["key"] for trace in page["traces"]]) == (2, ["2"])
    assert f"CallSid={sid(call_id)}" in page["first_page_uri"]


async def test_it_is_json_whatever_is_accepted(site: Site, call_id: str) -> None:
    answer = await site.ask(site.at(f"/Calls/{sid(call_id)}/Traces"), headers={"accept": "application/xml"})
    assert answer.headers["content-type"] == "application/json"


async def test_another_account_s_call_is_not_found(site: Site, call_id: str) -> None:
    other = story.account(site.database, "AC" + 32 * "b")
    for path in (f"/Calls/{sid(call_id)}/Traces", f"/Traces?CallSid={sid(call_id)}"):
        answer = await site.ask(site.at(path, account=other.sid), user=other)
        assert (answer.status_code, site.account.sid in answer.text) == (404, False)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/Traces", 400),
        ("/Traces?CallSid=CAx", 404),
        ("/Calls/nonsense/Traces", 404),
        ("/Calls/x/Traces?Page=a", 404),
    ],
)
async def test_a_call_that_is_none(site: Site, path: str, status: int) -> None:
    assert (await site.ask(site.at(path))).status_code == status


async def test_a_gather_tells_who_heard_it_and_who_was_left(site: Site) -> None:
    call_id, gather_id, left = new_id(), new_id(), ("google: nothing came within 1.5 s",)
    site.record(
        story.started(site.account.sid, call_id),
        story.gather_started(site.account.sid, call_id, gather_id, story.after(1)),
        story.gather_finished(
            site.account.sid, call_id, gather_id, story.after(2), provider="embedded", switches=left
        ),
    )
    page = await site.json(site.at(f"/Traces?CallSid={sid(call_id)}&Kind=gather"))
    details = page["traces"][0]["details"]
    assert (details["provider"], details["switches"]) == ("embedded", list(left))
    story_of = CallStories(site.database).read(call_id)
    assert story_of is not None
    assert any(
        "heard by embedded, not by google: nothing came within 1.5 s" in line for line in ladder(story_of)
    )
