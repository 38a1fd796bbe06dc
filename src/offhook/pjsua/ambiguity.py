"""Requests that can be read in two ways: whoever looks before us, such as a proxy that asks whose call it is, may see another one.

Of several Call-IDs the library takes the last and Kamailio the first, and the library takes a lone carriage return for the end of
a line. Pure.
"""

import re

END_OF_HEADERS = re.compile(rb"(?:\r\n|\n|\r(?!\n))[\r\n]")
LONE_RETURN = re.compile(rb"\r(?!\n)")
SINGLE = re.compile(rb"\n(?:(call-id|i)|(from|f)|(to|t)|(cseq))\s*:", re.IGNORECASE)
"""Headers that a request has one of (RFC 3261, 7.3.1), by their long and their short names."""


def is_ambiguous(text: bytes) -> bool:
    """Whether a message's headers say two things of whose it is, or may be cut into lines in two ways."""
    text = text.lstrip(b"\r\n")
    end = END_OF_HEADERS.search(text)
    head = text[: end.end() + 1] if end else text
    kinds = [found.lastindex for found in SINGLE.finditer(head)]
    return len(kinds) > len(set(kinds)) or LONE_RETURN.search(head) is not None
