"""The numbers under which faults of a document are filed, and the hangup causes that stand for them.

Vobiz has causes of four digits, which tell why a call ended. Notifications have codes of five, and most of what they
tell ends no call. A code that does end it is 16 and the cause's last three digits where the cause is known from the
document alone; the others depend on what the document was asked for (`Asked`).
"""

from enum import IntEnum

ACTION_URL = 16722
"""An action URL that is none; ends the document."""
REDIRECT_URL = 16724
"""A Redirect to what is no URL; ends the document."""
ACTION_METHOD = 16732
"""A method of an action that is neither GET nor POST; ends the document."""
REDIRECT_METHOD = 16734
"""The same of a Redirect."""

NOT_WELL_FORMED = 16801
"""A document that is no XML, or XML that is refused; ends it."""
WRONG_ROOT = 16802
"""A root that is not <Response>; ends the document."""
CONTENT_TYPE = 16803
"""A kind of answer that is no document."""
TOO_LARGE = 16804
"""A document over the size limit; ends it."""
MISSING = 16805
"""An attribute that must be there and is not; ends the document."""

SCHEMA = 16810
"""An element, an attribute or a value that is not known; it is skipped, or its default is used."""
NESTING = 16811
"""An element where it may not stand; it is skipped."""
RANGE = 16812
"""A number out of its range; the nearest is used."""
NOT_SERVED = 16813
"""What Vobiz or Plivo has and this server has not."""
UNUSABLE_URL = 16814
"""A URL that is none and that nothing depends on: it is left out."""


class Asked(IntEnum):
    """What a document was asked for; the value is the last digit of the causes that tell of it."""

    ANSWER = 1
    ACTION = 2
    TRANSFER = 3
    REDIRECT = 4


_OWN_CAUSES = {ACTION_URL: 7022, REDIRECT_URL: 7024, ACTION_METHOD: 7032, REDIRECT_METHOD: 7034}
_INVALID_XML = frozenset({NOT_WELL_FORMED, WRONG_ROOT, CONTENT_TYPE, TOO_LARGE, MISSING})
_FIRST_INVALID_XML = 8010


def cause_of(code: int, asked: Asked) -> int | None:
    """The hangup cause of a call that ended for a document's fault; None for a code that is not of a document."""
    if code in _INVALID_XML:
        return _FIRST_INVALID_XML + asked
    return _OWN_CAUSES.get(code)
