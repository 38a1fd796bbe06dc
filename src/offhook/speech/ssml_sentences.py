"""SSML cut into documents of a sentence each, with all marks that stand around it.

Takes documents that `ssml.clean` wrote. Cuts after sentences inside a text, after paragraphs, and wherever a sentence that
marks break up grows too long; never inside what is one word to a voice.
"""

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from offhook.speech.sentences import LONGEST, sentences
from offhook.speech.ssml import LANGUAGE

_WHOLE = frozenset({"say-as", "sub", "phoneme", "w", "token"})
_NEXT = "Next"
_PARTED = frozenset({"p", "s"})


def ssml_sentences(markup: str, *, longest: int = LONGEST) -> list[str]:
    """The documents in order; `longest`: characters of what is said in one, as far as it can be cut."""
    cutting = _Cutting(longest)
    cutting.element(etree.fromstring(markup.encode()))
    cutting.cut()
    return cutting.documents


class _Cutting:
    """Walks a document; what is open at a cut is closed before it and opened again after it."""

    def __init__(self, longest: int) -> None:
        self.documents: list[str] = []
        self._longest = longest
        self._open: list[tuple[str, str]] = []
        self._parts: list[str] = []
        self._said = 0
        self._has_sound = False

    def element(self, node: Any) -> None:
        """Take an element and what stands in it."""
        name = str(node.tag)
        tag = f"<{name}{_attributes(node)}"
        if name == "break":
            self._parts.append(f"{tag}/>")
            self._has_sound = True
        elif name in _WHOLE:
            text = "".join(node.itertext())
            self._parts.append(f"{tag}>{escape(text)}</{name}>")
            self._count(text)
        else:
            tags = (f"{tag}>", f"</{name}>")
            self._parts.append(tags[0])
            self._open.append(tags)
            self._text(node.text or "")
            for child in node:
                self.element(child)
                self._text(child.tail or "")
            if name in _PARTED:
                self.cut()
                self._parts.pop()
            else:
                self._parts.append(tags[1])
            self._open.pop()

    def cut(self) -> None:
        """End a document here, if there is anything to hear in it."""
        if self._has_sound:
            # The root is closed by itself once the walk is over.
            closed = "".join(close for _, close in reversed(self._open))
            self.documents.append("".join(self._parts) + closed)
        self._parts = [tag for tag, _ in self._open]
        self._said, self._has_sound = 0, False

    def _text(self, text: str) -> None:
        pieces = sentences(text, longest=self._longest)
        if not pieces:
            self._parts.append(" " if text else "")
            return
        self._parts.append(" " if text[0].isspace() else "")
        for index, piece in enumerate(pieces):
            if index or (self._said and self._said + len(piece) > self._longest):
                self.cut()
            self._parts.append(escape(piece))
            self._count(piece)
        if _ends_sentence(text):
            self.cut()
        else:
            self._parts.append(" " if text[-1].isspace() else "")

    def _count(self, text: str) -> None:
        self._said += len(text)
        self._has_sound |= bool(text.strip())


def _ends_sentence(text: str) -> bool:
    """Whether what follows `text` is a new sentence, whatever marks it has."""
    return text[-1].isspace() and sentences(f"{text[-60:]}{_NEXT}")[-1] == _NEXT


def _attributes(node: Any) -> str:
    return "".join(
        f" {'xml:lang' if key == LANGUAGE else key}={quoteattr(value)}" for key, value in node.attrib.items()
    )
