"""Names of spoken languages (BCP-47), as far as their form goes."""

import re

_LANGUAGE_TAG = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")


def is_language_tag(text: str) -> bool:
    """Whether `text` has the form of a BCP-47 tag."""
    return _LANGUAGE_TAG.fullmatch(text) is not None
