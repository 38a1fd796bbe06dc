"""Speech Synthesis Markup (W3C SSML 1.1), cleaned: what stays is known, bounded and harmless, so that any voice may be given it.

Applications write SSML by hand, and for other voices than ours. An element that is not known loses its marks, and its
text is spoken all the same; an attribute with a value that cannot be is left out. What would make a voice open files
or addresses (`audio`, `lexicon`) never reaches one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

LONGEST_BREAK_S = 10.0
BREAKS_IN_ALL_S = 60.0
"""Longer pauses are cut to the first; those beyond the second are left out."""
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

_TAG = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_TIME = re.compile(r"\+?([0-9]{1,6}(?:\.[0-9]{1,3})?|\.[0-9]{1,3})(ms|s)")
_WORD = re.compile("[A-Za-z0-9:-]{1,40}")
_SOUNDS = re.compile(r"[^<>&\"\x00-\x1f]{1,200}")
_STRENGTH = re.compile("none|x-weak|weak|medium|strong|x-strong")
_LEVEL = re.compile("strong|moderate|none|reduced")
_RATE = re.compile(r"x-slow|slow|medium|fast|x-fast|default|[2-9][0-9]%|[1-3][0-9]{2}%")
_PITCH = re.compile(r"x-low|low|medium|high|x-high|default|[+-][0-9]{1,2}(?:\.[0-9])?%")
_VOLUME = re.compile(r"silent|x-soft|soft|medium|loud|x-loud|default|[+-]?[0-9]{1,2}(?:\.[0-9])?(?:dB)?")

Allowed = Mapping[str, re.Pattern[str]]
ELEMENTS: Mapping[str, Allowed] = {
    "speak": {"xml:lang": _TAG},
    "p": {"xml:lang": _TAG},
    "s": {"xml:lang": _TAG},
    "lang": {"xml:lang": _TAG},
    "break": {"time": _TIME, "strength": _STRENGTH},
    "emphasis": {"level": _LEVEL},
    "prosody": {"rate": _RATE, "pitch": _PITCH, "range": _PITCH, "volume": _VOLUME},
    "say-as": {"interpret-as": _WORD, "format": _WORD, "detail": _WORD},
    "sub": {"alias": _SOUNDS},
    "phoneme": {"alphabet": _WORD, "ph": _SOUNDS},
    "w": {},
    "token": {},
}
"""The elements that a voice may be given, with their attributes and what these may be."""
UNSPOKEN = frozenset({"desc", "lexicon", "lookup", "mark", "meta", "metadata", "script", "style"})
"""What stands in these is not for the ear."""
_HEADS = frozenset({"version", "xmlns", "schemaLocation", "onlangfailure"})
"""Attributes that say nothing of how a text sounds; they go without a word."""
_PARTED = frozenset({"p", "s"})
"""Elements that part the words before them from those after them."""
_PARTED_FROM_PUNCTUATION = re.compile(r"\0+(?=[\s,.;:!?])")


class SsmlInvalid(ValueError):
    """A text that is no SSML; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanSpeech:
    """A text to speak, and how."""

    text: str
    """Its words alone."""
    markup: str = ""
    """The same as SSML; empty where nothing in it says how to speak."""
    problems: tuple[str, ...] = ()
    """What was left out, each kind once, in sentences without their full stop."""


def is_ssml(text: str) -> bool:
    """Whether `text` is written as an SSML document."""
    return re.match(r"\s*(?:<\?xml[^<>]*\?>\s*)?<speak[\s>/]", text) is not None


def clean(document: str) -> CleanSpeech:
    """What is harmless of an SSML document, of any size that a web answer has. Raises SsmlInvalid."""
    root = _parsed(document)
    if etree.QName(root).localname != "speak":
        raise SsmlInvalid("its root is not <speak>")
    cleaning = _Cleaning()
    markup = " ".join("".join(cleaning.element(root, is_root=True)).split())
    return CleanSpeech(
        text=" ".join(_PARTED_FROM_PUNCTUATION.sub("", "".join(cleaning.words)).replace("\0", " ").split()),
        markup=markup if cleaning.has_marks else "",
        problems=tuple(cleaning.problems),
    )


def without_marks(text: str) -> str:
    """The words of what was meant to be SSML and is not."""
    bare = re.sub(r"<[^<>]{0,2000}>", " ", text)
    return " ".join(re.sub("&(?:lt|gt|amp|quot|apos);", " ", bare).replace("<", " ").split())


def _parsed(document: str) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    body = re.sub(r"^\s*<\?xml[^<>]*\?>", "", document)
    try:
        root = etree.fromstring(body.encode(errors="replace"), parser)
    except etree.XMLSyntaxError as fault:
        raise SsmlInvalid(str(fault.msg).rpartition(", line ")[0] or str(fault.msg)) from fault
    if root.getroottree().docinfo.internalDTD is not None:
        raise SsmlInvalid("it has a DOCTYPE")
    return root


class _Cleaning:
    """Writes one document anew, out of what is allowed."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.problems: dict[str, None] = {}
        self.has_marks = False
        self._breaks_s = 0.0

    def element(self, node: Any, *, is_root: bool = False) -> Iterator[str]:
        """The element and what stands in it, as SSML; what comes after it is the caller's."""
        name = etree.QName(node).localname if isinstance(node.tag, str) else ""
        if name in UNSPOKEN or not name:
            self._left_out(name, "was left out")
            return
        known = ELEMENTS.get(name)
        if known is None:
            self._left_out(name, "was left out; only its text is spoken")
        attributes = "".join(self._attributes(node, name, known or {}))
        if name == "break":
            yield from self._break(node, attributes)
            return
        is_written = known is not None and (name != "speak" or is_root)
        self.has_marks |= is_written and (not is_root or bool(attributes))
        if name in _PARTED:
            self.words.append("\0")
        opens, closes = (f"<{name}{attributes}>", f"</{name}>") if is_written else ("", "")
        yield opens
        yield self._text(node.text)
        for child in node:
            yield from self.element(child)
            yield self._text(child.tail)
        yield closes
        if name in _PARTED:
            self.words.append("\0")

    def _text(self, text: str | None) -> str:
        self.words.append(text or "")
        return escape(text or "")

    def _attributes(self, node: Any, name: str, allowed: Allowed) -> Iterator[str]:
        for key, given in node.attrib.items():
            short = "xml:lang" if key == LANGUAGE else key.rpartition("}")[2]
            value = given.strip()
            if name == "break" and short == "time":
                value = _shortened(value)
            pattern = allowed.get(short)
            if pattern is not None and pattern.fullmatch(value):
                yield f' {short}="{value}"'
            elif name in ELEMENTS and short not in _HEADS:
                self._left_out(name, f'has no attribute {short[:40]}="{value[:40]}" that could be spoken')

    def _break(self, node: Any, attributes: str) -> Iterator[str]:
        """A pause, if those before it leave time for it."""
        found = _TIME.fullmatch(_shortened((node.get("time") or "").strip()))
        length_s = float(found[1]) / (1000 if found[2] == "ms" else 1) if found else 1.0
        if self._breaks_s + length_s > BREAKS_IN_ALL_S:
            self._left_out("break", f"was left out: the pauses are longer than {BREAKS_IN_ALL_S:g} s in all")
            return
        self._breaks_s += length_s
        self.has_marks = True
        self.words.append("\0")
        yield f"<break{attributes}/>"

    def _left_out(self, name: str, what: str) -> None:
        self.problems.setdefault(f"<{name[:40]}> {what}")


def _shortened(time: str) -> str:
    """A pause, cut to what may be."""
    found = _TIME.fullmatch(time)
    if found is None:
        return time
    length_s = float(found[1]) / (1000 if found[2] == "ms" else 1)
    return f"{LONGEST_BREAK_S:g}s" if length_s > LONGEST_BREAK_S else time.lstrip("+")
