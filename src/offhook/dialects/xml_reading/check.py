"""What is wrong with an application's answer, all of it, with its place: for developers, before a call finds out.

The words are those of the notifications that a call would raise; here each occurrence is told, and what ends a document
does not keep what comes after it from being looked at. What differs between languages is a `Checked`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.xml_reading.decoding import charset, decode
from offhook.dialects.xml_reading.positions import Positions
from offhook.dialects.xml_reading.reading import Mark, Reading
from offhook.dialects.xml_reading.vocabulary import Vocabulary
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Document, Problem

_PLACE = re.compile(r"Line (\d+)(?:, column (\d+))?: ")


class Severity(StrEnum):
    """What a finding does to a call."""

    ERROR = "error"
    """The document cannot be run: the fallback URL is asked, or the call ends, maybe with an apology."""
    WARNING = "warning"
    """The document runs, not as it stands there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong."""

    severity: Severity
    code: int
    """The code of the notification that a call would raise."""
    message: str
    line: int | None = None
    column: int | None = None
    """Both count from 1."""
    element: str | None = None
    attribute: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A language, as far as its documents are checked."""

    vocabulary: Vocabulary
    read: Callable[[Reply, Reading], Document]
    """Raises DocumentInvalid."""
    ends: Callable[[Element], str]
    """How a verb ends its document, so that nothing after it runs; empty for one that does not."""
    borne: frozenset[int] = frozenset()
    """The codes of URLs that are left out by who reads them, and end nothing."""


def findings(reply: Reply, language: Checked) -> tuple[Finding, ...]:
    """What is wrong with an answer, in the order of its text; nothing where it runs as it stands there."""
    reading = _Looking(reply.url, language)
    fatal: list[Finding] = []
    document = None
    try:
        document = language.read(reply, reading)
    except DocumentInvalid as invalid:
        fatal = [_placed(Severity.ERROR, invalid.code, invalid.message, invalid.line, invalid.column)]
    found = [*fatal, *_problems(document, reading), *_marked(reply, reading, language)]
    if document is not None and not document.verbs:
        words = "There is no verb in it that runs: a call that asks for it ends."
        found.append(Finding(severity=Severity.WARNING, code=language.vocabulary.schema, message=words))
    last = float("inf")
    return tuple(sorted(found, key=lambda one: (one.line or last, one.column or 0)))


class _Looking(Reading):
    """A document that is read to the end, whatever is wrong with it."""

    def __init__(self, url: str, language: Checked) -> None:
        super().__init__(url, language.vocabulary)
        self._borne = language.borne
        self.unusable: list[Mark] = []
        """What would have ended the document."""

    def is_news(self, element: str, part: str) -> bool:
        """Each occurrence is told."""
        return True

    def resolve(self, reference: str, element: Element, code: int | None = None) -> str:
        """The URL; the document's own in the place of one that is none."""
        try:
            return super().resolve(reference, element, code)
        except DocumentInvalid as invalid:
            if code in self._borne:
                raise
            names = (name for name, value in element.attributes if value == reference)
            used = self.vocabulary.invalid_uri if code is None else code
            self.refuse(used, invalid.message, element, next(names, None))
            return self.url

    def refuse(self, code: int, message: str, element: Element, attribute: str | None = None) -> None:
        """Note it, and go on."""
        problem = Problem(code=code, message=message, line=element.line)
        self.unusable.append(Mark(problem=problem, element=element, attribute=attribute))


def _problems(document: Document | None, reading: Reading) -> Iterator[Finding]:
    """Those problems that belong to no element."""
    if document is None:
        return
    marked = {id(mark.problem) for mark in reading.marks}
    for problem in document.problems:
        if id(problem) not in marked:
            yield _placed(Severity.WARNING, problem.code, problem.message, problem.line, None)


def _marked(reply: Reply, reading: _Looking, language: Checked) -> Iterator[Finding]:
    if not (reading.marks or reading.unusable or reading.verbs):
        return
    positions = Positions(decode(reply.body, charset(reply), language.vocabulary.not_well_formed))
    for mark in reading.unusable:
        yield _finding(Severity.ERROR, mark, positions)
    for mark in reading.marks:
        yield _finding(Severity.WARNING, mark, positions)
    yield from _never_run(reading.verbs, positions, language)


def _finding(severity: Severity, mark: Mark, positions: Positions) -> Finding:
    line, column = positions.of(mark.element, mark.attribute)
    message = _PLACE.sub("", mark.problem.message, count=1)
    if mark.known and "Did you mean" not in message:
        message += f" Known: {', '.join(mark.known)}."
    return Finding(
        severity=severity,
        code=mark.problem.code,
        message=message,
        line=line,
        column=column,
        element=mark.element.name,
        attribute=mark.attribute,
    )


def _never_run(verbs: list[Element], positions: Positions, language: Checked) -> Iterator[Finding]:
    """The first verb after one that leaves the document."""
    for verb, following in pairwise(verbs):
        if verb is not following and (ends := language.ends(verb)):
            line, column = positions.of(following)
            there, _ = positions.of(verb)
            yield Finding(
                severity=Severity.WARNING,
                code=language.vocabulary.schema,
                message=f"<{following.name}> never runs: <{verb.name}> in line {there} {ends}.",
                line=line,
                column=column,
                element=following.name,
            )
            return


def _placed(severity: Severity, code: int, message: str, line: int | None, column: int | None) -> Finding:
    """A finding whose message may begin with its place."""
    place = _PLACE.match(message)
    if place is not None:
        line, column = int(place[1]), int(place[2]) if place[2] else column
    return Finding(
        severity=severity, code=code, message=_PLACE.sub("", message, count=1), line=line, column=column
    )
