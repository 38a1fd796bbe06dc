"""Text from outside, as it may stand in a form, a query or a header: on one line."""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def clean(value: str) -> str:
    """`value` fit for a form: what a caller may have sent of control characters becomes a space, what of bytes
    that are no text a question mark."""
    return _CONTROL.sub(" ", value.encode(errors="replace").decode())
