"""What voices are given that cannot read all of SSML: `<say-as>` in words, or the whole document as plain text.

Takes documents that `ssml.clean` wrote.
"""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from offhook.speech.say_as import spoken
from offhook.speech.ssml import LANGUAGE

PAUSE_MARK = ", "
"""How a pause is written for voices that know no other: they take a breath at a comma."""
_PARTED = frozenset({"p", "s"})


def with_say_as_in_words(markup: str, language: str, *, keep: frozenset[str] = frozenset()) -> str:
    """The document with each `<say-as>` replaced by its words in the language that stands around it.

    `keep`: kinds, in lower case, that the voice reads well by itself.
    """
    if "<say-as" not in markup:
        return markup
    return "".join(_written(etree.fromstring(markup.encode()), language, keep))


def plain_text(markup: str, language: str) -> str:
    """The document as a text: `<say-as>` in words, aliases in place of what they stand for, pauses as commas."""
    said = "".join(_said(etree.fromstring(markup.encode()), language))
    clauses = (" ".join(clause.split()) for clause in said.split("\0"))
    text = ""
    for clause in filter(None, clauses):
        is_open = bool(text) and text[-1].isalnum() and clause[0].isalnum()
        text += (PAUSE_MARK if is_open else " " if text and clause[0] not in ",.;:!?" else "") + clause
    return text


def _written(node: Any, language: str, keep: frozenset[str]) -> Iterator[str]:
    language = node.get(LANGUAGE) or language
    name = str(node.tag)
    if name == "say-as" and (node.get("interpret-as") or "").lower() not in keep:
        yield escape(_say_as(node, language))
        return
    attributes = "".join(
        f" {'xml:lang' if key == LANGUAGE else key}={quoteattr(value)}" for key, value in node.attrib.items()
    )
    if name == "break":
        yield f"<break{attributes}/>"
        return
    yield f"<{name}{attributes}>{escape(node.text or '')}"
    for child in node:
        yield from _written(child, language, keep)
        yield escape(child.tail or "")
    yield f"</{name}>"


def _said(node: Any, language: str) -> Iterator[str]:
    language = node.get(LANGUAGE) or language
    name = str(node.tag)
    if name == "say-as":
        yield _say_as(node, language)
        return
    if name == "sub" and node.get("alias"):
        yield str(node.get("alias"))
        return
    if name == "break" or name in _PARTED:
        yield "\0"
    yield node.text or ""
    for child in node:
        yield from _said(child, language)
        yield child.tail or ""
    if name in _PARTED:
        yield "\0"


def _say_as(node: Any, language: str) -> str:
    """Its words, and a space on either side where what stands around it would run into them."""
    return spoken(
        "".join(node.itertext()), node.get("interpret-as") or "", node.get("format") or "", language
    )
