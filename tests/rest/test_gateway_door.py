"""The door at which gateways tell of messages, and bring them."""

from typing import Any

import pytest

from offhook.call.info import new_id
from offhook.call.messages import MessageFilter, MessageRow, MessageStatus
from offhook.call.rows import NumberRow
from offhook.records.messages import Messages
from offhook.records.numbers import Numbers
from offhook.verbs import MessageKind
from tests.messaging.some import message
from tests.records.story import NOON
from tests.rest.site import GATEWAY_SECRET, Site

BEARER = {"authorization": f"Bearer {GATEWAY_SECRET}", "accept": "application/json"}


async def told(site: Site, path: str, body: dict[str, Any], **more: Any) -> tuple[int, dict[str, Any]]:
    answer = await site.ask(f"/messaging/http/{path}", method="POST", json=body, headers=BEARER, **more)
    return answer.status_code, answer.json()


def kept(site: Site) -> MessageRow:
    page = Messages(site.database).page(
        site.account.sid, MessageFilter(kind=MessageKind.SMS), offset=0, limit=5
    )
    return page.rows[0]


def sent(site: Site) -> MessageRow:
    row = message(
        account_sid=site.account.sid,
        status=MessageStatus.SENT,
        provider="http",
        provider_reference="gw-7",
        next_at=None,
    )
    Messages(site.database).create(row)
    return row


def has_number(site: Site) -> None:
    number = NumberRow(
        sid=f"PN{new_id()}",
        account_sid=site.account.sid,
        phone_number="+15551234567",
        friendly_name="line",
        api_version="2012-04-24",
        date_created=NOON,
        date_updated=NOON,
    )
    Numbers(site.database).create(number)


@pytest.mark.parametrize("named", ["id", "reference"])
async def test_a_receipt_changes_the_message(site: Site, named: str) -> None:
    row = sent(site)
    name = {"id": row.message_id, "reference": "gw-7"}[named]
    assert await told(site, "status", {named: name, "status": "DELIVRD"}) == (200, {"status": "ok"})
    assert kept(site).status is MessageStatus.DELIVERED


async def test_a_receipt_says_why_a_message_did_not_arrive(site: Site) -> None:
    sent(site)
    body = {"reference": "gw-7", "status": "undelivered", "error_code": 30006, "error": "a landline"}
    assert (await told(site, "status", body))[0] == 200
    assert (kept(site).status, kept(site).error_code, kept(site).error_message) == (
        "undelivered",
        30006,
        "a landline",
    )


async def test_a_receipt_that_is_not_the_last_word_changes_nothing(site: Site) -> None:
    sent(site)
    assert (await told(site, "status", {"reference": "gw-7", "status": "accepted"}))[0] == 200
    assert kept(site).status is MessageStatus.SENT


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"reference": "gw-7"}, 400, "status"),
        ({"reference": "gw-7", "status": "eaten"}, 400, "status"),
        ({"status": "sent"}, 400, "id"),
        ({"reference": "gw-8", "status": "sent"}, 404, "There"),
    ],
)
async def test_a_bad_receipt_is_told_so(site: Site, body: dict[str, str], status: int, named: str) -> None:
    answer = await told(site, "status", body)
    assert (answer[0], answer[1]["message"].replace(",", "").split()[0]) == (status, named)


async def test_a_message_comes_in_once(site: Site) -> None:
    has_number(site)
    body = {"from": "1 555 765 4321", "to": "15551234567", "body": "hi", "reference": "in-1"}
    first, again = await told(site, "incoming", body), await told(site, "incoming", body)
    assert first == again
    page = await site.json(site.at("/SMS/Messages"))
    [shown] = page["messages"]
    assert {name: shown[name] for name in ("sid", "from", "to", "body", "status", "direction")} == {
        "sid": f"SM{first[1]['id']}",
        "from": "+15557654321",
        "to": "+15551234567",
        "body": "hi",
        "status": "received",
        "direction": "inbound",
    }


async def test_a_message_comes_in_as_a_form_with_the_secret_in_the_query(site: Site) -> None:
    has_number(site)
    answer = await site.ask(
        "/messaging/http/incoming",
        method="POST",
        params={"secret": GATEWAY_SECRET},
        form={"from": "Bank", "to": "+15551234567", "body": "hi"},
    )
    assert answer.status_code == 200, answer.text
    assert kept(site).from_ == "Bank"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"to": "+15551234567", "body": "hi"}, 400),
        ({"from": "+15557654321", "body": "hi"}, 400),
        ({"from": "+15557654321", "to": "+15559999999", "body": "hi"}, 404),
        ({"from": "+15557654321", "to": "+15551234567", "channel": "A B"}, 400),
        ({"from": "x" * 300, "to": "+15551234567"}, 400),
    ],
)
async def test_a_bad_message_is_told_so(site: Site, body: dict[str, str], status: int) -> None:
    has_number(site)
    assert (await told(site, "incoming", body))[0] == status


async def test_the_door_opens_to_the_secret_alone(site: Site) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {GATEWAY_SECRET}"}):
        answer = await site.ask("/messaging/http/status", method="POST", form={}, headers=headers)
        assert answer.status_code == 401
        assert "OFFHOOK_SMS_SECRET" in answer.text
    answer = await site.ask("/messaging/smpp/status", method="POST", form={}, headers=BEARER)
    assert answer.status_code == 404
