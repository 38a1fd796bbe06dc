"""SSML cut into pieces that espeak-ng speaks one by one, each in one language and with all of its marks around it.

A piece is as short as those of a plain text, and for the same reasons. The library's own change of language would
lose the speaker, and some of its readings of `say-as` are not those of the standard; both are mended here.
"""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from offhook.speech.spoken_form import with_say_as_in_words
from offhook.speech.ssml import LANGUAGE
from offhook.vendors.embedded.speaking import PIECE_CHARACTERS, pieces

_INTERPRET_AS = {"digits": "characters", "spell-out": "characters", "verbatim": "characters"}
"""Names of the standard and of other voices for what the library spells out."""
_SPELLED_WELL = frozenset({"characters", *_INTERPRET_AS})
"""What the library reads by itself, in all of its languages; it knows no other kind."""


def ssml_pieces(markup: str, language: str) -> list[tuple[str, str]]:
    """The language and the SSML of each piece of a document that `ssml.clean` wrote."""
    cutting = _Cutting(language)
    in_words = with_say_as_in_words(markup, language, keep=_SPELLED_WELL)
    cutting.element(etree.fromstring(in_words.encode()))
    cutting.cut()
    return cutting.pieces


class _Cutting:
    """Walks a document; what is open at a cut is closed before it and opened again after it."""

    def __init__(self, language: str) -> None:
        self.pieces: list[tuple[str, str]] = []
        self._language = language
        self._open: list[tuple[str, str]] = []
        """The tags around the place where the walk is: as they open and as they close."""
        self._parts: list[str] = []
        self._characters = 0

    def element(self, node: Any) -> None:
        """Take an element and what stands in it."""
        name = str(node.tag)
        before, wanted = self._language, node.get(LANGUAGE) or self._language
        if wanted != before:
            self.cut()
            self._language = wanted
        if name == "break":
            self._parts.append(f"<break{_attributes(node)}/>")
            self._characters += 1
        elif name in ("speak", "lang"):
            self._content(node)
        else:
            tags = (f"<{name}{_attributes(node)}>", f"</{name}>")
            self._parts.append(tags[0])
            self._open.append(tags)
            self._content(node)
            self._open.pop()
            self._parts.append(tags[1])
        if wanted != before:
            self.cut()
            self._language = before

    def cut(self) -> None:
        """End the piece here, if there is anything to hear in it."""
        if self._characters:
            closed = "".join(tags[1] for tags in reversed(self._open))
            self.pieces.append((self._language, f"<speak>{''.join(self._parts)}{closed}</speak>"))
        self._parts = [tags[0] for tags in self._open]
        self._characters = 0

    def _content(self, node: Any) -> None:
        self._text(node.text or "")
        for child in node:
            self.element(child)
            self._text(child.tail or "")

    def _text(self, text: str) -> None:
        if self._characters and self._characters + len(text) > PIECE_CHARACTERS:
            self.cut()
        if len(text) <= PIECE_CHARACTERS:
            self._parts.append(escape(text))
            self._characters += len(text.strip())
            return
        for _, part in pieces(text):
            self._parts.append(escape(part))
            self._characters = len(part)
            self.cut()


def _attributes(node: Any) -> str:
    return "".join(
        f" {name}={quoteattr(_INTERPRET_AS.get(value, value) if name == 'interpret-as' else value)}"
        for name, value in node.attrib.items()
        if name != LANGUAGE
    )
