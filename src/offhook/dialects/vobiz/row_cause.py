"""The hangup cause of a call that is over, as its record tells it: what the hangup URL was told.

Of calls of older versions the record keeps the status, the SIP status and the reason in words: that tells less.
"""

from offhook.call.ending import MEDIA_TIMEOUT
from offhook.call.info import CallStatus, Direction
from offhook.call.rows import CallRow
from offhook.dialects.vobiz.hangup_causes import HangupCause, Source, cause
from offhook.dialects.vobiz.why_ended import hangup_cause, of_sip_status
from offhook.interpreter.fork import ANSWERED_FIRST, CALLER_GONE
from offhook.interpreter.hangup import SCHEDULED

BY_REST = "ended over the API"
"""What the reason of a call is that was ended over REST."""
_BY_REASON = (
    (SCHEDULED, 6000, Source.ANSWER_XML),
    ("max_duration", 6000, Source.PLATFORM),
    ("max_ring", 6000, Source.PLATFORM),
    (MEDIA_TIMEOUT, 6020, Source.PLATFORM),
    (ANSWERED_FIRST[0], 9000, Source.PLATFORM),
    ("worker_lost", 5010, Source.ERROR),
)
"""What a reason begins with, and what it stands for."""


def cause_of_row(call: CallRow) -> HangupCause:
    """The cause for which a call that is over ended; 0 for one that is not."""
    if not call.status.is_final:
        return cause(0, Source.UNKNOWN)
    if call.ended is not None:
        return hangup_cause(call.direction, call.status, call.ended)
    return _of_words(call)


def _of_words(call: CallRow) -> HangupCause:
    was_answered = call.status is CallStatus.COMPLETED
    if call.reason.startswith((BY_REST, CALLER_GONE[0])):
        source = Source.API_REQUEST if call.reason.startswith(BY_REST) else Source.CALLER
        return cause(4000 if was_answered else 1000, source)
    for begin, code, source in _BY_REASON:
        if call.reason.startswith(begin):
            return cause(code, source)
    is_inbound = call.direction is Direction.INBOUND
    match call.status:
        case CallStatus.COMPLETED:
            return cause(4000, Source.CALLER if is_inbound else Source.CALLEE)
        case CallStatus.CANCELED:
            return cause(1000, Source.CALLER)
        case CallStatus.NO_ANSWER if not is_inbound and call.sip_status in (None, 408, 480):
            return cause(6010, Source.PLATFORM)
        case CallStatus.NO_ANSWER if is_inbound:
            return cause(1000, Source.CALLER)
        case CallStatus.BUSY:
            return of_sip_status(call.sip_status or 486)
        case _ if call.sip_status is not None and not is_inbound:
            return of_sip_status(call.sip_status)
        case _:
            return cause(5010, Source.ERROR)
