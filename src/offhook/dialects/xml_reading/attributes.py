"""The attributes of one element, each read as what it must be.

A bad value never stops a document: the default takes its place, and a problem names the line, the attribute,
the value and what is used instead. Numbers are ASCII; whole numbers have up to nine digits.
"""

import re

from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Method, Target

_WHOLE = re.compile("[0-9]{1,9}")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")
_BETWEEN_WORDS = re.compile(r"[\s,]+")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,9})?")
_KEYS = re.compile("[0-9*#]{1,12}")

MOST_MS = 60_000
LONGEST_NAME = 200


class Attributes:
    """Reads the attributes of `element`; those that are not among `known` are told at once."""

    def __init__(self, element: Element, reading: Reading, *known: str) -> None:
        self._element = element
        self._reading = reading
        self._schema = reading.vocabulary.schema
        self._values = dict(element.attributes)
        for name in self._values:
            if name not in known:
                self._tell_unknown(name, known)

    def text(self, name: str) -> str | None:
        """The value as it stands; None where the attribute is not given."""
        return self._values.get(name)

    def name(self, name: str) -> str | None:
        """Somebody's name for something, on one line; None where there is none, or none to be had."""
        value = self._values.get(name)
        if value is None:
            return None
        stripped = value.strip()
        if stripped and len(stripped) <= LONGEST_NAME and stripped.isprintable():
            return stripped
        self.bad(name, f"a name of 1 to {LONGEST_NAME} characters", "it is ignored", self._schema)
        return None

    def words(self, name: str) -> tuple[str, ...]:
        """The words in a list that blanks or commas part, in order, each once; none where there are none."""
        return tuple(dict.fromkeys(word for word in _BETWEEN_WORDS.split(self._values.get(name, "")) if word))

    def whole(self, name: str, *, default: int, least: int = 0, most: int | None = None, code: int) -> int:
        """A whole number of at least `least`, and at most `most`."""
        value = self._values.get(name)
        if value is None:
            return default
        if _WHOLE.fullmatch(value) and int(value) >= least and (most is None or int(value) <= most):
            return int(value)
        range_ = f"{least} or more" if most is None else f"{least} to {most}"
        self.bad(name, f"a whole number of {range_}", f"{default} is used", code)
        return default

    def number(self, name: str, *, most: float, instead: str, code: int) -> float | None:
        """A number of 0 to `most`, decimals allowed; None where there is none, or none to be had."""
        value = self._values.get(name)
        if value is None:
            return None
        if _NUMBER.fullmatch(value) and float(value) <= most:
            return float(value)
        self.bad(name, f"a number of 0 to {most:g}", instead, code)
        return None

    def milliseconds(self, name: str, *, instead: str, code: int) -> float | None:
        """A whole number of milliseconds up to a minute, in seconds; None where there is none, or none to be had."""
        value = self._values.get(name)
        if value is None:
            return None
        if _WHOLE.fullmatch(value) and int(value) <= MOST_MS:
            return int(value) / 1000
        self.bad(name, f"a whole number of milliseconds, 0 to {MOST_MS}", instead, code)
        return None

    def seconds(self, name: str, *, code: int, instead: str) -> float | None:
        """A number of seconds over 0, decimals allowed; None where there is none, or none to be had."""
        value = self._values.get(name)
        if value is None:
            return None
        if _SECONDS.fullmatch(value) and float(value) > 0:
            return float(value)
        self.bad(name, "a number of seconds over 0", instead, code)
        return None

    def flag(self, name: str, *, default: bool) -> bool:
        """`true` or `false`, in any case."""
        return self.choice(name, ("true", "false"), default=str(default).lower(), code=self._schema) == "true"

    def wish(self, name: str) -> bool | None:
        """`true` or `false`, in any case; None where neither is asked for."""
        value = self._values.get(name)
        if value is None or value.lower() in ("true", "false"):
            return None if value is None else value.lower() == "true"
        self.bad(name, '"true" or "false"', "it is ignored", self._schema)
        return None

    def choice(self, name: str, allowed: tuple[str, ...], *, default: str, code: int) -> str:
        """One of `allowed`, given in any case."""
        value = self._values.get(name, default)
        for word in allowed:
            if value.lower() == word.lower():
                return word
        self.bad(name, " or ".join(quoted(word) for word in allowed), f"{quoted(default)} is used", code)
        return default

    def method(self, name: str, code: int | None = None) -> Method:
        """GET or POST, given in any case; POST by default. Another is told under `code`, or what the vocabulary says."""
        code = self._reading.vocabulary.method if code is None else code
        return Method(self.choice(name, ("GET", "POST"), default="POST", code=code))

    def keys(self, name: str, *, default: str, code: int) -> frozenset[str]:
        """A set of up to twelve keys out of 0-9, * and #."""
        value = self._values.get(name, default)
        if _KEYS.fullmatch(value):
            return frozenset(value)
        self.bad(name, "one to twelve keys out of 0-9, * and #", f"{quoted(default)} is used", code)
        return frozenset(default)

    def target(self, name: str, method: Method) -> Target | None:
        """The URL in `name`, to be called by `method`; None where there is none. Raises DocumentInvalid."""
        value = self._values.get(name)
        return Target(self._reading.resolve(value, self._element), method) if value else None

    def bad(self, name: str, wanted: str, instead: str, code: int) -> None:
        """Note that the value of `name` is not `wanted`, and what happens `instead`."""
        value = quoted(self._values.get(name, ""))
        element = self._element
        message = f"Line {element.line}: {name}={value} of <{element.name}> is not {wanted}; {instead}."
        self._reading.problem(code, message, element, name)

    def bad_secret(self, name: str, wanted: str, instead: str, code: int) -> None:
        """The same, of a value that nobody shall read."""
        element = self._element
        message = f"Line {element.line}: {name} of <{element.name}> is not {wanted}; {instead}."
        self._reading.problem(code, message, element, name)

    def _tell_unknown(self, name: str, known: tuple[str, ...]) -> None:
        verb, line = self._element.name, self._element.line
        if not self._reading.is_news(verb, name):
            return
        hints = self._reading.vocabulary.attribute_hints
        hint = hints.get((verb, name)) or self._reading.meant(name, known, ' Did you mean "{}"?')
        message = f"Line {line}: <{verb}> has no attribute {quoted(name)}; it is ignored.{hint}"
        self._reading.problem(self._schema, message, self._element, name, known=known)
