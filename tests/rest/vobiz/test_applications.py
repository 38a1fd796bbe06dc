"""Applications, and the numbers that they answer."""

import base64
from typing import Any

import pytest

from offhook.records.numbers import Numbers
from offhook.verbs import Method, Target
from tests.records import story
from tests.rest.site import Site
from tests.rest.vobiz.asking import URL, refused, told

WHOLE = {
    "app_name": "main_menu-2",
    "answer_url": URL,
    "answer_method": "get",
    "hangup_url": "http://app.example/hangup",
    "hangup_method": "GET",
    "fallback_answer_url": "http://app.example/fallback",
    "fallback_method": "POST",
    "default_number_app": False,
}


async def made(site: Site, **fields: Any) -> str:
    """The id of a new application."""
    body = {"app_name": "menu", "answer_url": URL, **fields}
    return str((await told(site, "/Application/", "POST", body, status=201))["app_id"])


async def test_one_is_made_shown_changed_and_deleted(site: Site) -> None:
    app_id = await made(site, **WHOLE)
    shown = await told(site, f"/Application/{app_id}/")
    assert {name: shown[name] for name in WHOLE if name in shown} == {
        **{name: value for name, value in WHOLE.items() if name != "default_number_app"},
        "answer_method": "GET",
    }
    assert shown["resource_uri"] == f"/v1/Account/{site.account.auth_id}/Application/{app_id}/"
    changed = await told(
        site,
        f"/Application/{app_id}/",
        "POST",
        {"answer_url": "http://b.example/", "hangup_url": ""},
        status=202,
    )
    assert changed["message"] == "changed"
    shown = await told(site, f"/Application/{app_id}/")
    assert (shown["answer_url"], shown["hangup_url"]) == ("http://b.example/", "")
    assert shown["fallback_answer_url"] == WHOLE["fallback_answer_url"]
    gone = await site.ask(f"/v1/Account/{site.account.sid}/Application/{app_id}/", method="DELETE")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await refused(site, f"/Application/{app_id}/"))[0] == 404


async def test_they_are_listed_newest_first_in_stretches(site: Site) -> None:
    ids = [await made(site, app_name=f"menu{number}") for number in range(3)]
    said = await told(site, "/Application/?limit=2")
    assert [row["app_id"] for row in said["objects"]] == ids[:0:-1]
    assert said["meta"]["total_count"] == 3
    said = await told(site, said["meta"]["next"].partition(site.account.auth_id)[2])
    assert [row["app_id"] for row in said["objects"]] == ids[:1]
    assert (said["meta"]["next"], "offset=0" in said["meta"]["previous"]) == (None, True)
    assert len((await told(site, "/Application/?app_name=menu1"))["objects"]) == 1


async def test_those_of_the_other_api_are_not_seen(site: Site) -> None:
    other = await site.json(
        site.at("/Applications"), method="POST", form={"FriendlyName": "menu", "RcmlUrl": URL}
    )
    assert (await told(site, "/Application/"))["objects"] == []
    assert (await refused(site, f"/Application/{other['sid']}/"))[0] == 404


WHAT_CANNOT_BE_IS_REFUSED: list[tuple[Any, ...]] = [
    ({}, "app_name is required"),
    ({"app_name": "menu"}, "answer_url is required"),
    ({"app_name": "m<", "answer_url": URL}, "app_name must be letters"),
    ({"app_name": "", "answer_url": URL}, "app_name must be"),
    ({"app_name": "menu", "answer_url": "ftp://app.example"}, "answer_url must be an absolute http"),
    ({"app_name": "menu", "answer_url": URL, "answer_method": "PUT"}, "answer_method must be GET or POST"),
    ({"app_name": "menu", "answer_url": URL, "default_number_app": "maybe"}, "must be true or false"),
]


async def test_what_cannot_be_is_refused(site: Site) -> None:
    for body, words in WHAT_CANNOT_BE_IS_REFUSED:
        status, said = await refused(site, "/Application/", "POST", body)
        assert (status, words in said) == (400, True), said


@pytest.mark.parametrize("written", ["%2B15551234567", "15551234567", "+15551234567"])
@pytest.mark.parametrize("called", ["+15551234567", "15551234567"])
async def test_a_number_is_created_and_answered_by_the_application(
    site: Site, written: str, called: str
) -> None:
    app_id = await made(site, **WHOLE)
    said = await told(site, f"/numbers/{written}/application", "POST", {"application_id": app_id})
    assert said["number"] == "+15551234567"
    number = Numbers(site.database).find_for_call(called)
    assert number is not None
    assert number.application == Target(URL, Method.GET)
    assert number.fallback == Target("http://app.example/fallback")
    assert number.status_target == Target("http://app.example/hangup", Method.GET)
    assert number.language == "vobiz"


@pytest.mark.parametrize("digits", ["2000", "0123456789", "7"])
async def test_a_number_may_be_any_digits(site: Site, digits: str) -> None:
    app_id = await made(site)
    await told(site, f"/numbers/{digits}/application/", "POST", {"application_id": app_id}, under="/v1")
    number = Numbers(site.database).find_for_call(digits)
    assert number is not None
    assert (number.phone_number, number.application) == (digits, Target(URL))


async def test_a_number_changes_its_application_and_loses_it(site: Site) -> None:
    first, second = await made(site), await made(site, answer_url="http://b.example/")
    for app_id in (first, second, second):
        await told(site, "/numbers/%2B15551234567/application", "POST", {"app_id": app_id})
    assert (await refused(site, f"/Application/{second}/", "DELETE"))[0] == 409
    gone = await site.ask(
        f"/api/v1/Account/{site.account.sid}/numbers/15551234567/application/", method="DELETE"
    )
    assert gone.status_code == 204
    number = Numbers(site.database).find_for_call("+15551234567")
    assert number is not None
    assert (number.application, number.language) == (None, None)


async def test_an_application_with_numbers_goes_with_cascade(site: Site) -> None:
    app_id = await made(site)
    await told(site, "/numbers/15551234567/application", "POST", {"application_id": app_id})
    path = f"/api/v1/Account/{site.account.sid}/Application/{app_id}/?cascade=true"
    assert (await site.ask(path, method="DELETE")).status_code == 204


async def test_what_belongs_to_another_is_not_touched(site: Site) -> None:
    other = story.account(site.database)
    theirs = {"name": other.auth_id, "token": other.auth_token, "owner": other.auth_id}
    app_id = await made(site)
    body = {"app_name": "menu", "answer_url": URL}
    their_app = (await told(site, "/Application/", "POST", body, status=201, **theirs))["app_id"]
    await told(site, "/numbers/15551234567/application", "POST", {"application_id": app_id})
    attach = ("/numbers/%2B15551234567/application", "POST", {"application_id": their_app})
    assert (await refused(site, *attach, **theirs))[0] == 409
    assert (await refused(site, attach[0], "DELETE", **theirs))[0] == 404
    assert (await refused(site, attach[0], "POST", {"application_id": their_app}))[0] == 404


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/numbers/abc/application", {"application_id": "AP" + 32 * "0"}, 404),
        ("/numbers/15551234567/application", {}, 400),
        ("/numbers/15551234567/application", {"application_id": "AP" + 32 * "0"}, 404),
    ],
)
async def test_attaching_what_is_not_there(site: Site, path: str, body: dict[str, str], status: int) -> None:
    assert (await refused(site, path, "POST", body))[0] == status


async def test_a_number_of_letters_is_none(site: Site) -> None:
    app_id = await made(site)
    assert (await refused(site, "/numbers/ada/application", "POST", {"application_id": app_id}))[0] == 400
    assert (await refused(site, "/numbers/15550009999/application", "DELETE"))[0] == 404


@pytest.mark.parametrize("named", ["sid", "auth_id"])
@pytest.mark.parametrize("way", ["headers", "basic"])
async def test_every_way_of_signing_in_attaches_every_spelling_of_a_number(
    site: Site, named: str, way: str
) -> None:
    name, token = getattr(site.account, named), site.account.auth_token
    basic = "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()
    signed = {"x-auth-id": name, "x-auth-token": token} if way == "headers" else {"authorization": basic}
    app_id = await made(site)
    spellings = {
        "%2B2000": "2000",
        "2001": "+2001",
        "%2B15551230001": "15551230001",
        "0" * 32: "+" + "0" * 32,
    }
    for written, called in spellings.items():
        for slash, status in (("", 200), ("/", 200)):
            path = f"/numbers/{written}/application{slash}"
            said = await told(
                site, path, "POST", {"application_id": app_id}, owner=name, headers=signed, status=status
            )
            assert said["number"].lstrip("+") == written.replace("%2B", "")
        for number in (called, written.replace("%2B", "+")):
            found = Numbers(site.database).find_for_call(number)
            assert found is not None, number
            assert (found.account_sid, found.application) == (site.account.sid, Target(URL))


async def test_a_number_that_another_account_spells_otherwise_is_theirs(site: Site) -> None:
    other = story.account(site.database)
    theirs = {"name": other.auth_id, "token": other.auth_token, "owner": other.auth_id}
    body = {"app_name": "menu", "answer_url": URL}
    their_app = (await told(site, "/Application/", "POST", body, status=201, **theirs))["app_id"]
    app_id = await made(site)
    await told(site, "/numbers/2000/application", "POST", {"application_id": app_id})
    for written in ("2000", "%2B2000"):
        path = f"/numbers/{written}/application"
        status, words = await refused(site, path, "POST", {"application_id": their_app}, **theirs)
        assert (status, "another account" in words) == (409, True)
        # A sub-account's path, or another account's, is not opened by one's own token either.
        assert (await refused(site, path, "POST", {"application_id": app_id}, owner=other.auth_id))[0] == 404
