"""Message: what becomes of it in a call, and what its callback is told."""

from dataclasses import replace

import pytest

from offhook.call.message_facts import MessageRaised
from offhook.call.messages import MessageStatus
from offhook.dialects.vobiz.messages_told import message_request
from offhook.verbs import Method, Target
from tests.dialects.vobiz.dialogues import dialogue
from tests.messaging.some import message

ADA, BOB = "+15551234567", "+15557654321"
TOLD = Target("http://app.example/told", Method.GET)


async def test_it_is_handed_over_and_the_call_goes_on() -> None:
    attributes = f'src="{ADA}" dst="15557654321" callbackUrl="{TOLD.url}" callbackMethod="GET"'
    voice = f"<Response><Message {attributes}> Hello, Bob </Message><Speak>next</Speak></Response>"
    course = await dialogue(voice)
    [fact] = course.done.facts.of(MessageRaised)
    assert (fact.from_, fact.to, fact.body, fact.channel) == (ADA, BOB, "Hello, Bob", "sms")
    assert fact.status_callback == TOLD
    assert course.heard == ["next starts", "next ends"]
    assert course.codes == []


async def test_each_of_several_gets_one_of_their_own() -> None:
    voice = f'<Response><Message src="{ADA}" dst="{BOB}&lt;+15557654322&lt;{BOB}">Hello</Message></Response>'
    facts = (await dialogue(voice)).done.facts.of(MessageRaised)
    assert [fact.to for fact in facts] == [BOB, "+15557654322"]
    assert len({fact.message_id for fact in facts}) == 2


async def test_without_numbers_it_goes_from_our_side_to_the_caller() -> None:
    course = await dialogue("<Response><Message>Hello</Message></Response>")
    [fact] = course.done.facts.of(MessageRaised)
    assert (fact.to, fact.from_) == (course.call.info.from_, course.call.info.to)


async def test_it_may_be_sent_before_the_answer() -> None:
    voice = f'<Response><PreAnswer><Message dst="{BOB}">Hi</Message></PreAnswer><Hangup reason="busy"/></Response>'
    course = await dialogue(voice)
    assert [fact.body for fact in course.done.facts.of(MessageRaised)] == ["Hi"]
    assert course.call.rejected_with == 486


async def test_one_to_nobody_fails_and_harms_nobody() -> None:
    voice = f'<Response><Message src="{ADA}" dst="Bob">Hello</Message><Speak>next</Speak></Response>'
    course = await dialogue(voice)
    [fact] = course.done.facts.of(MessageRaised)
    assert fact.error_code == 14101
    assert course.codes == [16810, 14101]
    assert course.heard[-1] == "next ends"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (MessageStatus.SENDING, "queued"),
        (MessageStatus.SENT, "sent"),
        (MessageStatus.DELIVERED, "delivered"),
        (MessageStatus.UNDELIVERED, "undelivered"),
        (MessageStatus.FAILED, "failed"),
    ],
)
def test_the_callback_is_told_its_state(status: MessageStatus, word: str) -> None:
    row = message(account_sid="AC" + 32 * "1", from_=ADA, to=BOB, status=status, status_callback=TOLD)
    request = message_request(row)
    assert request is not None
    told = dict(request.parameters)
    assert (told["Status"], told["From"], told["To"]) == (word, "15551234567", "15557654321")
    assert told["MessageUUID"].replace("-", "") == row.message_id
    assert request.target == TOLD
    assert "ErrorCode" not in told


def test_what_kept_it_from_its_recipient_is_told() -> None:
    row = message(
        account_sid="AC" + 32 * "1", status=MessageStatus.FAILED, status_callback=TOLD, error_code=30003
    )
    request = message_request(row, has_plus=True)
    assert request is not None
    told = dict(request.parameters)
    assert (told["ErrorCode"], told["From"][0]) == ("30003", "+")
    assert message_request(replace(row, status_callback=None)) is None
