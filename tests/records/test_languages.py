"""The language of applications: where it comes from, and what is kept with a call and its callbacks because of it."""

from dataclasses import replace

import pytest

from offhook.call.info import new_id
from offhook.call.messages import MessageReport, MessageRow, MessageStatus
from offhook.call.rows import AccountRow
from offhook.records.applications import Applications
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.message_queue import MessageQueue
from offhook.records.messages import Messages
from offhook.records.numbers import Numbers
from offhook.records.outbox import Outbox
from offhook.verbs import Method, Request, Target
from tests.messaging.some import message
from tests.records.story import NOON, record, started
from tests.records.test_accounts_and_numbers import number
from tests.records.test_routing import application

ANSWER, SPARE, END = "https://app.example/answer", "https://app.example/spare", "https://app.example/end"


def test_an_application_of_its_own_language_brings_all_its_addresses(
    database: Database, account: AccountRow
) -> None:
    menu = replace(
        application(account, ANSWER),
        language="other",
        method=Method.GET,
        fallback_url=SPARE,
        status_callback=END,
        status_callback_method=Method.GET,
    )
    Applications(database).create(menu)
    own = number(
        account.sid,
        "4711",
        is_sip=True,
        voice_application_sid=menu.sid,
        voice_fallback_url="https://old.example/spare",
        status_callback="https://old.example/end",
    )
    assert Numbers(database).create(own)
    found = Numbers(database).find_for_call("4711")
    assert found is not None
    assert found.language == "other"
    assert found.application == Target(ANSWER, Method.GET)
    assert found.fallback == Target(SPARE, Method.POST)
    assert found.status_target == Target(END, Method.GET)
    assert Numbers(database).all(10) == (found,)
    assert Applications(database).get(account.sid, menu.sid) == menu


def test_one_that_names_none_leaves_the_number_its_own(database: Database, account: AccountRow) -> None:
    menu = application(account, ANSWER)
    Applications(database).create(menu)
    own = number(account.sid, "4712", is_sip=True, voice_application_sid=menu.sid, voice_fallback_url=SPARE)
    assert Numbers(database).create(own)
    found = Numbers(database).find_for_call("4712")
    assert found is not None
    assert (found.language, found.fallback) == (None, Target(SPARE))


def test_a_call_keeps_the_language_and_its_callbacks_their_signature(
    database: Database, account: AccountRow
) -> None:
    call_id = new_id()
    told = Request(Target(END), (("CallStatus", "failed"),), signature="other")
    fact = started(account.sid, call_id, NOON, callbacks=(told,), if_lost=told)
    record(database, replace(fact, info=replace(fact.info, language="other")))
    call = Calls(database).get(account.sid, call_id)
    assert call is not None
    assert (call.language, call.if_lost) == ("other", told)
    [item] = Outbox(database).claim(10, 30.0)
    assert item.request == told


@pytest.mark.parametrize("language", ["other", None])
def test_a_message_is_told_in_the_language_of_its_call(
    database: Database, account: AccountRow, language: str | None
) -> None:
    heard: list[MessageRow] = []

    def tell(message: MessageRow) -> None:
        heard.append(message)

    call_id = new_id()
    fact = started(account.sid, call_id, NOON)
    record(database, replace(fact, info=replace(fact.info, language=language)))
    Messages(database).create(message(account_sid=account.sid, call_id=call_id, status_callback=Target(END)))
    queue = MessageQueue(database, tell)
    [taken] = queue.take(10, 60)
    assert taken.application_language is None
    queue.report(
        MessageReport(message=taken, status=MessageStatus.SENT, at=NOON, provider="http", reference="1")
    )
    assert [one.application_language for one in heard] == [language]
