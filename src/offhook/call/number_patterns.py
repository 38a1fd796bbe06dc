"""Numbers that are regular expressions: they stand for every called number that they match as a whole.

Customers write them and every call to an unknown number tries them, so they are matched in a time that grows with
the length of the number alone (RE2): no pattern can hold a call up.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from re2 import _Regexp

EVERYTHING = "*"
"""Alone, it stands for all numbers that nothing else does; names it leaves alone."""
LONGEST_PATTERN = 128
_MOST_MEMORY = 1 << 20
_SPECIAL = re.compile(r"[?\[\](){}|^$\\]|(?<=.)[*+]")
_DIGITS_AND_DOTS = re.compile(r"[+0-9*#.]*\.[+0-9*#.]*")
_ANY_NUMBER = r"\+?[0-9*#]+"


def is_pattern(text: str) -> bool:
    """Whether a number is a regular expression rather than a name.

    A `*` or `+` at its beginning is itself, and so is a dot between letters: `*97`, `+4930`, `front-desk.berlin`.
    """
    return text == EVERYTHING or bool(_SPECIAL.search(text) or _DIGITS_AND_DOTS.fullmatch(text))


def fault(text: str) -> str | None:
    """What keeps `text` from being a pattern, in words for whoever wrote it; None where nothing does."""
    import re2

    if len(text) > LONGEST_PATTERN:
        return f"it is longer than {LONGEST_PATTERN} characters"
    try:
        _compiled(text)
    except re2.error as error:
        reason = error.args[0]
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    return None


def matches(pattern: str, called: str) -> bool:
    """Whether a pattern stands for `called` as a whole; one that is none stands for nothing."""
    import re2

    try:
        return _compiled(pattern).fullmatch(called) is not None
    except (re2.error, UnicodeError):
        return False


@lru_cache(maxsize=4096)
def _compiled(text: str) -> "_Regexp":
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MOST_MEMORY
    if text == EVERYTHING:
        return re2.compile(_ANY_NUMBER, options)
    return re2.compile(f"\\{text}" if text[:1] in ("*", "+") else text, options)
