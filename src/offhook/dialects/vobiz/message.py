"""Message: a text to one number or several, as Plivo has it, while the call goes on."""

from offhook.call.message_parties import LONGEST_BODY, recipient_on, sender_on
from offhook.dialects.vobiz.attributes import Attributes, skip_children
from offhook.dialects.vobiz.codes import NOT_SERVED, RANGE, SCHEMA
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import SMS_CHANNEL, MessageKind, SendMessage

MOST_RECIPIENTS = 20

_ATTRIBUTES = ("src", "dst", "type", "callbackUrl", "callbackMethod")


def read_message(element: Element, reading: Reading) -> tuple[SendMessage, ...]:
    """A SendMessage for each recipient; none, with a problem, where there is no text, or too much of it."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    skip_children(element, reading)
    body = element.own_text.strip()
    if not body:
        reading.problem(
            SCHEMA, f"Line {element.line}: <Message> has no text to send; it was skipped.", element
        )
        return ()
    if len(body) > LONGEST_BODY:
        words = f"the text of <Message> has {len(body):,} characters, and {LONGEST_BODY:,} are allowed"
        reading.problem(RANGE, f"Line {element.line}: {words}; it was skipped.", element)
        return ()
    if (attributes.text("type") or SMS_CHANNEL).lower() != SMS_CHANNEL:
        attributes.bad("type", '"sms"', "it is sent as one all the same", NOT_SERVED)
    callback = attributes.callback("callbackUrl", "callbackMethod")
    from_ = _sender(attributes)
    return tuple(
        SendMessage(
            kind=MessageKind.MESSAGE,
            to=to,
            from_=from_,
            body=body,
            status_callback=callback,
            line=element.line,
        )
        for to in _recipients(attributes, element, reading)
    )


def _sender(attributes: Attributes) -> str | None:
    """Whom it comes from; None is our own side of the call."""
    value = attributes.text("src")
    if value and sender_on(SMS_CHANNEL, value) is None:
        wanted = "a number, a short code or a name of up to 11 letters"
        attributes.bad("src", wanted, "the message fails", SCHEMA)
    return value or None


def _recipients(attributes: Attributes, element: Element, reading: Reading) -> tuple[str | None, ...]:
    """Whom it goes to, each once; a list has `<` between. None alone is the other party of the call."""
    given = [entry for part in (attributes.text("dst") or "").split("<") if (entry := part.strip())]
    entries = tuple(dict.fromkeys(given))
    if not entries:
        return (None,)
    if any(recipient_on(SMS_CHANNEL, entry) is None for entry in entries):
        wanted = "numbers such as +15551234567, with < between"
        attributes.bad("dst", wanted, "what goes to none fails", SCHEMA)
    if len(entries) > MOST_RECIPIENTS:
        words = (
            f"Line {element.line}: dst of <Message> names {len(entries)}; the first {MOST_RECIPIENTS} get it."
        )
        reading.problem(RANGE, words, element, "dst")
    return entries[:MOST_RECIPIENTS]
