"""Dial: whoever stands in it is called; a conference or a queue in it is a verb of its own."""

from collections.abc import Callable

from offhook.dialects.rcml.codes import SCHEMA
from offhook.dialects.rcml.conference import read_conference
from offhook.dialects.rcml.dial_attributes import DialAttributes, read_dial_attributes
from offhook.dialects.rcml.nouns import NOUNS, read_noun, read_text
from offhook.dialects.rcml.queue import read_queue
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Conference, Dequeue, Destination, Dial

MOST_NOUNS = 10

_MEETINGS: dict[str, Callable[[Element, Reading, DialAttributes], Conference | Dequeue | None]] = {
    "Conference": read_conference,
    "Queue": read_queue,
}
"""The nouns that can only stand alone; each becomes a verb of its own."""


def read_dial(element: Element, reading: Reading) -> Dial | Conference | Dequeue | None:
    """A Dial, or what stands in it in its place, with every default filled in. Raises DocumentInvalid for a bad URL or
    callerId."""
    dial = read_dial_attributes(element, reading)
    alone = next((child for child in element.children if child.name in _MEETINGS), None)
    if alone is not None:
        for child in element.children:
            if child is not alone:
                _skip(child, reading, f"beside <{alone.name}>, which stands alone")
        _tell_text(element, reading)
        return _MEETINGS[alone.name](alone, reading, dial)
    return Dial(
        destinations=tuple(_destinations(element, reading)),
        action=dial.action,
        timeout_s=dial.timeout_s,
        time_limit_s=dial.time_limit_s,
        caller_id=dial.caller_id,
        is_recorded=dial.is_recorded,
        hang_up_key=dial.hang_up_key,
        line=dial.line,
    )


def _destinations(element: Element, reading: Reading) -> list[Destination]:
    nouns = [child for child in element.children if child.name in NOUNS]
    for child in element.children:
        if child.name not in NOUNS:
            _skip(child, reading, "in <Dial>; Number, Client, Sip, Conference and Queue may stand there")
    for child in nouns[MOST_NOUNS:]:
        _skip(child, reading, f"in <Dial>, which calls {MOST_NOUNS} at most")
    found = [read_noun(child, reading) for child in nouns[:MOST_NOUNS]]
    text = " ".join(element.own_text.split())
    if nouns:
        _tell_text(element, reading)
    elif text:
        found = [read_text(element, text, reading)]
    else:
        message = f"Line {element.line}: <Dial> names nobody to call; it fails at once."
        reading.problem(SCHEMA, message, element)
    return [destination for destination in found if destination is not None]


def _tell_text(element: Element, reading: Reading) -> None:
    if text := " ".join(element.own_text.split()):
        message = (
            f"Line {element.line}: the text {quoted(text)} in <Dial> is ignored beside what stands there."
        )
        reading.problem(SCHEMA, message, element)


def _skip(child: Element, reading: Reading, where: str) -> None:
    message = f"Line {child.line}: <{child.name[:40]}> was skipped {where}."
    reading.problem(SCHEMA, message, child)
