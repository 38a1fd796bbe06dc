"""Sequences of keys that an application wants to hear of, as digitsMatch lists them."""

import re

from offhook.dialects.vobiz.attributes import Attributes
from offhook.dialects.vobiz.codes import SCHEMA

_PATTERN = re.compile("[0-9*#]{1,24}")
MOST_PATTERNS = 100


def read_patterns(attributes: Attributes, name: str) -> tuple[str, ...]:
    """Those in the comma list `name`, each once, in their order; what is no sequence of keys is left out."""
    entries = [entry for part in (attributes.text(name) or "").split(",") if (entry := part.strip())]
    good = tuple(dict.fromkeys(entry for entry in entries if _PATTERN.fullmatch(entry)))[:MOST_PATTERNS]
    if len(good) < len(dict.fromkeys(entries)):
        wanted = f"a list of at most {MOST_PATTERNS} sequences of up to 24 keys, with commas between"
        attributes.bad(name, wanted, "what is none is left out", SCHEMA)
    return good
