"""Applications: addresses that numbers and clients share."""

from typing import Any

import pytest
from lxml import etree

from tests.records import story
from tests.rest.site import Site

APPLICATIONS = "/Applications"


async def create(site: Site, **form: str) -> Any:
    """An application, as the answer shows it."""
    return await site.json(site.at(APPLICATIONS), method="POST", form={"FriendlyName": "Menu", **form})


async def test_a_new_application_shows_what_it_is(site: Site) -> None:
    made = await create(site, RcmlUrl="http://app.example/menu", Kind="SMS", VoiceCallerIdLookup="true")
    assert made["sid"].startswith("AP")
    assert (made["rcml_url"], made["kind"]) == ("http://app.example/menu", "sms")
    assert (made["voice_caller_id_lookup"], made["api_version"]) == (True, "2012-04-24")
    assert made["numbers"] == []
    uri = f"/2012-04-24/Accounts/{site.account.sid}/Applications/{made['sid']}.json"
    assert made["uri"] == uri
    assert await site.json(uri) == made
    assert (await create(site))["kind"] == "voice"


async def test_applications_are_listed_bare_with_their_numbers(site: Site) -> None:
    made, other = await create(site), await create(site, FriendlyName="Other")
    form = {"PhoneNumber": "+15550001234", "VoiceApplicationSid": made["sid"], "FriendlyName": "Desk"}
    number = await site.json(site.at("/IncomingPhoneNumbers"), method="POST", form=form)
    assert number["voice_application_name"] == "Menu"
    shown = await site.json(site.at(APPLICATIONS))
    assert [each["sid"] for each in shown] == [made["sid"], other["sid"]]
    assert shown[0]["numbers"] == [
        {
            "sid": number["sid"],
            "friendly_name": "Desk",
            "phone_number": "+15550001234",
            "voice_application_sid": made["sid"],
        }
    ]
    assert shown[1]["numbers"] == []
    bare = await site.json(site.at(f"{APPLICATIONS}?includeNumbers=false"))
    assert all("numbers" not in each for each in bare)
    xml = etree.fromstring((await site.ask(site.at(APPLICATIONS))).content)
    assert xml.findtext("Applications/Application/Numbers/Number/PhoneNumber") == "+15550001234"
    assert xml.findtext("Applications/Application/FriendlyName") == "Menu"


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_update_changes_what_is_given(site: Site, method: str) -> None:
    made = await create(site, RcmlUrl="http://app.example/menu")
    path = site.at(f"{APPLICATIONS}/{made['sid']}")
    changed = await site.json(path, method=method, form={"FriendlyName": "Queue", "Kind": "ussd"})
    assert (changed["friendly_name"], changed["kind"]) == ("Queue", "ussd")
    assert changed["rcml_url"] == "http://app.example/menu"
    assert "rcml_url" not in await site.json(path, method=method, form={"RcmlUrl": ""})


async def test_who_names_a_deleted_application_loses_it(site: Site) -> None:
    made = await create(site, RcmlUrl="http://app.example/menu")
    names = {
        "VoiceApplicationSid": made["sid"],
        "SmsApplicationSid": made["sid"],
        "ReferApplicationSid": made["sid"],
    }
    own = {"PhoneNumber": "+15550001234", "VoiceUrl": "http://app.example/own"}
    number = await site.json(site.at("/IncomingPhoneNumbers"), method="POST", form={**own, **names})
    phone = {"Login": "ada", "Password": "adas phone", "VoiceApplicationSid": made["sid"]}
    client = await site.json(site.at("/Clients"), method="POST", form=phone)
    path = site.at(f"{APPLICATIONS}/{made['sid']}.json")
    answer = await site.ask(path, method="DELETE")
    assert (answer.status_code, answer.content) == (200, b"")
    for method in ("GET", "DELETE", "POST"):
        assert (await site.ask(path, method=method)).status_code == 404
    shown = await site.json(site.at(f"/IncomingPhoneNumbers/{number['sid']}"))
    assert [shown[f"{kind}_application_sid"] for kind in ("voice", "sms", "refer")] == [None] * 3
    assert shown["voice_url"] == "http://app.example/own"
    assert "voice_application_sid" not in await site.json(site.at(f"/Clients/{client['sid']}"))


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"FriendlyName": ""}, "FriendlyName is required"),
        ({"FriendlyName": "x" * 129}, "FriendlyName must not be longer"),
        ({"RcmlUrl": "menu.xml"}, "RcmlUrl must be an absolute"),
        ({"Kind": "fax"}, "Kind must be one of voice, sms, ussd"),
        ({"VoiceCallerIdLookup": "1"}, "VoiceCallerIdLookup must be true or false"),
    ],
)
async def test_a_bad_value_is_named(site: Site, form: dict[str, str], said: str) -> None:
    answer = await site.ask(
        site.at(f"{APPLICATIONS}.json"), method="POST", form={"FriendlyName": "Menu", **form}
    )
    assert answer.status_code == 400
    assert said in answer.json()["message"]


async def test_another_accounts_application_does_not_exist(site: Site) -> None:
    made = await create(site)
    other = story.account(site.database)
    for method in ("GET", "POST", "PUT", "DELETE"):
        path = site.at(f"{APPLICATIONS}/{made['sid']}.json", account=other.sid)
        assert (await site.ask(path, method=method, user=other, form={})).status_code == 404
    form = {"PhoneNumber": "+15550001234", "VoiceApplicationSid": made["sid"]}
    answer = await site.ask(
        site.at("/IncomingPhoneNumbers.json", account=other.sid), method="POST", user=other, form=form
    )
    assert answer.status_code == 400
    assert "VoiceApplicationSid must be the sid of an application of this account" in answer.json()["message"]
