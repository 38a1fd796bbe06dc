"""Refer: from its attributes and target to the verb, and from what came of it to parameters.

The target is a Sip or Number inside the element, or the text of the element itself.
"""

import re

from offhook.dialects.rcml.codes import SCHEMA
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.interpreter.ports import Report
from offhook.verbs import Refer, Referred

NOUNS = ("Sip", "Number")
LONGEST_TARGET = 256
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_SIP_URI = re.compile(r"""sips?:[^\s@<>"?]+(?:@[^\s@<>"?]+)?""", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[ ().-]")


def read_refer(element: Element, reading: Reading) -> Refer | None:
    """A Refer; None, with a problem, where it does not say to whom. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, "action", "method")
    action = attributes.target("action", attributes.method("method"))
    noun = _noun(element, reading)
    if noun is not element:
        Attributes(noun, reading)
    text = noun.own_text.strip()
    to = refer_target(text)
    if to is None:
        wanted = 'a SIP URI such as "sip:ada@example.com" or a number'
        fault = f"{quoted(text)} is not {wanted}" if text else f"it names nobody; give it {wanted}"
        message = f"Line {noun.line}: <{element.name}> was skipped: {fault}."
        reading.problem(SCHEMA, message, noun)
        return None
    return Refer(to=to, action=action, line=element.line)


def refer_target(text: str) -> str | None:
    """The SIP URI or number that a text names; None for what is neither."""
    if len(text) > LONGEST_TARGET:
        return None
    if _SIP_URI.fullmatch(text):
        return text
    number = _PUNCTUATION.sub("", text)
    if _NUMBER.fullmatch(number):
        return number
    return f"sip:{text}" if "@" in text and _SIP_URI.fullmatch(f"sip:{text}") else None


def _noun(element: Element, reading: Reading) -> Element:
    """The element that names the target."""
    nouns = [child for child in element.children if child.name in NOUNS]
    for child in element.children:
        if child not in nouns[:1]:
            message = f"Line {child.line}: <{child.name[:40]}> in <Refer> was skipped; one Sip or Number may stand there."
            reading.problem(SCHEMA, message, child)
    return nouns[0] if nouns else element


def report_referred(verb: Refer, referred: Referred) -> Report:
    """What the action is told of a REFER. Without an action the next verb runs."""
    if verb.action is None:
        return Report()
    told = [("ReferSipResponseCode", str(referred.refer_status))]
    if referred.notify_status is not None:
        told.insert(0, ("ReferCallStatus", referred.call_status or ""))
        told.append(("NotifySipResponseCode", str(referred.notify_status)))
    return Report(verb.action, tuple(told))
