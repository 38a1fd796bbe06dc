"""The numbers under which Restcomm files what is wrong with an application.

Numbers that Restcomm never used for a fault of this kind are those of the wider family it took its own from.
"""

INVALID_URI = 11100
"""A URL that is none; ends the document."""
TOO_LARGE = 11750
"""A document over the size limit; ends it."""
NOT_WELL_FORMED = 12100
"""A document that is no XML, or XML that is refused; ends it."""
WRONG_ROOT = 12102
"""A web page where a document should be; ends it."""
SCHEMA = 12200
"""An element, an attribute or a value that RCML does not know, and that has no number of its own."""
CONTENT_TYPE = 12300
"""A kind of answer that is no document."""

GATHER_FINISH_KEY = 13310
GATHER_TIMEOUT = 13313
GATHER_NUM_DIGITS = 13314
GATHER_START_KEY = 13315
GATHER_SAY_VOICE = 13321
GATHER_SAY_LOOP = 13322
GATHER_PLAY_URI = 13325
PLAY_LOOP = 13410
SAY_LOOP = 13510
SAY_VOICE = 13511
REDIRECT_METHOD = 13710
PAUSE_LENGTH = 13910
METHOD = 14104
"""A bad `method`, or a bad `partialResultCallbackMethod`."""
