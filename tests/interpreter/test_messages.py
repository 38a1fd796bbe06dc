"""Messages that a call sends: what is handed over, what the application is told, and that the call goes on."""

from typing import Any

import pytest

from offhook.call.info import CallStatus
from offhook.call.message_facts import EmailRaised, MessageRaised
from offhook.dialects.rcml.dialect import Rcml
from offhook.testing import ScriptedCall, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL

RCML = Rcml(instance_id=32 * "0")


async def ran(*verbs: str, **pages: str) -> tuple[Any, WebhookStub]:
    """What came of a call whose document has these verbs, and a goodbye."""
    document = f"<Response>{''.join(verbs)}<Say>bye</Say></Response>"
    app = WebhookStub({"/voice": document, **{f"/{name}": page for name, page in pages.items()}})
    return await follow(ScriptedCall(), app, dialect=RCML), app


async def test_an_sms_is_handed_over_and_the_call_goes_on() -> None:
    done, app = await ran('<Sms to="+15557654321" from="Offhook" statusCallback="told">Your code is 7</Sms>')
    [message] = done.facts.of(MessageRaised)
    assert (message.to, message.from_, message.body) == ("+15557654321", "Offhook", "Your code is 7")
    assert (message.kind, message.channel, message.error_code) == ("sms", "sms", None)
    assert message.status_callback == app.target("/told")
    assert message.call_id == SOME_CALL.call_id
    assert done.end.status is CallStatus.COMPLETED
    assert len(app.requests) == 1


async def test_action_is_told_at_once_and_its_answer_is_run() -> None:
    done, app = await ran(
        '<Sms to="+15557654321" from="12345" action="next">hello</Sms>',
        next="<Response><Hangup/></Response>",
    )
    [message] = done.facts.of(MessageRaised)
    told = app.posted("/next")
    assert (told["SmsSid"], told["SmsStatus"]) == (f"SM{message.message_id}", "sending")
    assert told["CallSid"].endswith(SOME_CALL.call_id)


async def test_a_message_may_name_its_channel() -> None:
    done, app = await ran(
        '<Message to="mms:+15557654321" from="mms:+15551234567" action="next">hello</Message>',
        next="<Response/>",
    )
    [message] = done.facts.of(MessageRaised)
    assert (message.kind, message.channel, message.to) == ("message", "mms", "+15557654321")
    assert app.posted("/next")["MessageSid"] == f"ME{message.message_id}"


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        ('<Sms to="+15557654321" from="a sender with a long name">hi</Sms>', 14102),
        ('<Sms to="anonymous" from="12345">hi</Sms>', 14101),
    ],
)
async def test_who_cannot_be_reached_is_no_reason_to_end_the_call(verb: str, code: int) -> None:
    done, _ = await ran(verb)
    [message] = done.facts.of(MessageRaised)
    assert message.error_code == code
    assert code in [notice.code for notice in done.notifications if notice.is_error]
    assert done.end.status is CallStatus.COMPLETED
    assert not done.end.reason


async def test_a_message_goes_to_the_other_party_unless_it_says_whom() -> None:
    done, _ = await ran("<Sms>hi</Sms>")
    [message] = done.facts.of(MessageRaised)
    assert (message.to.lstrip("+"), message.from_.lstrip("+")) == (
        SOME_CALL.from_.lstrip("+"),
        SOME_CALL.to.lstrip("+"),
    )


async def test_an_sms_without_a_text_ends_the_document() -> None:
    done, _ = await ran('<Sms to="+15557654321"> </Sms>')
    assert done.facts.of(MessageRaised) == []
    assert [notice.code for notice in done.notifications] == [14103]


async def test_an_email_is_handed_over_and_the_call_goes_on() -> None:
    done, _ = await ran(
        '<Email from="ada@example.com" to="bob@example.org, eve@example.org" cc="zoe@example.org" '
        'subject="News">hello</Email>'
    )
    [email] = done.facts.of(EmailRaised)
    assert (email.from_, email.to, email.cc) == (
        "ada@example.com",
        "bob@example.org, eve@example.org",
        "zoe@example.org",
    )
    assert (email.subject, email.body) == ("News", "hello")
    assert done.end.status is CallStatus.COMPLETED


@pytest.mark.parametrize("attributes", ['to="bob@example.org"', 'from="ada@example.com" to="bob"'])
async def test_an_email_without_addresses_is_left_out_and_says_so(attributes: str) -> None:
    done, _ = await ran(f"<Email {attributes}>hello</Email>")
    assert done.facts.of(EmailRaised) == []
    [notice] = done.notifications
    assert "e-mail" in notice.message
    assert not notice.is_error
