"""Values of settings that are more than one word: named entries, addresses, and what lacks."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit


def pairs(text: str, form: str) -> dict[str, str]:
    """Comma-separated `name=value`; `form` is how one looks. Raises ValueError, which never repeats a value."""
    found: dict[str, str] = {}
    for number, part in enumerate((part.strip() for part in text.split(",")), 1):
        name, equals, value = part.partition("=")
        if not part:
            continue
        if not equals or not value or not re.fullmatch(r"[a-z0-9_-]+", name):
            raise ValueError(
                f"entry {number} must be {form}, with a name of small letters, digits, - and _; "
                "entries are comma-separated"
            )
        if name in found:
            raise ValueError(f"the name {name!r} is there twice")
        found[name] = value
    return found


def in_order(names: Sequence[str], check: Callable[[str], None]) -> str:
    """Names as a list of them is kept: comma-separated, none twice, each passed by `check`. Raises ValueError."""
    for name in names:
        check(name)
        if names.count(name) > 1:
            raise ValueError(f"{name} is there twice")
    if not names:
        raise ValueError("name one, or several, comma-separated")
    return ", ".join(names)


def is_websocket_url(text: str) -> bool:
    """Whether it is an address like wss://host/path, without credentials."""
    return _is_url(text, "wss?")


def is_http_url(text: str) -> bool:
    """Whether it is an address like https://host/path, without credentials."""
    return _is_url(text, "https?")


def lacking(needs: tuple[tuple[str, ...], ...], given: Mapping[str, Any]) -> str:
    """The settings that lack where of each group one is needed, in words; nothing where none does."""
    groups = [group for group in needs if not any(given.get(name) for name in group)]
    return " and ".join(" or ".join(f"OFFHOOK_{name.upper()}" for name in group) for group in groups)


def _is_url(text: str, scheme: str) -> bool:
    if not re.fullmatch(rf"{scheme}://[!-~]+", text) or "#" in text:
        return False
    try:
        parts = urlsplit(text)
        return bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # of a port that is no number
        return False
