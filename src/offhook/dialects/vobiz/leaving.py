"""Redirect and Hangup: the verbs with which a document is left."""

from offhook.dialects.vobiz.attributes import Attributes, skip_children
from offhook.dialects.vobiz.codes import REDIRECT_METHOD, REDIRECT_URL, SCHEMA
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Hangup, Redirect, Reject

BUSY_HERE = 486
DECLINE = 603


def read_redirect(element: Element, reading: Reading) -> Redirect:
    """A Redirect. Raises DocumentInvalid where there is no URL that could be asked."""
    attributes = Attributes(element, reading, "method")
    skip_children(element, reading)
    target = attributes.followed_url(element.own_text.strip(), REDIRECT_URL, REDIRECT_METHOD)
    return Redirect(target=target, line=element.line)


def read_hangup(element: Element, reading: Reading, *, is_first: bool) -> tuple[Reject | Hangup, ...]:
    """The end of the call, now or later; nothing, with a problem, for a time that is none.

    As the first element, or with a reason, it refuses a call that still rings. One that was answered is hung up, which
    is what the Hangup after the Reject is for: a Reject does nothing then.
    """
    attributes = Attributes(element, reading, "reason", "schedule")
    skip_children(element, reading)
    reason = attributes.text("reason")
    if reason:
        reason = attributes.choice("reason", ("rejected", "busy"), default="rejected", code=SCHEMA)
    if attributes.text("schedule"):
        # Who wants to hang up later must not hang up now because of a slip.
        after_s = attributes.clamped("schedule", default=0, least=1, otherwise="it was skipped")
        return (Hangup(after_s=float(after_s), line=element.line),) if after_s else ()
    end = Hangup(line=element.line)
    if not reason and not is_first:
        return (end,)
    return Reject(sip_status=BUSY_HERE if reason == "busy" else DECLINE, line=element.line), end
