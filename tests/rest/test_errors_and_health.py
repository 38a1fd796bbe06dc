from collections.abc import AsyncIterator

import pytest
import structlog.testing
from lxml import etree

from tests.rest.site import Site


async def test_the_account_shows_itself(site: Site) -> None:
    shown = await site.json(site.at(""))
    below = shown.pop("subresource_uris")
    account = f"/2012-04-24/Accounts/{site.account.sid}"
    assert shown == {
        "sid": site.account.sid,
        "organization": site.account.organization_sid,
        "friendly_name": "Example",
        "type": "Full",
        "status": "active",
        "role": "Administrator",
        "date_created": "Mon, 9 Mar 2026 12:00:00 +0000",
        "date_updated": "Mon, 9 Mar 2026 12:00:00 +0000",
        "auth_token": "secret",
        "uri": f"{account}.json",
    }
    assert below["calls"] == f"{account}/Calls.json"
    assert below["gathers_speech"] == f"{account}/Gathers/Speech.json"
    for uri in below.values():
        assert (await site.ask(uri)).status_code == 200, uri


async def test_an_error_has_one_shape_in_json(site: Site) -> None:
    answer = await site.ask(site.at("/Calls/none.json"))
    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": "There is no call none.",
        "more_info": "/restcomm/errors/20404.html",
    }


async def test_an_error_has_one_shape_in_xml(site: Site) -> None:
    answer = await site.ask(site.at("/Calls/<none>"))
    error = etree.fromstring(answer.content).find("RestException")
    assert [child.tag for child in error] == ["Code", "Message", "MoreInfo"]
    assert error.findtext("Message") == "There is no call <none>."


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/restcomm",
        "/restcomm/2012-04-24",
        "/restcomm/2012-04-24x/Accounts/AC1",
        "/restcomm/2013-01-01/Accounts/AC1",
        "/docs/oauth2-redirect",
        "/redoc",
        "/restcomm/2012-04-24//Accounts/AC1",
    ],
)
async def test_unknown_paths_are_not_found(site: Site, path: str) -> None:
    answer = await site.ask(path, headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    answer = await site.ask(path + "?x=1", headers={"accept": "text/html"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/Calls.json", "GET"),
        ("PATCH", "/Gathers/Speech", "GET"),
        ("POST", "/Notifications.json", "GET"),
    ],
)
async def test_a_method_that_is_not_taken_is_a_405(site: Site, method: str, path: str, allowed: str) -> None:
    answer = await site.ask(site.at(path), method=method)
    assert (answer.status_code, answer.json()["code"]) == (405, 20004)
    assert allowed in answer.headers["allow"]


async def test_a_fault_of_ours_tells_nothing(site: Site) -> None:
    site.lines.refusal = ZeroDivisionError("secret detail")
    form = {"From": "1", "To": "2", "Url": "http://app.example/"}
    with structlog.testing.capture_logs() as logs:
        answer = await site.ask(site.at("/Calls.json"), method="POST", form=form)
    assert (answer.status_code, answer.json()["code"]) == (500, 20500)
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert [entry["event"] for entry in logs] == ["request.broken"]


async def test_a_body_that_is_no_form_is_refused(site: Site) -> None:
    for content_type in ("application/json", "multipart/form-data; boundary=x"):
        answer = await site.ask(
            site.at("/Calls.json"), method="POST", content=b"{}", headers={"content-type": content_type}
        )
        assert (answer.status_code, answer.json()["code"]) == (415, 20415)
        assert "application/x-www-form-urlencoded" in answer.json()["message"]


@pytest.mark.parametrize("body", [b"From=\xff", b"&".join(b"a%d=1" % n for n in range(500))])
async def test_a_form_that_cannot_be_read_is_refused(site: Site, body: bytes) -> None:
    answer = await site.ask(
        site.at("/Calls.json"),
        method="POST",
        content=body,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 400


async def test_a_body_may_not_be_huge(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"From=" + b"1" * 100_000 + b"&"

    for content in (b"From=" + b"1" * 2_000_000, endless()):
        answer = await site.ask(
            site.at("/Calls.json"),
            method="POST",
            content=content,
            headers={"content-type": "application/x-www-form-urlencoded"},
        )
        assert (answer.status_code, answer.json()["code"]) == (413, 20413)
