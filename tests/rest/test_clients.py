"""Clients: phones of an account's own."""

from typing import Any

import pytest
from lxml import etree

from offhook.records.clients import Clients
from tests.records import story
from tests.rest.site import Site

CLIENTS = "/Clients"
PHONE = {"Login": "ada", "Password": "adas phone"}


async def create(site: Site, **form: str) -> Any:
    """A client, as the answer shows it."""
    return await site.json(site.at(CLIENTS), method="POST", form={**PHONE, **form})


async def test_a_new_client_shows_all_but_its_password(site: Site) -> None:
    made = await create(
        site, FriendlyName="Ada", VoiceUrl="http://app.example/ada", ContactUri="sip:ada@192.0.2.7:5062"
    )
    assert made["sid"].startswith("CL")
    assert (made["login"], made["friendly_name"], made["status"]) == ("ada", "Ada", "1")
    assert (made["voice_url"], made["voice_method"]) == ("http://app.example/ada", "POST")
    assert made["contact_uri"] == "sip:ada@192.0.2.7:5062"
    text = (await site.ask(site.at(f"{CLIENTS}/{made['sid']}.json"))).text
    assert "adas phone" not in text
    assert "ha1" not in text
    assert await site.json(site.at(CLIENTS)) == [made]
    xml = etree.fromstring((await site.ask(site.at(CLIENTS))).content)
    assert xml.findtext("Clients/Client/Login") == "ada"


async def test_a_login_is_had_once(site: Site) -> None:
    made = await create(site)
    assert await create(site, FriendlyName="Again", Password="another phone") == made
    other = story.account(site.database)
    answer = await site.ask(
        site.at(f"{CLIENTS}.json", account=other.sid), method="POST", user=other, form=PHONE
    )
    assert (answer.status_code, answer.json()["code"]) == (409, 20409)
    assert "Login ada" in answer.json()["message"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_client_is_changed_and_its_password_too(site: Site, method: str) -> None:
    made = await create(site, ContactUri="sip:ada@192.0.2.7")
    before = Clients(site.database).get(site.account.sid, made["sid"])
    path = site.at(f"{CLIENTS}/{made['sid']}")
    form = {"Status": "0", "Password": "adas new phone", "ContactUri": "", "Login": "eve"}
    changed = await site.json(path, method=method, form=form)
    assert (changed["status"], changed["login"]) == ("0", "ada")
    assert "contact_uri" not in changed
    after = Clients(site.database).get(site.account.sid, made["sid"])
    assert before is not None
    assert after is not None
    assert before.ha1_md5 != after.ha1_md5
    assert before.ha1_sha256 != after.ha1_sha256
    assert await site.json(path) == changed


async def test_a_deleted_client_is_gone_and_its_login_free(site: Site) -> None:
    made = await create(site, ContactUri="sip:ada@192.0.2.7")
    path = site.at(f"{CLIENTS}/{made['sid']}.json")
    assert (await site.ask(path, method="DELETE")).status_code == 200
    for method in ("GET", "POST", "DELETE"):
        assert (await site.ask(path, method=method)).status_code == 404
    assert (await create(site))["sid"] != made["sid"]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"Login": ""}, "Login is required"),
        ({"Login": "a b"}, "Login must be the user part"),
        ({"Login": "ada@example.com"}, "Login must be the user part"),
        ({"Login": "ada?x=1"}, "Login must be the user part"),
        ({"Login": "ädä"}, "Login must be the user part"),
        ({"Login": "-"}, "and not - alone"),
        ({"Login": "x" * 65}, "Login must be the user part"),
        ({"Password": ""}, "Password is required"),
        ({"Password": "1234"}, "Password must have 8"),
        ({"Password": "12345678"}, "Password is too weak"),
        ({"Login": "adalovelace", "Password": "AdaLovelace"}, "Password is too weak"),
        ({"Status": "2"}, "Status must be 1, enabled, or 0"),
        ({"VoiceUrl": "ftp://x/"}, "VoiceUrl must be an absolute"),
        ({"VoiceMethod": "PUT"}, "VoiceMethod must be GET or POST"),
        ({"VoiceApplicationSid": "AP" + "0" * 32}, "VoiceApplicationSid must be"),
        ({"IsPushEnabled": "yes"}, "IsPushEnabled must be true or false"),
        ({"ContactUri": "ada@192.0.2.7"}, "ContactUri must be a SIP URI"),
        ({"ContactUri": "sip:a b@192.0.2.7"}, "ContactUri must be a SIP URI"),
        ({"ContactUri": "sip:a@192.0.2.7\r\nX: 1"}, "ContactUri must be a SIP URI"),
    ],
)
async def test_a_bad_value_is_named(site: Site, form: dict[str, str], said: str) -> None:
    answer = await site.ask(site.at(f"{CLIENTS}.json"), method="POST", form={**PHONE, **form})
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert await site.json(site.at(CLIENTS)) == []


async def test_another_accounts_client_does_not_exist(site: Site) -> None:
    made = await create(site)
    other = story.account(site.database)
    for method in ("GET", "POST", "PUT", "DELETE"):
        path = site.at(f"{CLIENTS}/{made['sid']}.json", account=other.sid)
        assert (await site.ask(path, method=method, user=other, form={})).status_code == 404
    assert await site.json(site.at(CLIENTS)) == [made]
