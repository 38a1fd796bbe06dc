"""From an application's answer to a document: the kind of answer first, then the elements in it, one after another.

Vobiz is strict about what an answer is, and so is this: XML, of one content type or the other, with <Response> at its
root. Within it, what is not known is skipped with a problem, and the rest runs.
"""

from collections.abc import Callable
from dataclasses import replace

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.vobiz.attributes import skip
from offhook.dialects.vobiz.codes import (
    CONTENT_TYPE,
    NESTING,
    NOT_SERVED,
    NOT_WELL_FORMED,
    SCHEMA,
    WRONG_ROOT,
)
from offhook.dialects.vobiz.conference import read_conference
from offhook.dialects.vobiz.dial import read_dial
from offhook.dialects.vobiz.gather import read_gather, read_get_input
from offhook.dialects.vobiz.get_digits import read_get_digits
from offhook.dialects.vobiz.leaving import read_hangup, read_redirect
from offhook.dialects.vobiz.message import read_message
from offhook.dialects.vobiz.prompts import read_dtmf, read_play, read_speak, read_wait
from offhook.dialects.vobiz.record import read_record, starts_with_dial
from offhook.dialects.vobiz.stream import read_stream
from offhook.dialects.vobiz.vocabulary import VOBIZ_XML
from offhook.dialects.xml_reading.decoding import charset
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element, parse
from offhook.verbs import Dial, Document, Record, Verb

_DOCUMENT_TYPES = ("application/xml", "text/xml")
ROOT = "Response"

_READERS: dict[str, Callable[[Element, Reading], Verb | tuple[Verb, ...] | None]] = {
    "Speak": read_speak,
    "Play": read_play,
    "Wait": read_wait,
    "DTMF": read_dtmf,
    "Gather": read_gather,
    "GetInput": read_get_input,
    "GetDigits": read_get_digits,
    "Dial": read_dial,
    "Record": read_record,
    "Conference": read_conference,
    "Redirect": read_redirect,
    "Stream": read_stream,
    "Message": read_message,
}
_EARLY = ("PreAnswer", "Preanswer")
_IN_EARLY = frozenset(
    {"Speak", "Play", "Wait", "DTMF", "Gather", "GetInput", "GetDigits", "Redirect", "Message", "Stream"}
)
_NOT_SERVED = frozenset({"MultiPartyCall"})
_KNOWN = (*_READERS, "Hangup", "PreAnswer", *_NOT_SERVED)


def read(reply: Reply, reading: Reading | None = None) -> Document:
    """The document in an answer, defaults filled in. Raises DocumentInvalid for what cannot be run.

    `reading` is for who wants to know more of the problems than the document tells.
    """
    kind, reading = reply.content_type, reading or Reading(reply.url, VOBIZ_XML)
    if kind not in _DOCUMENT_TYPES:
        raise DocumentInvalid(CONTENT_TYPE, _unknown_kind(kind))
    if not reply.body.strip():
        raise DocumentInvalid(NOT_WELL_FORMED, "The answer is empty, where Vobiz XML should be.", line=1)
    root, repaired = parse(reply.body, charset(reply), VOBIZ_XML)
    if root.name != ROOT:
        words = f"Line {root.line}: the root is <{root.name[:40]}>; the root of Vobiz XML is <{ROOT}>."
        raise DocumentInvalid(WRONG_ROOT, words, line=root.line)
    walk = _Walk(reading)
    walk.document(root)
    return Document(
        verbs=tuple(walk.verbs),
        problems=(*repaired, *reading.problems),
        before_answer=walk.before_answer,
    )


class _Walk:
    """Collects the verbs of a document in the order in which they run."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.verbs: list[Verb] = []
        self.before_answer = 0
        """How many of them stand in a PreAnswer."""
        self._met = 0
        self._dial_recording: tuple[Record, Element] | None = None
        """A recording that waits for the Dial with which it begins."""

    def document(self, root: Element) -> None:
        """Take all that stands in the root."""
        for name, value in root.attributes:
            message = f"Line {root.line}: <{ROOT}> takes no attributes; {name}={quoted(value)} is ignored."
            self._reading.problem(SCHEMA, message, root, name)
        self._reading.loose_text(root)
        for child in root.children:
            self._element(child)
            self._met += 1
        self._place_recording()

    def _element(self, element: Element) -> None:
        reader = _READERS.get(element.name)
        if reader is not None:
            read_verbs = reader(element, self._reading)
            if isinstance(read_verbs, Record) and starts_with_dial(element):
                self._place_recording()
                self._dial_recording = read_verbs, element
            elif read_verbs is not None:
                self._take(element, *(read_verbs if isinstance(read_verbs, tuple) else (read_verbs,)))
            if element.name == "Record":
                self._streams_in(element)
        elif element.name == "Hangup":
            self._take(element, *read_hangup(element, self._reading, is_first=self._met == 0))
        elif element.name in _EARLY:
            self._early(element)
        elif element.name in _NOT_SERVED:
            message = f"Line {element.line}: <{element.name}> is not served by this server; it was skipped."
            self._reading.problem(NOT_SERVED, message, element)
        else:
            self._tell_unknown(element)

    def _take(self, element: Element, *verbs: Verb) -> None:
        for verb in verbs:
            if isinstance(verb, Dial) and self._dial_recording is not None and verb.recording is None:
                verb = replace(verb, is_recorded=True, recording=self._dial_recording[0])
                self._dial_recording = None
            self.verbs.append(verb)
            self._reading.verbs.append(element)

    def _early(self, element: Element) -> None:
        """What stands in it runs before the answer, if it is the first element."""
        is_first = not self._met
        if not is_first:
            message = f"Line {element.line}: <{element.name}> may only be the first element."
            self._reading.problem(NESTING, f"{message} What stands in it runs after the answer.", element)
        self._reading.loose_text(element)
        for child in element.children:
            if child.name in _IN_EARLY:
                self._element(child)
            else:
                skip(child, element, self._reading, "it may not stand there")
        if is_first:
            self.before_answer = len(self.verbs)

    def _streams_in(self, record: Element) -> None:
        """One page has a Stream within a Record: it begins after it."""
        for child in record.children:
            if child.name == "Stream":
                self._element(child)

    def _place_recording(self) -> None:
        """A recording that no Dial came for belongs to the last one before it."""
        if self._dial_recording is None:
            return
        recording, element = self._dial_recording
        self._dial_recording = None
        for index in range(len(self.verbs) - 1, -1, -1):
            verb = self.verbs[index]
            if isinstance(verb, Dial) and verb.recording is None:
                self.verbs[index] = replace(verb, is_recorded=True, recording=recording)
                return
        message = f"Line {element.line}: <Record> begins with the answer of a <Dial>, and there is none; it was skipped."
        self._reading.problem(SCHEMA, message, element)

    def _tell_unknown(self, element: Element) -> None:
        hint = self._reading.meant(element.name, _KNOWN, " Did you mean <{}>?")
        if element.name in ("Number", "User"):
            hint = " It stands in <Dial>."
        inside = " So is what stands in it." if element.children else ""
        message = f"Line {element.line}: <{element.name[:40]}> may not stand in <{ROOT}>; it is skipped.{inside}{hint}"
        code = NESTING if element.name in ("Number", "User", ROOT) else SCHEMA
        self._reading.problem(code, message, element, known=_KNOWN)


def _unknown_kind(kind: str) -> str:
    wanted = "Vobiz XML is sent as application/xml or text/xml"
    if not kind:
        return f"The answer has no Content-Type header; {wanted}."
    return f"The answer is of the kind {quoted(kind)}; {wanted}."
