"""What an element speaks: plain text, or SSML.

SSML may stand in it as elements (`<Say>Wait <break time="1s"/> here</Say>`), with or without a `<speak>` around
them, or as one text in a CDATA section, as applications do that build it with a library of its own.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.speech import ssml
from offhook.speech.ssml import CleanSpeech, SsmlInvalid


def spoken(element: Element, reading: Reading) -> CleanSpeech:
    """What `element` speaks: its text, or its SSML, which may stand in it as elements or as one text."""
    document = "".join(_document(element)) if element.children else element.text
    if not element.children and not ssml.is_ssml(element.text):
        return CleanSpeech(text=" ".join(element.text.split()))
    try:
        speech = ssml.clean(document)
    except SsmlInvalid as invalid:
        words = f"the SSML in <{element.name}> cannot be read ({str(invalid)[:200]}); its words are spoken without their marks"
        _tell(element, reading, words)
        return CleanSpeech(text=ssml.without_marks(element.text))
    for problem in speech.problems:
        _tell(element, reading, f"in <{element.name}>, {problem}")
    return speech


def _tell(element: Element, reading: Reading, words: str) -> None:
    """Note a fault of the SSML, once for a document."""
    if reading.is_news(element.name, words):
        reading.problem(reading.vocabulary.schema, f"Line {element.line}: {words}.", element)


def _document(element: Element) -> Iterator[str]:
    """The SSML document of an element whose marks are elements of the answer itself."""
    only = element.children[0]
    if len(element.children) == 1 and only.name == "speak" and not element.own_text.strip():
        yield from _marks(only)
        return
    yield "<speak>"
    yield from _content(element)
    yield "</speak>"


def _marks(element: Element) -> Iterator[str]:
    given = (*element.attributes, *((("xml:lang", element.language),) if element.language else ()))
    yield f"<{element.name}{''.join(f' {name}={quoteattr(value)}' for name, value in given)}>"
    yield from _content(element)
    yield f"</{element.name}>"


def _content(element: Element) -> Iterator[str]:
    yield escape(element.lead)
    for child in element.children:
        yield from _marks(child)
        yield escape(child.tail)
