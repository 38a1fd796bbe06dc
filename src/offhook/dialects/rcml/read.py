"""From an application's answer to a document: the kind of answer first, then the verbs in it.

A document is walked depth first. An element that is no verb is skipped, and the elements inside it still run,
so any root will do. An element inside a verb never runs by itself.
"""

import re
from collections.abc import Callable

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.rcml.codes import CONTENT_TYPE, NOT_WELL_FORMED, SCHEMA, TOO_LARGE, WRONG_ROOT
from offhook.dialects.rcml.dial import read_dial
from offhook.dialects.rcml.gather import read_gather
from offhook.dialects.rcml.hold import read_hold, read_resume
from offhook.dialects.rcml.leaving import read_hangup, read_redirect, read_reject
from offhook.dialects.rcml.messages import read_email, read_message, read_sms
from offhook.dialects.rcml.prompts import DEFAULT_LANGUAGE, DEFAULT_VOICE, read_pause, read_play, read_say
from offhook.dialects.rcml.queue import read_enqueue, read_leave
from offhook.dialects.rcml.record import read_record
from offhook.dialects.rcml.refer import read_refer
from offhook.dialects.rcml.vocabulary import RCML
from offhook.dialects.xml_reading.decoding import charset, decode
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element, parse
from offhook.verbs import Document, Play, Problem, Say, Verb

_DOCUMENT_TYPES = ("text/xml", "application/xml", "text/html")

_READERS: dict[str, Callable[[Element, Reading], Verb | None]] = {
    "Say": read_say,
    "Play": read_play,
    "Pause": read_pause,
    "Gather": read_gather,
    "Dial": read_dial,
    "Record": read_record,
    "Redirect": read_redirect,
    "Hangup": read_hangup,
    "Reject": read_reject,
    "Enqueue": read_enqueue,
    "Leave": read_leave,
    "Hold": read_hold,
    "Resume": read_resume,
    "Refer": read_refer,
    "Sms": read_sms,
    "Message": read_message,
    "Email": read_email,
}
_NOT_YET = frozenset(
    {
        "Fax",
        "Language",
        "UssdMessage",
        "UssdCollect",
    }
)
"""Verbs of RCML that this version does not run. What stands inside them is skipped too."""


def read(reply: Reply, reading: Reading | None = None) -> Document:
    """The document in an answer, defaults filled in. Raises DocumentInvalid for what cannot be run.

    `reading` is for who wants to know more of the problems than the document tells.
    """
    kind, reading = reply.content_type, reading or Reading(reply.url, RCML)
    if kind.startswith("audio/"):
        return Document(verbs=(Play(url=reply.url),))
    if not reply.body.strip():
        return Document()
    if kind in _DOCUMENT_TYPES:
        return _read_rcml(reply, reading, ())
    if kind == "text/plain":
        return _read_text(reply, reading)
    raise DocumentInvalid(CONTENT_TYPE, _unknown_kind(kind))


def _read_rcml(reply: Reply, reading: Reading, problems: tuple[Problem, ...]) -> Document:
    _refuse_web_page(reply.body)
    root, repaired = parse(reply.body, charset(reply), RCML)
    if root.name.lower() == "html":
        raise DocumentInvalid(WRONG_ROOT, _web_page(reply.body), line=root.line)
    walk = _Walk(reading)
    walk.element(root, is_root=True)
    if not walk.met_rcml and root.name.lower() != "response":
        words = f"Line {root.line}: there is no RCML in this document: its root is <{root.name[:40]}>, not <Response>."
        raise DocumentInvalid(WRONG_ROOT, words, line=root.line)
    return Document(verbs=tuple(walk.verbs), problems=(*problems, *repaired, *reading.problems))


def _read_text(reply: Reply, reading: Reading) -> Document:
    if re.match(rb"\s*<(\?xml|Response\b)", reply.body):
        words = "This RCML was sent as text/plain; it was run as if it were text/xml. Set the Content-Type header."
        return _read_rcml(reply, reading, (Problem(code=CONTENT_TYPE, message=words, line=1),))
    if len(reply.body) > RCML.most_bytes:
        words = f"The text has {len(reply.body):,} bytes; {RCML.most_bytes:,} are allowed."
        raise DocumentInvalid(TOO_LARGE, words)
    text = " ".join(decode(reply.body, charset(reply), NOT_WELL_FORMED).split())
    return Document(verbs=(Say(text=text, voice=DEFAULT_VOICE, language=DEFAULT_LANGUAGE),))


class _Walk:
    """Collects the verbs of a document in the order in which they run."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.verbs: list[Verb] = []
        self.met_rcml = False
        """Whether there was any verb of RCML, run by this version or not."""

    def element(self, element: Element, *, is_root: bool = False) -> None:
        """Take `element`, if it is a verb, or else the verbs inside it."""
        reader = _READERS.get(element.name)
        self.met_rcml |= reader is not None or element.name in _NOT_YET
        if reader is not None:
            verb = reader(element, self._reading)
            if verb is not None:
                self.verbs.append(verb)
                self._reading.verbs.append(element)
                self._tell_children(element, verb)
        elif element.name in _NOT_YET:
            where = f"Line {element.line}: <{element.name}>"
            message = f"{where} is not supported by this version of Offhook and was skipped."
            self._reading.problem(SCHEMA, message, element)
        else:
            if is_root or element.name == "Response":
                self._reading.loose_text(element)
            else:
                self._tell_unknown(element)
            for child in element.children:
                self.element(child)

    def _tell_children(self, element: Element, verb: Verb) -> None:
        if isinstance(verb, Say) or element.name in ("Gather", "Refer", "Dial"):
            return
        for child in element.children:
            message = f"Line {child.line}: <{child.name[:40]}> inside <{element.name}> was skipped; it takes no elements."
            self._reading.problem(SCHEMA, message, child)

    def _tell_unknown(self, element: Element) -> None:
        known = (*_READERS, *_NOT_YET, "Response")
        hint = self._reading.meant(element.name, known, " Did you mean <{}>?")
        inside = " The elements inside it are run." if element.children else ""
        message = (
            f"Line {element.line}: RCML has no verb <{element.name[:40]}>; it was skipped.{inside}{hint}"
        )
        self._reading.problem(SCHEMA, message, element, known=tuple(_READERS))


# The kind of answer.


def _unknown_kind(kind: str) -> str:
    known = (
        "Offhook reads RCML (text/xml, application/xml or text/html), "
        "plain text (text/plain), and sounds (audio/wav and its like)"
    )
    if not kind:
        return f"The answer has no Content-Type header. {known}."
    return f"The answer is of the kind {quoted(kind)}. {known}."


def _refuse_web_page(body: bytes) -> None:
    start = body[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:14].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise DocumentInvalid(WRONG_ROOT, _web_page(body), line=1)


def _web_page(body: bytes) -> str:
    title = re.search(rb"<title[^>]{0,99}>([^<]{1,200})", body, re.IGNORECASE)
    words = " ".join(title[1].decode("utf-8", "replace").split()) if title else ""
    named = f" with the title {quoted(words)}" if words else ""
    return f"The answer is a web page{named}, perhaps an error page, where RCML should be."
