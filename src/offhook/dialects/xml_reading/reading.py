"""What the readers of a document share: where its URLs stand, and what was wrong with it so far."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urljoin, urlsplit

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import without_credentials
from offhook.dialects.xml_reading.meant import meant
from offhook.dialects.xml_reading.vocabulary import Vocabulary
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Problem

MOST_PROBLEMS = 50
"""Problems kept of one document; what is beyond is counted only."""
MOST_URL = 8_192

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a problem is about, for who wants to show the place."""

    problem: Problem
    element: Element
    attribute: str | None = None
    known: tuple[str, ...] = ()
    """What could stand in the place of a name that is not known."""


class Reading:
    """One document being read."""

    def __init__(self, url: str, vocabulary: Vocabulary) -> None:
        """`url` is where the document came from."""
        self.url = url
        self.vocabulary = vocabulary
        self._base = urlsplit(url)._replace(query="", fragment="").geturl()
        self.marks: list[Mark] = []
        """What was wrong so far, each with its place."""
        self.verbs: list[Element] = []
        """The elements that became verbs of the document, in the order in which these run."""
        self._told: set[tuple[str, str]] = set()
        self._left_out = 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What was wrong so far, in the order in which it was met."""
        if not self._left_out:
            return tuple(mark.problem for mark in self.marks)
        more = Problem(
            code=self.vocabulary.schema,
            message=f"{self._left_out} more problems in this document are not listed.",
        )
        return (*(mark.problem for mark in self.marks), more)

    def problem(
        self,
        code: int,
        message: str,
        element: Element,
        attribute: str | None = None,
        *,
        known: tuple[str, ...] = (),
    ) -> None:
        """Note a fault that does not stop the document; `known` is what an unknown name could be."""
        if len(self.marks) < MOST_PROBLEMS:
            problem = Problem(code=code, message=message, line=element.line)
            self.marks.append(Mark(problem=problem, element=element, attribute=attribute, known=known))
        else:
            self._left_out += 1

    def refuse(self, code: int, message: str, element: Element, attribute: str | None = None) -> None:
        """Tell a fault that ends the document. Raises DocumentInvalid; who only looks at the document goes on after it."""
        raise DocumentInvalid(code, message, line=element.line)

    def is_news(self, element: str, part: str) -> bool:
        """Whether this is the first word about `part` of elements of this name."""
        is_news = (element, part) not in self._told
        self._told.add((element, part))
        return is_news

    def meant(self, name: str, known: Iterable[str], form: str) -> str:
        """`form` with the known name that `name` was probably meant to be; empty where there is none."""
        word = None if self._left_out else meant(name, known, self.vocabulary.elsewhere)
        return form.format(word) if word else ""

    def loose_text(self, element: Element) -> None:
        """Note the text that stands directly in `element`, where only elements count."""
        text = " ".join(element.own_text.split())
        if text:
            message = (
                f"Line {element.line}: the text {quoted(text)} in <{element.name[:40]}> is ignored. "
                f"To speak it, put it into <{self.vocabulary.say}>."
            )
            self.problem(self.vocabulary.schema, message, element)

    def resolve(self, reference: str, element: Element, code: int | None = None) -> str:
        """The absolute URL that `reference` means here. Raises DocumentInvalid(code) where it is none; the vocabulary says
        which code by default.

        A relative one, where the language has such, stands against the URL of the document without its query.
        """
        code = self.vocabulary.invalid_uri if code is None else code
        if _CONTROL.search(reference) or len(reference) > MOST_URL:
            self._no_url(
                reference, element, code, "it has a line break or control character in it, or is too long"
            )
        try:
            parts = urlsplit(reference.replace(" ", "%20"))
            if not parts.scheme and self.vocabulary.resolves_relative_urls:
                parts = urlsplit(urljoin(self._base, parts.geturl()))
            has_port = parts.port is None or parts.port > 0
        except ValueError as fault:
            self._no_url(reference, element, code, str(fault))
        if parts.scheme not in ("http", "https"):
            wanted = "" if self.vocabulary.resolves_relative_urls else "absolute URLs of "
            self._no_url(reference, element, code, f"only {wanted}http and https are supported")
        if not parts.hostname or not has_port:
            self._no_url(reference, element, code, "it names no host")
        return parts.geturl()

    def _no_url(self, reference: str, element: Element, code: int, why: str) -> NoReturn:
        shown = quoted(without_credentials(reference))
        message = f"Line {element.line}: {shown} in <{element.name}> is not a usable URL: {why}."
        raise DocumentInvalid(code, message, line=element.line)


def quoted(value: str) -> str:
    """`value` fit for a message: in quotes, on one line, not too long."""
    line = _CONTROL.sub(" ", value)
    return f'"{line[:60]}…"' if len(line) > 60 else f'"{line}"'
