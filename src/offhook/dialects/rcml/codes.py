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

DIAL_IN_SCREENING = 13201
"""A verb in a screening document that would dial on; it is left out."""
DIAL_METHOD = 13210
DIAL_TIMEOUT = 13212
DIAL_CALLER_ID = 13214
"""A callerId that nobody can have; ends the document."""
DIAL_TIME_LIMIT = 13216

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
RECORD_METHOD = 13610
RECORD_TIME = 13612
"""A bad `timeout` or `maxLength` of Record."""
RECORD_FINISH_KEY = 13613
REDIRECT_METHOD = 13710
PAUSE_LENGTH = 13910
MESSAGE_TO = 14101
MESSAGE_FROM = 14102
MESSAGE_BODY = 14103
"""A message without a text, or with one that is too long; ends the document."""
MESSAGE_METHOD = METHOD = 14104
"""A bad `method` of Gather, Sms or Message, or a bad `partialResultCallbackMethod`."""
VIDEO = 15001
"""A <Video> in a noun of Dial; calls have sound only."""
