"""The attributes of one element, read as Vobiz means them.

A number out of its range becomes the nearest that is in it, as Vobiz does with a Stream's maxRetries; what is no number
becomes the default. Neither ends a call. A URL or method that the call would have to follow does, for Vobiz ends it, too.
"""

import re

from offhook.call.errors import DocumentInvalid
from offhook.dialects.language_tag import is_language_tag
from offhook.dialects.vobiz.codes import (
    ACTION_METHOD,
    ACTION_URL,
    MISSING,
    NESTING,
    RANGE,
    SCHEMA,
    UNUSABLE_URL,
)
from offhook.dialects.xml_reading.attributes import Attributes as AnyAttributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Method, Target

MOST_NUMBER = 999_999_999
AUTO = "auto"

_NUMBER = re.compile(r"([+-]?)([0-9]{1,1000})(?:\.([0-9]{0,1000}))?")


class Attributes(AnyAttributes):
    """Reads the attributes of `element`; those that are not among `known` are told at once."""

    def clamped(
        self, name: str, *, default: int, least: int = 0, most: int = MOST_NUMBER, otherwise: str = ""
    ) -> int:
        """A whole number within bounds. `otherwise` tells what happens where it is no number at all, if that is not the
        use of the default."""
        found = self._number(name, least, most, otherwise or f"{default} is used")
        return default if found is None else int(found)

    def seconds_or_auto(self, name: str, *, least: int, most: int) -> float | None:
        """A number of seconds within bounds, decimals allowed; None for `auto`, which is the default."""
        if (self.text(name) or AUTO).lower() == AUTO:
            return None
        found = self._number(name, least, most, f'"{AUTO}" is used', is_whole=False)
        return None if found is None else float(found)

    def text_or(self, name: str, default: str) -> str:
        """The value; `default` where it is not given or empty."""
        return self.text(name) or default

    def language(self, name: str, default: str) -> str:
        """A language tag."""
        value = self.text_or(name, default)
        if is_language_tag(value):
            return value
        self.bad(name, f"a language tag such as {default}", f"{default} is used", SCHEMA)
        return default

    def keeps_log(self) -> bool:
        """What `log` says. A slip there must not write down what was meant to be kept nowhere."""
        return self.flag("log", default=self.text("log") is None)

    def action(self, *, follows: bool, is_required: bool = False) -> Target | None:
        """The target in `action` and `method`; None where there is none.

        Where the call `follows` what it answers, raises DocumentInvalid for one that cannot be asked; else it is left
        out. Raises DocumentInvalid, too, for one that `is_required` and not there.
        """
        if is_required and not self.text("action"):
            line, verb = self._element.line, self._element.name
            words = f"Line {line}: <{verb}> has no action; it must name a URL, to which the input is sent."
            self._reading.refuse(MISSING, words, self._element)
            return None
        if not follows:
            return self.callback("action", "method")
        url = self.text("action")
        method = self._followed_method("method", ACTION_METHOD)
        return Target(self._reading.resolve(url, self._element, ACTION_URL), method) if url else None

    def callback(self, name: str, method_name: str = "") -> Target | None:
        """The target in `name`, which is told things and whose answer changes nothing; one that cannot be asked is left
        out."""
        method = self.method(method_name) if method_name else Method.POST
        url = self.text(name)
        if not url:
            return None
        try:
            return Target(self._reading.resolve(url, self._element, UNUSABLE_URL), method)
        except DocumentInvalid as invalid:
            self._reading.problem(
                UNUSABLE_URL, f"{invalid.message} It is left out ({name}).", self._element, name
            )
            return None

    def followed_url(self, text: str, code: int, method_code: int) -> Target:
        """The target that is the text of the element, with its `method`. Raises DocumentInvalid."""
        if not text:
            line = self._element.line
            self._reading.refuse(code, f"Line {line}: <{self._element.name}> has no URL.", self._element)
            return Target(self._reading.url)
        return Target(
            self._reading.resolve(text, self._element, code), self._followed_method("method", method_code)
        )

    def _followed_method(self, name: str, code: int) -> Method:
        value = self.text_or(name, Method.POST)
        if value.upper() in tuple(Method):
            return Method(value.upper())
        element = self._element
        words = f'Line {element.line}: {name}="{value[:60]}" of <{element.name}> is neither GET nor POST.'
        self._reading.refuse(code, words, element, name)
        return Method.POST

    def _number(
        self, name: str, least: int, most: int, instead: str, *, is_whole: bool = True
    ) -> float | None:
        """A number within bounds; None where it is not given, or with a problem where it is none."""
        value = self.text(name)
        if value is None:
            return None
        bounds = f"of {least} or more" if most == MOST_NUMBER else f"from {least} to {most}"
        wanted = f"a {'whole ' if is_whole else ''}number {bounds}"
        found = _NUMBER.fullmatch(value)
        if found is None:
            self.bad(name, wanted, instead, SCHEMA)
            return None
        sign, digits, decimals = found[1], found[2].lstrip("0") or "0", (found[3] or "").rstrip("0")
        number = float(digits[:12] if len(digits) <= 12 else MOST_NUMBER + 1) * (-1 if sign == "-" else 1)
        if decimals and not is_whole and sign != "-":
            number += float(f"0.{decimals[:9]}")
        used = min(max(number, least), most)
        if used != number or (decimals and is_whole):
            self.bad(name, wanted, f"{used:.10g} is used", RANGE)
        return used


def skip_children(element: Element, reading: Reading) -> None:
    """Note the elements inside one that takes none."""
    for child in element.children:
        skip(child, element, reading, "it takes no elements")


def skip(child: Element, parent: Element, reading: Reading, why: str) -> None:
    """Note that `child` may not stand in `parent`."""
    message = f"Line {child.line}: <{child.name[:40]}> in <{parent.name}> was skipped; {why}."
    reading.problem(NESTING, message, child)
