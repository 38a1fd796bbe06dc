import pytest

from tests.rest.site import Site

GOOD = {"from": "sms:+15551234567", "to": "sms:+15557654321", "body": "hello"}


async def test_a_message_is_sent_with_json_and_answered_in_json(site: Site) -> None:
    body = {
        **GOOD,
        "status_callback": "http://app.example/told",
        "status_callback_event": ["delivered", "failed"],
        "media_url": ["http://app.example/cat.png"],
    }
    answer = await site.ask(site.at("/Messages"), method="POST", json=body)
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert {name: shown[name] for name in ("channel", "from", "to", "body", "media_url", "status")} == {
        "channel": "sms",
        "from": "sms:+15551234567",
        "to": "sms:+15557654321",
        "body": "hello",
        "media_url": ["http://app.example/cat.png"],
        "status": "queued",
    }
    assert shown["sid"][:2] == "ME"
    assert await site.json(site.at(f"/Messages/{shown['sid']}")) == shown
    page = await site.json(site.at("/Messages"))
    assert (page["total"], page["messages"]) == (1, [shown])
    assert (await site.json(site.at("/SMS/Messages")))["total"] == 0
    found = await site.ask(site.at("/Messages.json"), params={"To": "sms:+15557654321"})
    assert found.json()["total"] == 1


async def test_a_message_is_sent_with_a_form_and_answered_in_xml(site: Site) -> None:
    form = {"From": "mms:+15551234567", "To": "+15557654321", "MediaUrl": "http://app.example/cat.png"}
    answer = await site.ask(site.at("/Messages"), method="POST", form=form)
    assert "<Channel>mms</Channel>" in answer.text
    assert "<MediaUrl>http://app.example/cat.png</MediaUrl>" in answer.text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"from": ""}, "From"),
        ({"to": "sms:"}, "To"),
        ({"to": "sms:me"}, "To"),
        ({"to": "mms:+15557654321"}, "From"),
        ({"body": ""}, "Body"),
        ({"media_url": "cat.png"}, "MediaUrl"),
        ({"status_callback": "no"}, "StatusCallback"),
        ({"status_callback_event": "eaten"}, "StatusCallbackEvent"),
    ],
)
async def test_bad_input_is_named(site: Site, change: dict[str, str], named: str) -> None:
    answer = await site.ask(site.at("/Messages.json"), method="POST", json={**GOOD, **change})
    assert (answer.status_code, answer.json()["message"].split()[0]) == (400, named)


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff"])
async def test_what_is_no_json_is_refused(site: Site, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = await site.ask(site.at("/Messages.json"), method="POST", content=body, headers=headers)
    assert (answer.status_code, "JSON object" in answer.json()["message"]) == (400, True)


async def test_an_identity_from_its_making_to_its_end(site: Site) -> None:
    form = {"Identity": "sms:+15551234567", "MessageUrl": "http://app.example/in", "FriendlyName": "Line"}
    made = await site.json(site.at("/ChannelIdentities"), method="POST", form=form)
    path = site.at(f"/ChannelIdentities/{made['sid']}")
    assert (made["channel"], made["identity"], made["message_method"]) == (
        "sms",
        "sms:+15551234567",
        "POST",
    )
    taken = await site.ask(site.at("/ChannelIdentities.json"), method="POST", form=form)
    assert (taken.status_code, taken.json()["code"]) == (400, 21452)
    changed = await site.json(
        path, method="POST", form={"MessageUrl": "", "MessageMethod": "get", "FriendlyName": "Desk"}
    )
    assert ("message_url" in changed, changed["message_method"], changed["friendly_name"]) == (
        False,
        "GET",
        "Desk",
    )
    assert (await site.json(path))["friendly_name"] == "Desk"
    assert (await site.json(site.at("/ChannelIdentities")))["total"] == 1
    listed = await site.ask(site.at("/ChannelIdentities.json"), params={"Channel": "mms"})
    assert listed.json()["total"] == 0
    assert (await site.ask(path, method="DELETE")).status_code == 204
    assert (await site.ask(path, method="DELETE")).status_code == 404
    assert (await site.ask(path)).status_code == 404


@pytest.mark.parametrize(
    ("form", "named"),
    [
        ({}, "Identity"),
        ({"Identity": "+15551234567"}, "Channel"),
        ({"Identity": "sms:a very long name"}, "Identity"),
        ({"Identity": "x", "Channel": "9"}, "Channel"),
    ],
)
async def test_a_bad_identity_is_named(site: Site, form: dict[str, str], named: str) -> None:
    answer = await site.ask(site.at("/ChannelIdentities.json"), method="POST", form=form)
    assert (answer.status_code, answer.json()["message"].split()[0]) == (400, named)
