import pytest

from offhook.records.emails import Emails
from tests.records.story import account
from tests.rest.site import Site

GOOD = {
    "From": "Ada <ada@example.com>",
    "To": "bob@example.org, eve@example.org",
    "Subject": "News",
    "Body": "hello\nworld",
}


async def test_an_email_is_taken_to_be_sent(site: Site) -> None:
    form = {**GOOD, "CC": "zoe@example.org", "Type": "text/html"}
    shown = await site.json(site.at("/Email/Messages"), method="POST", form=form)
    assert {name: shown[name] for name in ("from", "to", "cc", "subject", "body", "type", "status")} == {
        "from": "Ada <ada@example.com>",
        "to": "bob@example.org, eve@example.org",
        "cc": "zoe@example.org",
        "subject": "News",
        "body": "hello\nworld",
        "type": "text/html",
        "status": "queued",
    }
    assert await site.json(site.at(f"/Email/Messages/{shown['sid']}")) == shown
    assert (await site.json(site.at("/Email/Messages")))["messages"] == [shown]
    assert len(Emails(site.database).take(10, 60)) == 1
    xml = await site.ask(site.at("/Email/Messages"), params={"Subject": "N%", "Status": "sending"})
    assert "<EmailMessage><Sid>EM" in xml.text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"From": ""}, "From"),
        ({"From": "ada"}, "From"),
        ({"From": "ada@example.com, bob@example.org"}, "From"),
        ({"To": ""}, "To"),
        ({"To": "bob@example.org, eve"}, "To"),
        ({"To": ", ".join(f"b{number}@example.org" for number in range(51))}, "To"),
        ({"CC": "x"}, "CC"),
        ({"BCC": "a@b\r\nTo: c@d"}, "BCC"),
        ({"Subject": ""}, "Subject"),
        ({"Subject": "a\nBcc: eve@example.org"}, "Subject"),
        ({"Body": ""}, "Body"),
        ({"Type": "image/png"}, "Type"),
    ],
)
async def test_bad_input_is_named(site: Site, change: dict[str, str], named: str) -> None:
    answer = await site.ask(site.at("/Email/Messages.json"), method="POST", form={**GOOD, **change})
    assert (answer.status_code, answer.json()["message"].split()[0]) == (400, named)


async def test_an_email_of_another_account_is_not_found(site: Site) -> None:
    shown = await site.json(site.at("/Email/Messages"), method="POST", form=GOOD)
    stranger = account(site.database)
    path = site.at(f"/Email/Messages/{shown['sid']}.json", account=stranger.sid)
    assert (await site.ask(path, user=stranger)).status_code == 404
    assert (await site.ask(site.at("/Email/Messages/EM1.json"))).status_code == 404
