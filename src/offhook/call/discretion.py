"""What one call keeps to itself: keys, words and their like, where its application said that they may not be kept.

Most of it is never told in the first place. What comes back to us from the application, in a URL that it redirects to
or in a text that it has spoken, is taken out here wherever it is written down.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "…"
"""Stands where something was left out."""
LEAST_CHARS = 3
"""What is shorter stands in too many innocent places to be looked for."""


class Discretion:
    """One call's."""

    def __init__(self) -> None:
        self.hides_keys = False
        """Whether a key that is pressed now may not be told."""
        self._values: set[str] = set()
        self._found: re.Pattern[str] | None = None

    @property
    def has_secrets(self) -> bool:
        """Whether there is anything to hide."""
        return self._found is not None

    def keep(self, *values: str) -> None:
        """From now on these are hidden wherever they are met."""
        self._values.update(value for value in values if len(value) >= LEAST_CHARS)
        self._found = _pattern(self._values)

    def hide(self, text: str) -> str:
        """`text` without what is to be hidden: for addresses and messages of our own."""
        return text if self._found is None else self._found.sub(HIDDEN, text)

    def withhold(self, text: str) -> str:
        """`text` if there is nothing in it to be hidden, else none of it: for texts of the application's. What is left of
        `Say yes or no` would tell what was taken out of it."""
        return text if self._found is None or self._found.search(text) is None else HIDDEN


def hidden(text: str, values: Iterable[str]) -> str:
    """`text` without `values`."""
    found = _pattern({value for value in values if len(value) >= LEAST_CHARS})
    return text if found is None else found.sub(HIDDEN, text)


def _pattern(values: set[str]) -> re.Pattern[str] | None:
    """Finds values as they are, and as URLs spell them; in any case, the longest first."""
    spellings = {spelling for value in values for spelling in (value, quote(value), quote_plus(value))}
    longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE) if longest_first else None
