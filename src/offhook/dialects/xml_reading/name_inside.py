"""The name of a conference or queue, which stands in its element."""

from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element

LONGEST_NAME = 256


def name_inside(element: Element, reading: Reading, text: str, *, too_long: int) -> str | None:
    """The name in `text`, of an element, blanks run together; None, with a problem, where there is none.

    `too_long` is the dialect's code for one that has more than 256 characters, and is cut.
    """
    name = " ".join(text.split())
    if not name:
        message = f"Line {element.line}: <{element.name}> has no name in it; it was skipped."
        reading.problem(reading.vocabulary.schema, message, element)
        return None
    if len(name) > LONGEST_NAME:
        message = f"Line {element.line}: the name in <{element.name}> is cut to {LONGEST_NAME} characters."
        reading.problem(too_long, message, element)
    return name[:LONGEST_NAME]
