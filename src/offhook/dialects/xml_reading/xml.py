"""Safe XML: from the text of a document to a small tree, or to a fault that a web developer understands.

What could make a parser work for an attacker is refused before or right after parsing: document type
declarations (and so every entity of the document's own), depth, width, and size. Where a language repairs a bare
`&`, this does so once parsing has failed on one, and says so.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from lxml import etree

from offhook.call.errors import DocumentInvalid
from offhook.dialects.xml_reading.decoding import decode, position
from offhook.dialects.xml_reading.vocabulary import Vocabulary
from offhook.verbs import Problem

MOST_DEPTH = 32
MOST_ELEMENTS = 1_000
MOST_ATTRIBUTES = 100
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class Element:
    """One element. Names are without their namespace; attributes that have one are left out."""

    name: str
    line: int
    """Where its start tag ends."""
    attributes: tuple[tuple[str, str], ...] = ()
    """In their order; values without the blanks around them."""
    text: str = ""
    """All text inside, that of the children included, as it stands."""
    own_text: str = ""
    """The text that stands directly in this element."""
    lead: str = ""
    """The part of it before the first child."""
    tail: str = ""
    """The text between this element and what comes next in its parent."""
    language: str = ""
    """Its xml:lang."""
    children: tuple["Element", ...] = ()
    number: int = 0
    """Its place among the start tags of the document, from 1."""


def parse(body: bytes, charset: str | None, vocabulary: Vocabulary) -> tuple[Element, tuple[Problem, ...]]:
    """The root element, and what was repaired. `charset` is what the HTTP header says, None where it says nothing.

    Raises DocumentInvalid, with line and column, for what is not well-formed, dangerous or too large.
    """
    if len(body) > vocabulary.most_bytes:
        message = f"The document has {len(body):,} bytes; {vocabulary.most_bytes:,} are allowed."
        raise DocumentInvalid(vocabulary.too_large, message, line=1, column=1)
    return parse_text(decode(body, charset, vocabulary.not_well_formed), vocabulary)


def parse_text(text: str, vocabulary: Vocabulary) -> tuple[Element, tuple[Problem, ...]]:
    """As `parse`, for a text of any encoding that was within the size limit."""
    _refuse_doctype(text, vocabulary)
    text = _without_declaration(text)
    problems: tuple[Problem, ...] = ()
    try:
        root = _parse(text)
    except etree.XMLSyntaxError as fault:
        if vocabulary.repairs_ampersands:
            text, problems = _with_ampersands_repaired(text, vocabulary)
        if not problems:
            _explain(fault, text, vocabulary)
        try:
            root = _parse(text)
        except etree.XMLSyntaxError as second:
            _explain(second, text, vocabulary)
    if root.getroottree().docinfo.internalDTD is not None:
        _refuse(vocabulary, 1, "a DOCTYPE is not allowed in a document")
    return _Copy(vocabulary).element(root, depth=1), problems


def _parse(text: str) -> Any:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(text.encode(), parser)


class _Copy:
    """Copies a parsed tree into elements, counting as it goes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._count = 0

    def element(self, node: Any, depth: int) -> Element:
        """The copy of `node`, which stands `depth` deep. Raises DocumentInvalid past a limit."""
        line = int(node.sourceline)
        self._count += 1
        number = self._count
        if not isinstance(node.tag, str):
            self._refuse(line, "entities of the document's own are not allowed")
        if depth > MOST_DEPTH:
            self._refuse(line, f"elements are nested more than {MOST_DEPTH} deep here")
        if self._count > MOST_ELEMENTS:
            self._refuse(line, f"this is element number {self._count:,}; {MOST_ELEMENTS:,} are allowed")
        return Element(
            name=etree.QName(node).localname,
            line=line,
            attributes=tuple(self._attributes(node, line)),
            text="".join(node.itertext()),
            own_text=(node.text or "") + "".join(child.tail or "" for child in node),
            lead=node.text or "",
            tail=node.tail or "",
            language=(node.get(_LANGUAGE) or "").strip(),
            children=tuple(self.element(child, depth + 1) for child in node),
            number=number,
        )

    def _attributes(self, node: Any, line: int) -> Iterator[tuple[str, str]]:
        if len(node.attrib) > MOST_ATTRIBUTES:
            self._refuse(line, f"an element has {len(node.attrib)} attributes; {MOST_ATTRIBUTES} are allowed")
        most = self._vocabulary.most_attribute_bytes
        for name, value in node.attrib.items():
            if len(value.encode()) > most:
                self._refuse(line, f'the attribute "{name[:60]}" is longer than {most:,} bytes')
            if not name.startswith("{"):
                yield name, value.strip()

    def _refuse(self, line: int, what: str) -> NoReturn:
        _refuse(self._vocabulary, line, what)


def _refuse(vocabulary: Vocabulary, line: int, what: str) -> NoReturn:
    raise DocumentInvalid(vocabulary.not_well_formed, f"Line {line}: {what}.", line=line)


# The beginning of a document.

_DECLARATION = re.compile(r"<\?xml\s[^<>]*\?>")


def _without_declaration(text: str) -> str:
    """`text` with blanks in place of the XML declaration, whose encoding was obeyed already."""
    found = _DECLARATION.match(text)
    if found is None:
        return text
    return re.sub(r"[^\n]", " ", found[0]) + text[found.end() :]


_DOCTYPE = re.compile(r"(?:\s+|<!--.*?-->|<\?.*?\?>)*+(?P<doctype><!DOCTYPE)", re.DOTALL | re.IGNORECASE)


def _refuse_doctype(text: str, vocabulary: Vocabulary) -> None:
    """Raise DocumentInvalid if a document type declaration stands before the root element."""
    found = _DOCTYPE.match(text)
    if found is None:
        return
    line, column = position(text[: found.start("doctype")])
    raise DocumentInvalid(
        vocabulary.not_well_formed,
        f"Line {line}, column {column}: a DOCTYPE is not allowed in a document. Remove it; "
        f"{vocabulary.name} has no document type, and special characters can be written as &#233; or directly.",
        line=line,
        column=column,
    )


# The bare ampersand.

_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)"
    r"|(?P<bare>&(?!(?:[A-Za-z_][\w.-]{0,63}|\#[0-9]{1,7}|\#x[0-9A-Fa-f]{1,6});))",
    re.DOTALL,
)


def _with_ampersands_repaired(text: str, vocabulary: Vocabulary) -> tuple[str, tuple[Problem, ...]]:
    """`text` with every bare `&` written as `&amp;`, and what is to be told of it: nothing if there was none."""
    bare = [found.start() for found in _AMPERSAND.finditer(text) if found["bare"]]
    if not bare:
        return text, ()
    line, column = position(text[: bare[0]])
    others = f" ({len(bare)} in this document)" if len(bare) > 1 else ""
    repaired = _AMPERSAND.sub(lambda found: "&amp;" if found["bare"] else found[0], text)
    message = f"Line {line}, column {column}: a bare & was read as &amp;{others}. In XML, write &amp;."
    return repaired, (Problem(code=vocabulary.schema, message=message, line=line),)


# What the parser found, in a web developer's words.

_WORDS = {
    etree.ErrorTypes.ERR_UNDECLARED_ENTITY: (
        "XML knows no such entity; it has &lt; &gt; &amp; &apos; &quot; only. "
        "Write the character itself, or its number as in &#160;"
    ),
    etree.ErrorTypes.ERR_INVALID_CHAR: "a control character may not stand in XML, not even as &#…;. Remove it",
    etree.ErrorTypes.ERR_ATTRIBUTE_NOT_STARTED: 'an attribute\'s value must stand in quotes, as in length="2"',
    etree.ErrorTypes.ERR_ATTRIBUTE_REDEFINED: "an attribute is given twice. Remove one of the two",
    etree.ErrorTypes.ERR_LT_IN_ATTRIBUTE: "a < in an attribute's value is written &lt;",
    etree.ErrorTypes.ERR_DOCUMENT_END: (
        "something stands after the end of the root element. Put all verbs into one <Response>"
    ),
    etree.ErrorTypes.ERR_RESERVED_XML_NAME: (
        "the XML declaration <?xml …?> must be the very first thing in the document; "
        "nothing may stand before it, not even a blank line"
    ),
    etree.ErrorTypes.ERR_ENTITYREF_SEMICOL_MISSING: "an & in a text or URL is written &amp;",
    etree.ErrorTypes.ERR_NAME_REQUIRED: (
        "a name was expected here. A < or & in a text is written &lt; or &amp;"
    ),
    etree.ErrorTypes.ERR_RESOURCE_LIMIT: f"elements are nested more than {MOST_DEPTH} deep here",
    etree.ErrorTypes.NS_ERR_UNDEFINED_NAMESPACE: "{language} elements have no namespace prefix. Remove it",
}


def _explain(fault: etree.XMLSyntaxError, text: str, vocabulary: Vocabulary) -> NoReturn:
    """Raise DocumentInvalid for what lxml found."""
    line, column = (max(1, number) for number in fault.position)
    start = text.lstrip()
    if fault.code == etree.ErrorTypes.ERR_DOCUMENT_EMPTY and not start.startswith("<"):
        line, column = position(text[: len(text) - len(start)])
        words = (
            f"a document begins with <; this one begins with {start[:20]!r}. Answer with {vocabulary.name}"
        )
        if start[:1] in ("{", "["):
            words = f"this looks like JSON. Answer with {vocabulary.name}, which is XML"
    else:
        words = _WORDS.get(fault.code, "").replace("{language}", vocabulary.name) or _parser_words(fault)
    message = f"Line {line}, column {column}: {words}."
    raise DocumentInvalid(vocabulary.not_well_formed, message, line=line, column=column) from fault


def _parser_words(fault: etree.XMLSyntaxError) -> str:
    """The parser's own words, without the position that it appends."""
    words = str(fault.msg).rpartition(", line ")[0].strip() or str(fault.msg).strip()
    mismatch = re.fullmatch(r"Opening and ending tag mismatch: (\S+) line (\d+) and (\S+)", words)
    if mismatch is not None:
        return f"</{mismatch[3][:60]}> stands where <{mismatch[1][:60]}> of line {mismatch[2]} must be closed first"
    unfinished = re.fullmatch(r"Premature end of data in tag (\S+) line (\d+)", words)
    if unfinished is not None:
        return f"the document ends before <{unfinished[1][:60]}> of line {unfinished[2]} is closed"
    return f"this is not well-formed XML ({words[:200]})"
