"""Users and API keys of an account: who they are, what they open, and what each may do."""

from typing import Any

import pytest
from lxml import etree

from tests.records import story
from tests.rest.site import Site

ADA, PASSWORD = "ada@example.com", "correct horse battery"
USERS, KEYS = "/Users", "/ApiKeys"


async def user(site: Site, **form: str) -> Any:
    """A user, as the answer shows it."""
    wanted = {"EmailAddress": ADA, "Password": PASSWORD, **form}
    return await site.json(site.at(USERS), method="POST", form=wanted)


async def status(site: Site, path: str, **more: Any) -> int:
    """The status of an answer."""
    return (await site.ask(path, **more)).status_code


async def test_a_user_is_made_shown_changed_and_deleted(site: Site) -> None:
    made = await user(site, FriendlyName="Ada", EmailAddress="Ada@Example.com")
    assert (made["email_address"], made["friendly_name"]) == (ADA, "Ada")
    assert (made["role"], made["status"]) == ("developer", "active")
    assert not [name for name in made if "password" in name]
    path = site.at(f"{USERS}/{made['sid']}")
    assert await site.json(path) == made
    page = await site.json(site.at(USERS))
    assert (page["total"], page["users"]) == (1, [made])
    changed = await site.json(path, method="PUT", form={"Role": "viewer", "FriendlyName": "A. L."})
    assert (changed["role"], changed["friendly_name"]) == ("viewer", "A. L.")
    xml = etree.fromstring((await site.ask(site.at(USERS))).content)
    assert xml.findtext("Users/User/EmailAddress") == ADA
    assert await status(site, path, method="DELETE") == 200
    for method in ("GET", "PUT", "DELETE"):
        assert await status(site, path, method=method) == 404


async def test_a_user_opens_what_the_account_has_with_the_password_alone(site: Site) -> None:
    await user(site)
    assert await status(site, site.at("/Calls"), auth=(ADA, PASSWORD)) == 200
    assert await status(site, site.at("/Calls"), auth=(ADA.upper(), PASSWORD)) == 200
    for secret in (site.account.auth_token, "a wrong password", ""):
        assert await status(site, site.at("/Calls"), auth=(ADA, secret)) == 401
    shown = await site.json(site.at(""), auth=(ADA, PASSWORD))
    assert "auth_token" not in shown
    child = story.account(site.database, parent_sid=site.account.sid)
    assert await status(site, site.at("", account=child.sid), auth=(ADA, PASSWORD)) == 200
    other = story.account(site.database)
    assert await status(site, site.at("", account=other.sid), auth=(ADA, PASSWORD)) == 404


@pytest.mark.parametrize(
    ("role", "sets_up", "administers"),
    [("viewer", 403, 403), ("developer", 200, 403), ("administrator", 200, 200)],
)
async def test_a_role_says_what_one_may(site: Site, role: str, sets_up: int, administers: int) -> None:
    made = await user(site, Role=role)
    auth = (ADA, PASSWORD)
    await site.json(site.at(KEYS), method="POST", form={})
    for path in ("", "/Calls", USERS, KEYS, "/Applications", "/Usage/Records"):
        assert await status(site, site.at(path), auth=auth) == 200
    form = {"FriendlyName": "x"}
    assert await status(site, site.at("/Applications"), method="POST", form=form, auth=auth) == sets_up
    more = {"EmailAddress": "bob@example.com", "Password": PASSWORD}
    for path, form in ((USERS, more), (KEYS, {}), ("", {"FriendlyName": "x"})):
        assert await status(site, site.at(path), method="POST", form=form, auth=auth) == administers
    # Nobody raises themselves.
    own = site.at(f"{USERS}/{made['sid']}")
    form = {"Role": "viewer" if role == "administrator" else "administrator"}
    assert await status(site, own, method="POST", form=form, auth=auth) == 403


async def test_a_viewer_is_told_so(site: Site) -> None:
    await user(site, Role="viewer")
    for method in ("POST", "PUT", "DELETE"):
        answer = await site.ask(site.at("/Calls/x.json"), method=method, auth=(ADA, PASSWORD))
        if answer.status_code != 405:
            assert (answer.status_code, answer.json()["code"]) == (403, 20403)
            assert "viewer" in answer.json()["message"]
    answer = await site.ask(site.at("/Applications.json"), method="POST", auth=(ADA, PASSWORD))
    assert (answer.status_code, answer.json()["code"]) == (403, 20403)


async def test_users_change_their_own_password(site: Site) -> None:
    made = await user(site)
    path = site.at(f"{USERS}/{made['sid']}")
    form = {"Password": "another horse battery"}
    assert await status(site, path, method="POST", form=form, auth=(ADA, PASSWORD)) == 200
    # In a site of its own nothing is remembered from before.
    fresh = Site(site.database, site.account)
    assert await status(fresh, path, auth=(ADA, PASSWORD)) == 401
    assert await status(fresh, path, auth=(ADA, "another horse battery")) == 200


async def test_a_suspended_user_is_kept_out(site: Site) -> None:
    made = await user(site)
    await site.json(site.at(f"{USERS}/{made['sid']}"), method="POST", form={"Status": "suspended"})
    answer = await site.ask(site.at("/Calls.json"), auth=(ADA, PASSWORD))
    assert (answer.status_code, answer.json()["code"]) == (403, 20005)


async def test_a_user_of_an_account_that_is_not_active_is_kept_out(site: Site) -> None:
    child = story.account(site.database, parent_sid=site.account.sid)
    form = {"EmailAddress": ADA, "Password": PASSWORD}
    await site.json(site.at(USERS, account=child.sid), method="POST", form=form)
    await site.json(site.at("", account=child.sid), method="POST", form={"Status": "suspended"})
    assert await status(site, site.at("", account=child.sid), auth=(ADA, PASSWORD)) == 403


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"EmailAddress": "ada"}, "EmailAddress must be"),
        ({"Password": "1234"}, "Password must have 12"),
        ({"Role": "king"}, "Role must be one of administrator, developer, viewer"),
        ({"Status": "closed"}, "Status must be one of active, suspended"),
        ({"FriendlyName": "two\nlines"}, "FriendlyName must be a single line"),
    ],
)
async def test_a_bad_value_of_a_user_is_named(site: Site, form: dict[str, str], said: str) -> None:
    wanted = {"EmailAddress": ADA, "Password": PASSWORD, **form}
    answer = await site.ask(site.at(f"{USERS}.json"), method="POST", form=wanted)
    assert answer.status_code == 400
    assert said in answer.json()["message"]


async def test_an_address_is_one_users(site: Site) -> None:
    await user(site)
    other = story.account(site.database, email_address="eve@example.com")
    for address in (ADA, "eve@example.com"):
        answer = await site.ask(
            site.at(f"{USERS}.json", account=other.sid),
            method="POST",
            user=other,
            form={"EmailAddress": address, "Password": PASSWORD},
        )
        assert (answer.status_code, answer.json()["code"]) == (409, 20409)


async def test_a_keys_secret_is_shown_once_and_opens_until_it_is_revoked(site: Site) -> None:
    made = await site.json(site.at(KEYS), method="POST", form={"FriendlyName": "ci"})
    secret = made.pop("secret")
    path = site.at(f"{KEYS}/{made['sid']}")
    assert await site.json(path) == made
    page = await site.json(site.at(KEYS))
    assert (page["total"], page["api_keys"]) == (1, [made])
    assert secret not in (await site.ask(site.at(KEYS))).text
    renamed = await site.json(path, method="PUT", form={"FriendlyName": "nightly"})
    assert renamed["friendly_name"] == "nightly"
    assert await status(site, site.at("/Calls"), auth=(made["sid"], secret)) == 200
    form = {"FriendlyName": "x"}
    assert (
        await status(site, site.at("/Applications"), method="POST", form=form, auth=(made["sid"], secret))
        == 200
    )
    assert await status(site, path, method="DELETE") == 200
    for method in ("GET", "PUT", "DELETE"):
        assert await status(site, path, method=method) == 404
    assert (await site.json(site.at(KEYS)))["total"] == 0
    fresh = Site(site.database, site.account)
    assert await status(fresh, site.at("/Calls"), auth=(made["sid"], secret)) == 401


async def test_what_can_be_revoked_makes_nothing_that_stays(site: Site) -> None:
    made = await site.json(site.at(KEYS), method="POST", form={})
    auth = (made["sid"], made["secret"])
    people = {"EmailAddress": ADA, "Password": PASSWORD}
    for path, form in (
        (site.at(KEYS), {}),
        (site.at(USERS), people),
        ("/restcomm/2012-04-24/Accounts", people),
        (site.at(""), {"Password": PASSWORD}),
    ):
        assert await status(site, path, method="POST", form=form, auth=auth) == 403
    await user(site, Role="administrator")
    assert (
        await status(site, site.at(""), method="POST", form={"Password": PASSWORD}, auth=(ADA, PASSWORD))
        == 403
    )


async def test_another_accounts_users_and_keys_do_not_exist(site: Site) -> None:
    person, key = await user(site), await site.json(site.at(KEYS), method="POST", form={})
    other = story.account(site.database)
    for path in (f"{USERS}/{person['sid']}", f"{KEYS}/{key['sid']}"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = await site.ask(site.at(path, account=other.sid), method=method, user=other, form={})
            assert answer.status_code == 404
    assert await status(site, site.at("/Calls"), auth=(key["sid"], key["secret"])) == 200
