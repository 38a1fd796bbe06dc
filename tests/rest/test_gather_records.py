import re
from datetime import timedelta
from pathlib import Path

import pytest

from offhook.call.info import new_id
from offhook.call.rows import gather_verdict
from offhook.verbs import Gathered, GatherEnd
from tests.records.story import INSTANCE, NOON, after, gather, gather_finished, gather_started
from tests.rest.site import Site

CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
CALL_SID = f"ID{INSTANCE}-CA{CALL}"
GATHER = "c377eb0e657e415383de087ab38797db"
DOC = Path(__file__).parents[2] / "docs" / "gather-records.md"


async def test_a_speech_gather_shows_what_it_was_asked_for(site: Site) -> None:
    began = NOON + timedelta(milliseconds=787)
    site.record(*gather(site.account.sid, CALL, began, gather_id=GATHER, hints=("hello world",)))
    assert await site.json(site.at(f"/Gathers/Speech/GA{GATHER}")) == {
        "sid": f"GA{GATHER}",
        "date_created": "2026-03-09T12:00:00.787Z",
        "account_sid": site.account.sid,
        "org_sid": site.account.organization_sid,
        "call_sid": CALL_SID,
        "preTimeout": 5,
        "postTimeout": 5,
        "actionOnEmptyResult": "false",
        "action_on_empty_result": "false",
        "status": "completed",
        "hints": "hello world",
        "reason": "",
        "provider": "google",
        "language": "en-US",
        "duration": 3,
        "api_version": "2012-04-24",
        "uri": f"/2012-04-24/Accounts/{site.account.sid}/Gathers/Speech/GA{GATHER}.json",
    }


async def test_numbers_are_whole_where_they_can_be(site: Site) -> None:
    facts = gather(
        site.account.sid,
        CALL,
        gather_id=GATHER,
        start_timeout_s=2.5,
        duration_s=1.23456,
        hints=("yes", "no"),
        act_on_empty=True,
    )
    site.record(*facts)
    shown = await site.json(site.at(f"/Gathers/Speech/GA{GATHER}"))
    assert (shown["preTimeout"], shown["postTimeout"], shown["duration"]) == (2.5, 5, 1.235)
    assert isinstance(shown["postTimeout"], int)
    assert (shown["hints"], shown["actionOnEmptyResult"]) == ("yes,no", "true")


async def test_a_key_gather_shows_its_own_settings(site: Site) -> None:
    pressed = Gathered(end=GatherEnd.KEYS, keys="42")
    facts = gather(
        site.account.sid,
        CALL,
        gather_id=GATHER,
        is_speech=False,
        gathered=pressed,
        max_keys=2,
        key_timeout_s=3,
    )
    site.record(*facts)
    shown = await site.json(site.at(f"/Gathers/DTMF/GA{GATHER}"))
    assert (shown["timeout"], shown["preTimeout"], shown["postTimeout"]) == (3, 5, 3)
    assert (shown["finishOnKey"], shown["numDigits"], shown["status"]) == ("#", 2, "completed")
    assert shown["uri"].endswith(f"/Gathers/DTMF/GA{GATHER}.json")
    assert not {"digits", "ended_by"} & set(shown)
    extended = await site.json(site.at(f"/Gathers/DTMF/GA{GATHER}?Extended=true"))
    assert (extended["digits"], extended["ended_by"]) == ("42", "keys")


async def test_what_was_said_is_shown_on_request_only(site: Site) -> None:
    said = Gathered(end=GatherEnd.SPEECH, speech="open sesame", confidence=0.87)
    site.record(*gather(site.account.sid, CALL, gather_id=GATHER, gathered=said))
    plain = await site.ask(site.at("/Gathers/Speech"))
    assert "sesame" not in plain.text
    listed = await site.json(site.at("/Gathers/Speech?Extended=true"))
    (shown,) = listed["gathers"]
    assert (shown["speech_result"], shown["confidence"]) == ("open sesame", 0.87)
    assert (shown["digits"], shown["ended_by"]) == ("", "speech")
    assert listed["first_page_uri"].endswith("?Page=0&PageSize=50&Extended=true")
    assert (await site.ask(site.at("/Gathers/Speech?Extended=yes"))).status_code == 400


async def test_who_heard_it_and_who_was_left_for_them(site: Site) -> None:
    left = ("google: nobody answered within 1.5 s", "aws: the credentials are refused")
    begun = gather_started(site.account.sid, CALL, GATHER)
    site.record(begun, gather_finished(site.account.sid, CALL, GATHER, provider="embedded", switches=left))
    shown = await site.json(site.at(f"/Gathers/Speech/GA{GATHER}?Extended=true"))
    assert (shown["provider"], shown["switches"], shown["log"]) == ("embedded", list(left), "true")
    assert "switches" not in await site.json(site.at(f"/Gathers/Speech/GA{GATHER}"))


async def test_a_gather_that_does_not_say_who_heard_it_has_whom_it_began_with(site: Site) -> None:
    site.record(*gather(site.account.sid, CALL, gather_id=GATHER))
    shown = await site.json(site.at(f"/Gathers/Speech/GA{GATHER}?Extended=true"))
    assert (shown["provider"], shown["switches"]) == ("google", [])


async def test_a_gather_of_which_nothing_may_be_kept_says_so(site: Site) -> None:
    begun = gather_started(site.account.sid, CALL, GATHER, is_kept=False)
    site.record(begun, gather_finished(site.account.sid, CALL, GATHER))
    assert (await site.json(site.at(f"/Gathers/Speech/GA{GATHER}?Extended=true")))["log"] == "false"


async def test_a_running_gather_is_not_there(site: Site) -> None:
    site.record(gather_started(site.account.sid, CALL, GATHER))
    assert (await site.json(site.at("/Gathers/Speech")))["total"] == 0
    assert (await site.ask(site.at(f"/Gathers/Speech/GA{GATHER}"))).status_code == 404


async def test_speech_and_keys_are_apart(site: Site) -> None:
    site.record(*gather(site.account.sid, CALL, gather_id=GATHER))
    assert (await site.json(site.at("/Gathers/Speech")))["total"] == 1
    assert (await site.json(site.at("/Gathers/DTMF")))["total"] == 0
    assert (await site.ask(site.at(f"/Gathers/DTMF/GA{GATHER}"))).status_code == 404
    assert (await site.ask(site.at("/Gathers/Fax"))).status_code == 404


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "*/*", ""])
async def test_gathers_are_json_whatever_is_accepted(site: Site, accept: str) -> None:
    for path in ("/Gathers/Speech", "/Gathers/Speech/GAnone", "/Gathers"):
        answer = await site.ask(site.at(path), headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("end", GatherEnd)
async def test_every_end_has_a_status_and_a_reason(site: Site, end: GatherEnd) -> None:
    site.record(
        *gather(site.account.sid, CALL, after(0), gather_id=GATHER, gathered=Gathered(end=end)),
        *gather(site.account.sid, CALL, after(1), gathered=Gathered(end=end, detail="the line broke")),
    )
    detailed, plain = (await site.json(site.at("/Gathers/Speech")))["gathers"]
    if end.is_success:
        assert (plain["status"], plain["reason"], detailed["reason"]) == ("completed", "", "")
    else:
        assert plain["status"] == ("failed" if end.is_failure else "completed")
        assert (plain["reason"], detailed["reason"]) == (end.value, f"{end.value}: the line broke")


def test_the_documented_table_is_the_true_one() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `(\w+)` \| (?:`(\w+)`|empty) \| \S.* \|$", DOC.read_text(), re.MULTILINE
    )
    assert [(name, status, reason) for name, status, reason in rows] == [
        (end.value, *map(str, gather_verdict(end))) for end in GatherEnd
    ]


async def test_a_date_narrows_the_list(site: Site) -> None:
    for number in range(3):
        site.record(*gather(site.account.sid, CALL, after(number)))

    async def total(date: str) -> int:
        query = {"DateCreated": date}
        answer = await site.ask(site.at("/Gathers/Speech"), params=query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert await total("2026-03-09") == 3
    assert await total("2026-03-10") == 0
    assert await total("2026-03-09T12:00:01") == 2
    assert await total("2026-03-09T12:00:01.001Z") == 1
    assert await total("2026-03-09T13:00:02+01:00") == 1
    assert await total("2026-03-09T13:00:02 01:00") == 1


@pytest.mark.parametrize(
    "date",
    [
        "",
        "2018-02-30",
        "2018-1-1",
        "yesterday",
        "2018-10-05T22:45:32junk",
        "2018-10-05T24:00:00",
        "٢٠١٨-10-05",
    ],
)
async def test_a_date_that_is_none_is_refused(site: Site, date: str) -> None:
    answer = await site.ask(site.at("/Gathers/Speech"), params={"DateCreated": date})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("DateCreated must be a date such as 2018-10-05")


async def test_a_call_narrows_the_list(site: Site) -> None:
    site.record(*gather(site.account.sid, CALL), *gather(site.account.sid, new_id()))

    async def total(sid: str) -> int:
        answer = await site.ask(site.at("/Gathers/Speech"), params={"CallSid": sid})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert await total(CALL_SID) == 1
    assert await total(f"CA{CALL}") == 1
    assert await total(f"ID{'0' * 32}-CA{CALL}") == 0
    assert await total(f"CA{'0' * 32}") == 0
    for malformed in ("", "CA", CALL, "'; DROP TABLE gathers; --", f"{CALL_SID}\x00", "%"):
        assert await total(malformed) == 0


async def test_filters_work_together_and_stay_in_the_links(site: Site) -> None:
    for number in range(4):
        site.record(*gather(site.account.sid, CALL, after(number)), *gather(site.account.sid, new_id()))
    query = {
        "DateCreated": "2026-03-09T12:00:01+00:00",
        "CallSid": CALL_SID,
        "PageSize": "2",
        "Unknown": "x",
    }
    answer = await site.ask(site.at("/Gathers/Speech"), params=query)
    page = answer.json()
    assert (page["total"], len(page["gathers"])) == (3, 2)
    assert page["next_page_uri"] == (
        f"{site.at('/Gathers/Speech')}?Page=1&PageSize=2&DateCreated=2026-03-09T12%3A00%3A01%2B00%3A00"
        f"&CallSid={CALL_SID}&AfterSid={page['gathers'][-1]['sid']}"
    )
    following = await site.json(page["next_page_uri"])
    assert (following["total"], len(following["gathers"])) == (3, 1)
