"""Numbers by kind, numbers that are regular expressions, and what else can be said of a number."""

from typing import Any

import pytest
from lxml import etree

from offhook.records.numbers import Numbers
from offhook.rest.restcomm.numbers import MOST_PATTERNS
from tests.rest.site import Site

NUMBERS = "/IncomingPhoneNumbers"
BERLIN, MOBILE, FREE, AMERICAN = "+493020304050", "+4915123456789", "+498001234567", "+14155550123"


async def create(site: Site, phone_number: str, below: str = "", **form: str) -> Any:
    """A number, as the answer shows it."""
    wanted = {"PhoneNumber": phone_number, **form}
    return await site.json(site.at(f"{NUMBERS}{below}"), method="POST", form=wanted)


async def test_numbers_are_made_and_listed_by_kind(site: Site) -> None:
    for number, below in ((BERLIN, "/Local"), (MOBILE, "/Mobile"), (FREE, "/TollFree"), (AMERICAN, "")):
        assert (await create(site, number, below))["phone_number"] == number
    await create(site, "1000", isSIP="true")
    for below, found in (
        ("/Local", {BERLIN, AMERICAN}),
        ("/Mobile", {MOBILE, AMERICAN}),
        ("/TollFree", {FREE}),
    ):
        page = await site.json(site.at(f"{NUMBERS}{below}"))
        assert {each["phone_number"] for each in page["incomingPhoneNumbers"]} == found
        assert page["total"] == len(found)
    page = await site.json(site.at(f"{NUMBERS}/Local?PageSize=1&Page=1"))
    assert (page["total"], len(page["incomingPhoneNumbers"])) == (2, 1)


@pytest.mark.parametrize(
    ("number", "below", "said"),
    [
        (BERLIN, "/Mobile", "not the number of a mobile phone"),
        (MOBILE, "/Local", "not the number of a fixed line"),
        (BERLIN, "/TollFree", "not the number of a toll-free line"),
        ("1000", "/Local", "PhoneNumber must be in E.164"),
        ("+9991234567", "/Local", "not the number of a fixed line"),
    ],
)
async def test_a_number_of_another_kind_is_refused(site: Site, number: str, below: str, said: str) -> None:
    form = {"PhoneNumber": number}
    answer = await site.ask(site.at(f"{NUMBERS}{below}.json"), method="POST", form=form)
    assert answer.status_code == 400
    assert said in answer.json()["message"]


async def test_numbers_are_not_bought_here(site: Site) -> None:
    for below in ("", "/Local"):
        answer = await site.ask(site.at(f"{NUMBERS}{below}.json"), method="POST", form={"AreaCode": "415"})
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("AreaCode: numbers are not bought here")
    assert (await site.ask(site.at("/AvailablePhoneNumbers.json"))).status_code == 404


async def test_the_countries_that_numbers_can_be_of(site: Site) -> None:
    countries = await site.json(site.at(f"{NUMBERS}/AvailableCountries"))
    assert {"DE", "US", "GB"} <= set(countries)
    assert countries == sorted(countries)
    xml = etree.fromstring((await site.ask(site.at(f"{NUMBERS}/AvailableCountries"))).content)
    assert xml.findtext("AvailableCountries/Country") == countries[0]


async def test_numbers_are_sorted_as_asked(site: Site) -> None:
    for number, name in ((MOBILE, "b"), (BERLIN, "a"), (FREE, "c")):
        await create(site, number, FriendlyName=name)
    for query, names in (
        ("SortBy=FriendlyName", "abc"),
        ("SortBy=FriendlyName:desc", "cba"),
        ("SortBy=FriendlyName&Reverse=true", "cba"),
        ("SortBy=PhoneNumber:asc", "bac"),
    ):
        page = await site.json(site.at(f"{NUMBERS}?{query}"))
        assert "".join(each["friendly_name"] for each in page["incomingPhoneNumbers"]) == names
    for query in ("SortBy=Sid", "SortBy=PhoneNumber:up"):
        answer = await site.ask(site.at(f"{NUMBERS}.json?{query}"))
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("SortBy must be PhoneNumber or FriendlyName")


async def test_a_regular_expression_answers_for_whom_nobody_has(site: Site) -> None:
    made = await create(site, r"\+1555[0-9]{4}", isSIP="true", VoiceUrl="http://app.example/all")
    exact = await create(site, "+15551234", isSIP="true")
    numbers = Numbers(site.database)
    for called, sid in (("+15559999", made["sid"]), ("15559999", made["sid"]), ("+15551234", exact["sid"])):
        found = numbers.find_for_call(called)
        assert found is not None
        assert found.sid == sid
    assert numbers.find_for_call("+155599990") is None


@pytest.mark.parametrize(
    "pattern",
    ["[0-9", "(12", "a**", r"(1)\1", "(?=1)2", "1{2000}", "((1{500}){2}){3}", "*)"],
)
async def test_a_broken_regular_expression_is_refused(site: Site, pattern: str) -> None:
    form = {"PhoneNumber": pattern, "isSIP": "true"}
    answer = await site.ask(site.at(f"{NUMBERS}.json"), method="POST", form=form)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("PhoneNumber is not a regular expression that can be used: ")


async def test_an_account_has_so_many_regular_expressions(site: Site) -> None:
    for count in range(MOST_PATTERNS):
        await create(site, f"{count}[0-9]", isSIP="true")
    form = {"PhoneNumber": "x[0-9]", "isSIP": "true"}
    answer = await site.ask(site.at(f"{NUMBERS}.json"), method="POST", form=form)
    assert answer.status_code == 400
    assert str(MOST_PATTERNS) in answer.json()["message"]
    await create(site, "1000", isSIP="true")


async def test_metadata_and_record_all_are_kept_and_cleared(site: Site) -> None:
    made = await create(site, BERLIN, Metadata='{"desk": {"floor": 3}}', RecordAll="Mono")
    assert (made["metadata"], made["record_all"]) == ({"desk": {"floor": 3}}, "mono")
    path = site.at(f"{NUMBERS}/{made['sid']}")
    xml = etree.fromstring((await site.ask(path)).content)
    assert xml.findtext("IncomingPhoneNumber/Metadata") == '{"desk":{"floor":3}}'
    changed = await site.json(path, method="POST", form={"Metadata": "", "RecordAll": "none"})
    assert (changed["metadata"], changed["record_all"]) == (None, "none")
    for name, value, said in (
        ("Metadata", "{", "Metadata must be a JSON object"),
        ("Metadata", '"text"', "Metadata must be a JSON object"),
        ("Metadata", '{"a": "' + "x" * 10_000 + '"}', "Metadata must not be longer"),
        ("RecordAll", "true", "RecordAll must be mono, stereo or none"),
    ):
        answer = await site.ask(f"{path}.json", method="POST", form={name: value})
        assert answer.status_code == 400
        assert said in answer.json()["message"]
