"""Accounts below accounts: made, changed, closed, and what that means for those below."""

import base64
from typing import Any

import pytest
from lxml import etree

from offhook.call.rows import AccountRow, AccountStatus
from offhook.records.accounts import Accounts
from tests.records import story
from tests.rest.site import Site

ALL = "/restcomm/2012-04-24/Accounts"
PASSWORD = "correct horse battery"
FORM = {"EmailAddress": "ada@example.com", "Password": PASSWORD}


async def create(site: Site, user: AccountRow | None = None, **form: str) -> Any:
    """A sub-account, as the answer shows it."""
    return await site.json(ALL, method="POST", user=user, form={**FORM, **form})


def kept(site: Site, sid: str) -> AccountRow:
    """The account as the records have it."""
    account = Accounts(site.database).get(sid)
    assert account is not None
    return account


async def test_a_sub_account_signs_in_with_its_address_token_and_password(site: Site) -> None:
    made = await create(site, FriendlyName="Ada's", EmailAddress="Ada@Example.com")
    assert (made["email_address"], made["friendly_name"]) == ("ada@example.com", "Ada's")
    assert (made["status"], made["type"], made["role"]) == ("active", "Full", "Administrator")
    assert made["organization"] == site.account.organization_sid
    assert made["parent_sid"] == site.account.sid
    assert "password" not in made
    for auth in (
        (made["sid"], made["auth_token"]),
        ("ada@example.com", PASSWORD),
        ("ADA@example.com", made["auth_token"]),
    ):
        shown = await site.json(site.at("", account=made["sid"]), auth=auth)
        assert shown["sid"] == made["sid"]


async def test_the_accounts_right_below_are_listed_bare_and_without_tokens(site: Site) -> None:
    ada = await create(site)
    bob = await create(site, EmailAddress="bob@example.com", FriendlyName="Bob", Status="suspended")
    await create(site, kept(site, ada["sid"]), EmailAddress="carol@example.com")
    shown = await site.json(ALL)
    assert [each["sid"] for each in shown] == [ada["sid"], bob["sid"]]
    assert all("auth_token" not in each for each in shown)
    for query, found in (
        ("Status=suspended", [bob]),
        ("FriendlyName=Bob", [bob]),
        ("FriendlyName=Nobody", []),
        (f"OrganizationSid={site.account.organization_sid}&Status=active", [ada]),
    ):
        assert [each["sid"] for each in await site.json(f"{ALL}?{query}")] == [each["sid"] for each in found]
    answer = await site.ask(ALL)
    names = etree.fromstring(answer.content).findall("Accounts/Account/Sid")
    assert [name.text for name in names] == [ada["sid"], bob["sid"]]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"EmailAddress": ""}, "EmailAddress is required"),
        ({"EmailAddress": "ada"}, "EmailAddress must be an e-mail address"),
        ({"EmailAddress": "ada@example..com"}, "EmailAddress must be an e-mail address"),
        ({"EmailAddress": "a b@example.com"}, "EmailAddress must be an e-mail address"),
        ({"EmailAddress": "a" * 65 + "@example.com"}, "EmailAddress must be an e-mail address"),
        ({"Password": ""}, "Password is required"),
        ({"Password": "short"}, "Password must have 12"),
        ({"Password": "x" * 257}, "Password must have 12"),
        ({"Password": "123456789012345"}, "Password is too weak"),
        ({"Password": "aaaaaaaaabbb"}, "Password is too weak"),
        ({"Password": "ada@example.com"}, "Password is too weak"),
        ({"Password": "0123456789abcdef" * 2}, "Password looks like an auth token"),
        ({"Status": "asleep"}, "Status must be one of active"),
        ({"Status": "closed"}, "Status must not be closed"),
        ({"Role": "king"}, "Role must be one of Administrator"),
        ({"FriendlyName": "x" * 129}, "FriendlyName must not be longer"),
        ({"OrganizationSid": "OR" + "0" * 32}, "OrganizationSid must be"),
        ({"Metadata": "[1]"}, "Metadata must be a JSON object"),
        ({"RecordAll": "loud"}, "RecordAll must be mono, stereo or none"),
    ],
)
async def test_a_bad_value_is_named(site: Site, form: dict[str, str], said: str) -> None:
    answer = await site.ask(f"{ALL}.json", method="POST", form={**FORM, **form})
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert await site.json(ALL) == []


async def test_an_address_is_taken_once_whoever_has_it(site: Site) -> None:
    await create(site)
    user = {"EmailAddress": "bob@example.com", "Password": PASSWORD}
    await site.json(site.at("/Users"), method="POST", form=user)
    for address in ("ada@example.com", "ADA@EXAMPLE.COM", "bob@example.com"):
        answer = await site.ask(f"{ALL}.json", method="POST", form={**FORM, "EmailAddress": address})
        assert (answer.status_code, answer.json()["code"]) == (409, 20409)


async def test_there_are_three_levels(site: Site) -> None:
    above: AccountRow | None = None
    for name in ("second", "third"):
        made = await create(site, above, EmailAddress=f"{name}@example.com")
        above = kept(site, made["sid"])
    answer = await site.ask(f"{ALL}.json", method="POST", user=above, form=FORM)
    assert answer.status_code == 400
    assert "3 levels" in answer.json()["message"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_account_is_changed_by_itself_and_from_above(site: Site, method: str) -> None:
    made = await create(site)
    form = {
        "FriendlyName": "New",
        "Metadata": '{"crm": [1, "ü"]}',
        "RecordAll": "stereo",
        "Password": "a newer battery",
    }
    child = kept(site, made["sid"])
    for user in (site.account, child):
        changed = await site.json(site.at("", account=child.sid), method=method, user=user, form=form)
        assert (changed["friendly_name"], changed["metadata"]) == ("New", {"crm": [1, "ü"]})
        assert (changed["record_all"], changed["email_address"]) == ("stereo", "ada@example.com")
    assert await site.json(site.at("", account=child.sid), auth=("ada@example.com", "a newer battery"))
    cleared = await site.json(
        site.at("", account=child.sid), method=method, form={"Metadata": "", "RecordAll": ""}
    )
    assert "metadata" not in cleared
    assert "record_all" not in cleared
    assert cleared["friendly_name"] == "New"


async def test_metadata_is_text_in_xml(site: Site) -> None:
    await site.json(site.at(""), method="POST", form={"Metadata": '{"a": "<b>"}'})
    answer = await site.ask(site.at(""))
    assert etree.fromstring(answer.content).findtext("Account/Metadata") == '{"a":"<b>"}'


async def test_what_was_changed_a_moment_ago_is_not_undone(site: Site) -> None:
    await site.json(site.at(""), method="POST", form={"FriendlyName": "First"})
    await site.json(site.at(""), method="POST", form={"RecordAll": "mono"})
    shown = await site.json(site.at(""))
    assert (shown["friendly_name"], shown["record_all"]) == ("First", "mono")


async def test_an_account_does_not_let_itself_in_again_or_out_for_ever(site: Site) -> None:
    made = await create(site)
    child = kept(site, made["sid"])
    for user, status in ((site.account, "closed"), (site.account, "suspended"), (child, "suspended")):
        answer = await site.ask(
            site.at(".json", account=user.sid), method="POST", user=user, form={"Status": status}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, 20403)
    closed = await site.json(
        site.at("", account=child.sid), method="POST", user=child, form={"Status": "closed"}
    )
    assert closed["status"] == "closed"


async def test_closing_closes_all_below_for_good(site: Site) -> None:
    made = await create(site)
    child = kept(site, made["sid"])
    grandchild = kept(site, (await create(site, child, EmailAddress="bob@example.com"))["sid"])
    number = {"PhoneNumber": "+15550001234"}
    phone = {"Login": "bob", "Password": "bobs phone!"}
    at = site.at("", account=grandchild.sid)
    await site.json(f"{at}/IncomingPhoneNumbers", method="POST", form=number, user=grandchild)
    await site.json(f"{at}/Clients", method="POST", form=phone, user=grandchild)
    path = site.at(".json", account=child.sid)
    assert (await site.json(path, method="POST", form={"Status": "closed"}))["status"] == "closed"
    for user in (child, grandchild):
        assert kept(site, user.sid).status is AccountStatus.CLOSED
    for status in ("active", "closed", ""):
        answer = await site.ask(path, method="POST", form={"Status": status, "FriendlyName": "x"})
        assert answer.status_code == 400
        assert "for good" in answer.json()["message"]
    assert (await site.json(path))["status"] == "closed"
    # What they held is free for others, and nothing can be set up there any more.
    await site.json(site.at("/IncomingPhoneNumbers"), method="POST", form=number)
    await site.json(site.at("/Clients"), method="POST", form=phone)
    answer = await site.ask(f"{at}/Applications.json", method="POST", form={"FriendlyName": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, 20005)


@pytest.mark.parametrize("status", ["suspended", "inactive", "uninitialized"])
async def test_below_an_account_that_is_not_active_nobody_gets_in(site: Site, status: str) -> None:
    child = story.account(site.database, parent_sid=site.account.sid)
    grandchild = story.account(site.database, parent_sid=child.sid)
    here = site.at("", account=grandchild.sid)
    await site.json(site.at("", account=child.sid), method="POST", form={"Status": status})
    answer = await site.ask(f"{here}.json", user=grandchild)
    assert (answer.status_code, answer.json()["code"]) == (403, 20005)
    assert (await site.json(here))["sid"] == grandchild.sid
    await site.json(site.at("", account=child.sid), method="POST", form={"Status": "active"})
    assert kept(site, child.sid).status is AccountStatus.ACTIVE


async def test_a_developers_account_makes_none_below(site: Site) -> None:
    made = await create(site, Role="developer")
    assert made["role"] == "Developer"
    child = kept(site, made["sid"])
    for path, form in (
        (ALL, FORM),
        (site.at("", account=child.sid), {"Role": "administrator"}),
        (site.at("/ApiKeys", account=child.sid), {}),
    ):
        answer = await site.ask(f"{path}.json", method="POST", user=child, form=form)
        assert (answer.status_code, answer.json()["code"]) == (403, 20403)
    await site.json(
        site.at("/Applications", account=child.sid), method="POST", user=child, form={"FriendlyName": "a"}
    )


async def test_another_ones_account_does_not_exist(site: Site) -> None:
    other = story.account(site.database, email_address="eve@example.com")
    for path in (f"{ALL}/{other.sid}", f"{ALL}/eve@example.com", f"{ALL}/AC{'0' * 32}", f"{ALL}/x%00"):
        for method in ("GET", "POST", "PUT"):
            answer = await site.ask(f"{path}.json", method=method, form={"Status": "closed"})
            assert answer.status_code == 404
    assert kept(site, other.sid).status is AccountStatus.ACTIVE


async def test_whoever_does_not_sign_in_makes_no_account(site: Site) -> None:
    wrong = "Basic " + base64.b64encode(b"x:y").decode()
    for method in ("GET", "POST"):
        answer = await site.ask(ALL, method=method, form=FORM, headers={"authorization": wrong})
        assert answer.status_code == 401
