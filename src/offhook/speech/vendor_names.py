"""Names of speech vendors, as people write them and as they are known here."""

import re
from collections.abc import Sequence

ALIASES = {"polly": "aws", "azure": "microsoft"}
"""Other names that a vendor is called by."""


def vendor_name(text: str) -> str:
    """The name that a vendor is known by, however it is written."""
    name = text.strip().lower()
    return ALIASES.get(name, name)


def vendor_names(text: str) -> tuple[str, ...]:
    """The names in a list that commas or spaces part, in its order."""
    return tuple(vendor_name(part) for part in re.split(r"[,\s]+", text) if part)


def listed(names: Sequence[str]) -> str:
    """Names in a row, for people: `a, b and c`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
