"""Outgoing caller ids."""

from typing import Any

import pytest
from lxml import etree

from tests.records import story
from tests.rest.site import Site

CALLER_IDS = "/OutgoingCallerIds"


async def create(site: Site, **form: str) -> Any:
    """A caller id, as the answer shows it."""
    return await site.json(site.at(CALLER_IDS), method="POST", form={"PhoneNumber": "+15550001234", **form})


async def test_a_caller_id_is_made_shown_renamed_and_deleted(site: Site) -> None:
    made = await create(site)
    assert (made["phone_number"], made["friendly_name"]) == ("+15550001234", "+15550001234")
    assert made["sid"].startswith("PN")
    assert await create(site, FriendlyName="Again") == made
    path = site.at(f"{CALLER_IDS}/{made['sid']}")
    renamed = await site.json(path, method="PUT", form={"FriendlyName": "Desk"})
    assert renamed["friendly_name"] == "Desk"
    assert await site.json(site.at(CALLER_IDS)) == [renamed]
    assert await site.json(site.at(f"{CALLER_IDS}?FriendlyName=Hall")) == []
    assert await site.json(site.at(f"{CALLER_IDS}?PhoneNumber=%2B15550001234")) == [renamed]
    xml = etree.fromstring((await site.ask(path)).content)
    assert xml.findtext("OutgoingCallerId/FriendlyName") == "Desk"
    assert (await site.ask(path, method="DELETE")).status_code == 200
    for method in ("GET", "PUT", "DELETE"):
        assert (await site.ask(path, method=method)).status_code == 404


@pytest.mark.parametrize("phone_number", ["", "5551234", "+1 555", "sip:ada@example.com"])
async def test_a_caller_id_is_a_number(site: Site, phone_number: str) -> None:
    answer = await site.ask(site.at(f"{CALLER_IDS}.json"), method="POST", form={"PhoneNumber": phone_number})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("PhoneNumber")


async def test_another_accounts_caller_id_does_not_exist(site: Site) -> None:
    made = await create(site)
    other = story.account(site.database)
    for method in ("GET", "PUT", "DELETE"):
        path = site.at(f"{CALLER_IDS}/{made['sid']}.json", account=other.sid)
        assert (await site.ask(path, method=method, user=other, form={})).status_code == 404
