"""Who is let in, by what spelling of a path, and how refusals look."""

import base64

import pytest

from offhook.rest.vobiz.paths import route_path
from tests.records import story
from tests.rest.site import Site
from tests.rest.vobiz.asking import CALL, URL, ask, refused, told


@pytest.mark.parametrize("under", ["/api/v1", "/v1"])
@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("named", ["sid", "auth_id"])
async def test_sid_and_auth_id_open_every_spelling(site: Site, under: str, slash: str, named: str) -> None:
    name = getattr(site.account, named)
    said = await told(site, f"/Application{slash}", under=under, name=name, owner=name)
    assert said["objects"] == []


@pytest.mark.parametrize("under", ["/api/v1", "/v1"])
async def test_the_words_of_a_path_may_be_written_in_any_case(site: Site, under: str) -> None:
    sid = site.account.sid
    basic = (sid, site.account.auth_token)
    body = {"app_name": "menu", "answer_url": URL}
    made = await site.ask(f"{under}/account/{sid}/application/", method="POST", auth=basic, json=body)
    assert made.status_code == 201, made.text
    app_id = made.json()["app_id"]
    number = f"{under}/account/{sid}/Numbers/88201/Application"
    attached = await site.ask(number, method="POST", auth=basic, json={"application_id": app_id})
    assert (attached.status_code, attached.json()["number"]) == (200, "88201")
    shown = await site.ask(f"{under}/ACCOUNT/{sid}/APPLICATION/{app_id}", auth=basic)
    assert shown.json()["app_id"] == app_id
    for path in ("CDR", "cdr/recent", "conference", "recording/", "call/?status=live"):
        assert (await site.ask(f"{under}/account/{sid}/{path}", auth=basic)).status_code == 200, path
    assert (await site.ask(f"{under}/account/{sid}/call/{CALL}/dtmf/", auth=basic)).status_code == 405


def test_what_a_path_names_stays_as_it_is_written() -> None:
    assert route_path("/api/v1/account/MA1/conference/Play/member/Mute/mute/") == (
        "/v1/Account/MA1/Conference/Play/Member/Mute/Mute"
    )
    assert route_path("/v1/Account/x/numbers/1/application") == "/v1/Account/x/numbers/1/application"
    assert route_path("/v1/Account/x/cdr/Search") == "/v1/Account/x/cdr/Search"
    assert route_path("/v1") == route_path("/v1/") == "/v1"


async def test_the_path_may_name_the_account_the_other_way(site: Site) -> None:
    await told(site, "/Application/", name=site.account.sid, owner=site.account.auth_id)


@pytest.mark.parametrize("named", ["sid", "auth_id"])
async def test_basic_opens_too(site: Site, named: str) -> None:
    pair = f"{getattr(site.account, named)}:{site.account.auth_token}"
    basic = "Basic " + base64.b64encode(pair.encode()).decode()
    await told(site, "/Application/", headers={"authorization": basic})


async def test_a_wrong_token_and_none_are_refused(site: Site) -> None:
    assert (await refused(site, "/Application/", token="wrong"))[0] == 401
    assert (await refused(site, "/Application/", name="MA" + 18 * "X"))[0] == 401
    answer = await ask(site, "/Application/", headers={})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert "X-Auth-ID" in answer.json()["error"]


async def test_the_account_of_the_path_must_be_ones_own_or_below(site: Site) -> None:
    other = story.account(site.database)
    below = story.account(site.database, parent_sid=site.account.sid)
    assert (await refused(site, "/Application/", owner=other.auth_id))[0] == 404
    assert (await refused(site, "/Application/", owner="MA" + 18 * "Y"))[0] == 404
    await told(site, "/Application/", owner=below.auth_id)
    assert (await refused(site, "/Application/", name=below.auth_id, token=below.auth_token))[0] == 404


async def test_what_is_not_there_and_wrong_methods_are_told_as_json(site: Site) -> None:
    assert await refused(site, "/Nothing/") == (404, "There is nothing at this path.")
    assert await refused(site, "/Application/", "PUT", {}) == (405, "This resource does not take PUT.")
    assert (await refused(site, "/cdr", "POST", {}))[0] == 405


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"content": b"{", "headers": {"content-type": "application/json"}}, "no JSON"),
        ({"content": b"[1]", "headers": {"content-type": "application/json"}}, "a JSON object"),
        ({"content": b'{"a": {"b": []}}', "headers": {"content-type": "application/json"}}, "within others"),
        ({"content": b"<x/>", "headers": {"content-type": "application/xml"}}, "Send a JSON object"),
        ({"content": b"\xff=1", "headers": {"content-type": "application/x-www-form-urlencoded"}}, ""),
    ],
)
async def test_bodies_that_cannot_be_read(site: Site, more: dict[str, object], words: str) -> None:
    account = site.account
    headers = {
        "x-auth-id": account.auth_id,
        "x-auth-token": account.auth_token,
        **more["headers"],  # type: ignore[dict-item]
    }
    status, said = await refused(site, "/Application/", "POST", **{**more, "headers": headers})
    assert (status, words in said) == (400, True)


async def test_a_form_does_as_well_as_json(site: Site) -> None:
    form = {"app_name": "menu", "answer_url": URL}
    said = await told(site, "/Application/", "POST", status=201, data=form)
    assert said["app_id"].startswith("AP")


async def test_the_other_api_is_as_it_was(site: Site) -> None:
    said = await site.ask("/2012-04-24/Accounts/AC1/Calls.json", auth=("nobody", "x"))
    assert set(said.json()) == {"code", "message", "more_info"}
    assert "Restcomm" in said.headers["www-authenticate"]


async def test_the_account_is_shown(site: Site) -> None:
    for path in ("", "/"):
        said = await told(site, path)
        assert (said["auth_id"], said["name"]) == (site.account.auth_id, site.account.friendly_name)
    assert "auth_token" not in said
