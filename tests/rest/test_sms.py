from typing import Any

import pytest

from offhook.call.info import new_id
from offhook.call.messages import MessageFilter, MessageStatus
from offhook.records.messages import Messages
from offhook.verbs import MessageKind
from tests.messaging.some import message
from tests.records.story import NOON, account, after
from tests.rest.site import Site

GOOD = {"From": "+15551234567", "To": "+15557654321", "Body": "hello & goodbye"}


async def posted(site: Site, form: dict[str, str], path: str = "/SMS/Messages.json") -> Any:
    return await site.json(site.at(path), method="POST", form=form)


async def test_a_text_message_is_taken_to_be_sent(site: Site) -> None:
    shown = await posted(
        site, {**GOOD, "StatusCallback": "http://app.example/told", "StatusCallbackMethod": "GET"}
    )
    sid = shown["sid"]
    assert {name: shown[name] for name in ("from", "to", "body", "status", "direction")} == {
        "from": "+15551234567",
        "to": "+15557654321",
        "body": "hello & goodbye",
        "status": "queued",
        "direction": "outbound-api",
    }
    assert shown["uri"] == f"/2012-04-24/Accounts/{site.account.sid}/SMS/Messages/{sid}.json"
    assert await site.json(site.at(f"/SMS/Messages/{sid}")) == shown
    [kept] = (
        Messages(site.database)
        .page(site.account.sid, MessageFilter(kind=MessageKind.SMS), offset=0, limit=5)
        .rows
    )
    assert (f"SM{kept.message_id}", kept.status_callback and kept.status_callback.method) == (sid, "GET")
    assert kept.next_at is not None


async def test_a_text_message_in_xml(site: Site) -> None:
    answer = await site.ask(site.at("/SMS/Messages"), method="POST", form=GOOD)
    assert answer.text.count("<SMSMessage>") == 1
    assert "<Body>hello &amp; goodbye</Body>" in answer.text
    listed = await site.ask(site.at("/SMS/Messages"))
    assert '<SMSMessages page="0" numpages="0"' in listed.text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"From": ""}, "From"),
        ({"To": ""}, "To"),
        ({"Body": " "}, "Body"),
        ({"To": "12345"}, "To"),
        ({"To": "+1555123456789012"}, "To"),
        ({"To": "hello"}, "To"),
        ({"From": "a name that is too long"}, "From"),
        ({"Body": "x" * 1601}, "Body"),
        ({"Body": "a\x00b"}, "Body"),
        ({"Encoding": "utf-8"}, "Encoding"),
        ({"StatusCallback": "ftp://app.example"}, "StatusCallback"),
    ],
)
async def test_bad_input_is_named(site: Site, change: dict[str, str], named: str) -> None:
    answer = await site.ask(site.at("/SMS/Messages.json"), method="POST", form={**GOOD, **change})
    assert (answer.status_code, answer.json()["message"].split()[0]) == (400, named)


@pytest.mark.parametrize("sender", ["Offhook", "12345", "+15551234567", "15551234567"])
async def test_a_sender_is_a_number_a_short_code_or_a_name(site: Site, sender: str) -> None:
    shown = await posted(site, {**GOOD, "From": sender})
    assert shown["from"].lstrip("+") == sender.lstrip("+")


async def test_the_list_is_narrowed_and_put_in_order(site: Site) -> None:
    messages = Messages(site.database)
    for number, (body, status) in enumerate([("apple", "sent"), ("pear", "failed"), ("plum", "sent")]):
        row = message(
            account_sid=site.account.sid,
            body=body,
            status=MessageStatus(status),
            date_created=after(number * 86400),
            date_sent=NOON,
            error_code=30008 if status == "failed" else None,
        )
        messages.create(row)

    async def bodies(**query: str) -> list[str]:
        page = await site.ask(site.at("/SMS/Messages.json"), params=query)
        assert page.status_code == 200, page.text
        return [shown["body"] for shown in page.json()["messages"]]

    assert await bodies() == ["plum", "pear", "apple"]
    assert await bodies(SortBy="DateCreated") == ["apple", "pear", "plum"]
    assert await bodies(SortBy="Body:desc", Status="sent") == ["plum", "apple"]
    assert await bodies(Body="p%", EndTime="2026-03-10") == ["pear"]
    assert await bodies(StartTime="2026-03-11") == ["plum"]
    assert await bodies(From="+1999") == []
    page = await site.ask(site.at("/SMS/Messages.json"), params={"PageSize": "2", "Status": "sent"})
    assert (page.json()["total"], "Status=sent" in page.json()["first_page_uri"]) == (2, True)
    shown = (await site.ask(site.at("/SMS/Messages.json"), params={"Body": "pear"})).json()["messages"][0]
    assert (shown["error_code"], shown["date_sent"]) == (30008, "2026-03-09T12:00:00.000+00:00")
    for bad in ({"SortBy": "Colour"}, {"SortBy": "To:up"}, {"Status": "lost"}, {"StartTime": "x"}):
        answer = await site.ask(site.at("/SMS/Messages.json"), params=bad)
        assert (answer.status_code, answer.json()["message"].split()[0]) == (400, next(iter(bad)))


async def test_a_message_of_another_account_or_kind_is_not_found(site: Site) -> None:
    stranger = account(site.database)
    hers, other = (
        message(account_sid=stranger.sid),
        message(account_sid=site.account.sid, kind=MessageKind.MESSAGE),
    )
    for row in (hers, other):
        Messages(site.database).create(row)
    for sid in (f"SM{hers.message_id}", f"SM{other.message_id}", f"SM{new_id()}", "SM", "x"):
        assert (await site.ask(site.at(f"/SMS/Messages/{sid}.json"))).status_code == 404
