"""Sms, Message and Email: messages that a call sends, or that answer one that came in.

A `to` or `from` that nobody can have is told here and kept as it is: the message fails, by itself, and the call goes on.
A text to send must be there.
"""

from offhook.call.errors import DocumentInvalid
from offhook.call.message_parties import LONGEST_BODY, is_channel, mail_addresses, recipient_on, sender_on
from offhook.dialects.rcml.codes import MESSAGE_BODY, MESSAGE_FROM, MESSAGE_METHOD, MESSAGE_TO, SCHEMA
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import SMS_CHANNEL, MessageKind, SendEmail, SendMessage

DEFAULT_SUBJECT = "Message from your voice application"
LONGEST_SUBJECT = 250


def read_sms(element: Element, reading: Reading) -> SendMessage:
    """An Sms. Raises DocumentInvalid where there is no text, or a bad URL."""
    attributes = Attributes(
        element, reading, "to", "from", "action", "method", "statusCallback", "statusCallbackMethod"
    )
    return _message(
        element, attributes, MessageKind.SMS, SMS_CHANNEL, attributes.text("to"), _from(attributes)
    )


def read_message(element: Element, reading: Reading) -> SendMessage:
    """A Message; its `to` and `from` may begin with a channel, such as `mms:+15551234567`. As `read_sms`."""
    attributes = Attributes(
        element,
        reading,
        "to",
        "from",
        "channel",
        "action",
        "method",
        "statusCallback",
        "statusCallbackMethod",
    )
    to_channel, to = split_channel(attributes.text("to"))
    from_channel, from_ = split_channel(_from(attributes))
    channel = to_channel or from_channel or (attributes.text("channel") or SMS_CHANNEL).lower()
    if not is_channel(channel):
        attributes.bad("channel", "the name of a channel, such as sms", f"{SMS_CHANNEL} is used", SCHEMA)
        channel = SMS_CHANNEL
    return _message(element, attributes, MessageKind.MESSAGE, channel, to, from_)


def read_email(element: Element, reading: Reading) -> SendEmail | None:
    """An Email; None, with a problem, where an address is missing or none."""
    attributes = Attributes(element, reading, "from", "to", "cc", "bcc", "subject")
    found = {name: attributes.text(name) or "" for name in ("from", "to", "cc", "bcc")}
    for name, text in found.items():
        addresses = mail_addresses(text)
        is_missing = not addresses if name in ("from", "to") else addresses is None
        if is_missing or (name == "from" and addresses is not None and len(addresses) != 1):
            wanted = "an e-mail address" if name == "from" else "a list of e-mail addresses, comma-separated"
            attributes.bad(name, wanted, "the e-mail is not sent", SCHEMA)
            return None
    return SendEmail(
        from_=found["from"],
        to=found["to"],
        cc=found["cc"] or None,
        bcc=found["bcc"] or None,
        subject=" ".join((attributes.text("subject") or DEFAULT_SUBJECT).split())[:LONGEST_SUBJECT],
        body=element.text.strip(),
        line=element.line,
    )


def split_channel(text: str | None) -> tuple[str | None, str | None]:
    """The channel that an address begins with, and the rest: `sms:+1555…`; None for what is not given."""
    channel, colon, rest = (text or "").partition(":")
    if colon and is_channel(channel.lower()):
        return channel.lower(), rest or None
    return None, text


def _from(attributes: Attributes) -> str | None:
    return attributes.text("from")


def _message(
    element: Element,
    attributes: Attributes,
    kind: MessageKind,
    channel: str,
    to: str | None,
    from_: str | None,
) -> SendMessage:
    body = element.text.strip()
    if not body:
        message = f"Line {element.line}: <{element.name}> has no text to send."
        raise DocumentInvalid(MESSAGE_BODY, message, line=element.line)
    if len(body) > LONGEST_BODY:
        message = (
            f"Line {element.line}: the text of <{element.name}> has {len(body):,} characters; "
            f"{LONGEST_BODY:,} are allowed."
        )
        raise DocumentInvalid(MESSAGE_BODY, message, line=element.line)
    if to and recipient_on(channel, to) is None:
        attributes.bad("to", "a number in E.164, such as +15551234567", "the message fails", MESSAGE_TO)
    if from_ and sender_on(channel, from_) is None:
        wanted = "a number in E.164, a short code or a sender's name of up to 11 letters"
        attributes.bad("from", wanted, "the message fails", MESSAGE_FROM)
    method = attributes.method("method", MESSAGE_METHOD)
    return SendMessage(
        kind=kind,
        to=to or None,
        from_=from_ or None,
        body=body,
        channel=channel,
        action=attributes.target("action", method),
        status_callback=attributes.target("statusCallback", attributes.method("statusCallbackMethod")),
        line=element.line,
    )
