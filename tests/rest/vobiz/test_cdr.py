"""Call detail records: lists, filters, search, summary, export, one."""

import csv
import io
import uuid
from typing import Any

from offhook.call.info import CallStatus, Direction, new_id
from tests.records import story
from tests.rest.site import Site
from tests.rest.vobiz.asking import UUID, ask, over, refused, running, told

DAY = 86_400


def some(site: Site) -> None:
    """Five calls of three days, oldest first; another runs, and another is somebody else's."""
    over(site, "1" * 32)
    over(site, "2" * 32, at_s=DAY, direction=Direction.OUTBOUND_API, to="+15557777", duration_s=10.0)
    out = {"direction": Direction.OUTBOUND_API}
    over(site, "3" * 32, at_s=DAY + 60, status=CallStatus.BUSY, sip_status=486, **out)
    over(site, "4" * 32, at_s=2 * DAY, status=CallStatus.NO_ANSWER, parent_call_id="2" * 32, **out)
    over(site, "5" * 32, at_s=2 * DAY + 60, reason="ended over the API", from_="+15558888")
    running(site, "6" * 32, story.after(3 * DAY))
    over(site, "7" * 32, owner=story.account(site.database).sid)


async def listed(site: Site, query: str = "", path: str = "/cdr") -> str:
    """The first digits of what is found, in order."""
    said = await told(site, f"{path}?{query}")
    assert said["count"] == len(said["data"])
    return "".join(row["uuid"][0] for row in said["data"])


async def test_a_record(site: Site) -> None:
    over(site)
    said = await told(site, f"/cdr/{UUID}/")
    assert said["success"] is True
    record = said["data"]
    assert {
        name: record[name] for name in ("id", "uuid", "account_id", "call_direction", "duration", "billsec")
    } == {
        "id": UUID,
        "uuid": UUID,
        "account_id": site.account.auth_id,
        "call_direction": "inbound",
        "duration": 28,
        "billsec": 28,
    }
    assert (record["caller_id_number"], record["destination_number"]) == ("+15550001", "+15550002")
    assert record["start_time"] == "2026-03-09 12:00:00.000000+00:00"
    assert record["answer_time"] == "2026-03-09 12:00:02.000000+00:00"
    assert record["end_time"] == "2026-03-09 12:00:31.000000+00:00"
    assert (record["hangup_cause"], record["hangup_cause_code"]) == ("NORMAL_CLEARING", 4000)
    assert (record["hangup_cause_name"], record["hangup_source"]) == ("Normal Hangup", "Caller")
    assert record["hangup_disposition"] == "ANSWERED"
    running(site, "6" * 32)
    for name in ("17", str(uuid.uuid4()), "6" * 32):
        assert (await refused(site, f"/cdr/{name}"))[0] == 404


async def test_a_page_with_its_summary(site: Site) -> None:
    some(site)
    said = await told(site, "/cdr?per_page=2&page=2")
    assert [row["uuid"][0] for row in said["data"]] == ["3", "2"]
    assert said["pagination"] == {
        "page": 2,
        "per_page": 2,
        "total": 5,
        "pages": 3,
        "has_next": True,
        "has_prev": True,
    }
    assert said["summary"] == {
        "totalCalls": 5,
        "answeredCalls": 3,
        "answerRate": 60.0,
        "avgCallDuration": "22s",
        "total_duration_seconds": 67,
        "total_billable_seconds": 67,
        "total_cost": 0.0,
        "last_call_at": "2026-03-11 12:01:00.000000+00:00",
    }
    assert (said["success"], said["account_id"]) == (True, site.account.auth_id)


async def test_nothing_at_all(site: Site) -> None:
    said = await told(site, "/cdr/")
    assert (said["data"], said["pagination"]["pages"], said["summary"]["avgCallDuration"]) == ([], 0, "0s")
    assert said["summary"]["last_call_at"] is None
    said = await told(site, "/cdr?page=7")
    assert (said["data"], said["pagination"]["has_next"]) == ([], False)


WHAT_IS_ASKED_FOR: list[tuple[Any, ...]] = [
    ("", "54321"),
    ("call_direction=inbound", "51"),
    ("call_direction=outbound", "432"),
    ("from_number=8888", "5"),
    ("to_number=%2B15557777", "2"),
    ("start_date=2026-03-10&end_date=2026-03-10", "32"),
    ("start_date=2026-03-10&end_date=2026-03-11", "5432"),
    ("start_date=2026-03-11&end_date=9999-12-31", "54"),
    ("min_duration=20", "51"),
    ("hangup_cause=user_busy", "3"),
    ("hangup_cause=NORMAL_CLEARING&call_direction=inbound", "51"),
    ("hangup_disposition=NO ANSWER", "4"),
    (f"bridge_uuid={uuid.UUID('2' * 32)}", "4"),
    ("bridge_uuid=x", ""),
    ("search=7777", "2"),
    ("search=55555555-5", "5"),
    ("sip_call_id=x", ""),
    ("campaign_id=x", ""),
    ("per_page=1000", "54321"),
]


async def test_what_is_asked_for(site: Site) -> None:
    some(site)
    for query, found in WHAT_IS_ASKED_FOR:
        assert await listed(site, query) == found
        assert await listed(site, query, "/cdr/search") == found
        said = await told(site, f"/cdr?{query}")
        assert (said["pagination"]["total"], said["summary"]["totalCalls"]) == (len(found), len(found))


async def test_a_search_says_what_it_searched_for(site: Site) -> None:
    said = await told(site, "/cdr/search?from_number=15&hangup_cause=USER_BUSY")
    assert said["filters"] == {
        "call_direction": "",
        "from_number": "15",
        "to_number": "",
        "hangup_cause": "USER_BUSY",
    }


async def test_the_newest(site: Site) -> None:
    some(site)
    said = await told(site, "/cdr/recent?limit=2")
    assert [row["uuid"][0] for row in said["data"]] == ["5", "4"]
    assert set(said) == {"api_id", "success", "account_id", "count", "data"}


async def test_all_as_csv(site: Site) -> None:
    some(site)
    over(site, "8" * 32, at_s=4 * DAY, from_="=HYPERLINK(1)")
    answer = await ask(site, "/cdr/export?call_direction=inbound")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["uuid"][0] for row in rows] == ["8", "5", "1"]
    assert [row["caller_id_number"] for row in rows] == ["'=HYPERLINK(1)", "+15558888", "+15550001"]
    assert rows[0]["billsec"] == "28"
    head = (await ask(site, "/cdr/export?search=nobody")).text
    assert head.startswith("uuid,")


WHAT_CANNOT_BE_IS_REFUSED: list[tuple[Any, ...]] = [
    ("page=0", "page must be"),
    ("per_page=x", "per_page must be"),
    ("start_date=2026-03-10", "both or neither"),
    ("start_date=2026-03-10&end_date=2026-03-09", "must not lie before"),
    ("start_date=10.3.2026&end_date=2026-03-09", "must be dates"),
    ("start_date=2026-02-31&end_date=2026-03-09", "must be dates"),
    ("call_direction=up", "call_direction must be"),
    ("min_duration=long", "min_duration must be"),
    ("from_number=%25", "must be a number"),
]


async def test_what_cannot_be_is_refused(site: Site) -> None:
    for query, words in WHAT_CANNOT_BE_IS_REFUSED:
        for path in ("/cdr", "/cdr/search"):
            status, said = await refused(site, f"{path}?{query}")
            assert (status, words in said) == (400, True), said


WHY_IT_ENDED: list[tuple[Any, ...]] = [
    ({"reason": "ended over the API"}, 4000, "API Request"),
    ({"reason": "ended over the API", "status": CallStatus.CANCELED}, 1000, "API Request"),
    ({"reason": "max_duration: the call lasted 3 s"}, 6000, "Vobiz"),
    ({"reason": "media_timeout: no audio came"}, 6020, "Vobiz"),
    ({"reason": "scheduled_hangup: wanted"}, 6000, "Answer XML"),
    ({"reason": "worker_lost", "status": CallStatus.FAILED}, 5010, "Error"),
    ({"status": CallStatus.NO_ANSWER}, 1000, "Caller"),
    ({"status": CallStatus.NO_ANSWER, "direction": Direction.OUTBOUND_API}, 6010, "Vobiz"),
    ({"status": CallStatus.BUSY, "direction": Direction.OUTBOUND_API}, 3010, "Callee"),
    (
        {"status": CallStatus.FAILED, "sip_status": 404, "direction": Direction.OUTBOUND_API},
        3050,
        "Carrier",
    ),
    ({"status": CallStatus.CANCELED}, 1000, "Caller"),
    ({"status": CallStatus.FAILED}, 5010, "Error"),
    ({"direction": Direction.OUTBOUND_API}, 4000, "Callee"),
]


async def test_why_it_ended(site: Site) -> None:
    for end, code, source in WHY_IT_ENDED:
        call_id = new_id()
        over(site, call_id, **end)
        record = (await told(site, f"/cdr/{call_id}"))["data"]
        assert (record["hangup_cause_code"], record["hangup_source"]) == (code, source)
