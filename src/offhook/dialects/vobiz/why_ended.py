"""From how a call ended to its hangup cause: the one table, for calls and for the legs that they dial. Pure."""

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.errors import Asked, CustomerError, DocumentInvalid, FetchFailed
from offhook.call.info import CallStatus, Direction
from offhook.dialects.vobiz import codes
from offhook.dialects.vobiz.hangup_causes import HangupCause, Source, cause
from offhook.interpreter.fork import ANSWERED_FIRST, CALLER_GONE
from offhook.interpreter.hangup import SCHEDULED
from offhook.interpreter.ports import CallEnd
from offhook.verbs import DialEnd, Dialled

_SIP_CODES: dict[int, tuple[int, Source]] = {
    400: (5020, Source.CARRIER),
    401: (3040, Source.CARRIER),
    403: (3040, Source.CARRIER),
    404: (3050, Source.CARRIER),
    407: (3040, Source.CARRIER),
    408: (3000, Source.CARRIER),
    410: (3050, Source.CARRIER),
    480: (3000, Source.CARRIER),
    482: (2060, Source.CARRIER),
    483: (2060, Source.CARRIER),
    484: (2000, Source.CARRIER),
    486: (3010, Source.CALLEE),
    487: (1000, Source.CALLER),
    488: (2070, Source.CARRIER),
    503: (3090, Source.CARRIER),
    504: (3070, Source.CARRIER),
    600: (3100, Source.CALLEE),
    603: (3110, Source.CALLEE),
    604: (3120, Source.CARRIER),
    606: (2070, Source.CARRIER),
    607: (3130, Source.CALLEE),
    608: (3130, Source.CARRIER),
}
"""What a refusal of the far end means; all other 5xx are 3080, the rest is 2010."""

_REJECTED, _BUSY_HERE = 603, 486
"""With what a document refuses a call, and as what."""
_REACHING, _UNREADABLE = 7010, 8010
"""Where nothing came of a question; an answer that is too long was reached, and is no document."""
_ASKED = {
    Asked.FIRST: codes.Asked.ANSWER,
    Asked.FALLBACK: codes.Asked.ANSWER,
    Asked.TRANSFER: codes.Asked.TRANSFER,
    Asked.REDIRECT: codes.Asked.REDIRECT,
}
"""The rest is asked for by an attribute of a verb, as actions are."""
MEDIA_TIMEOUT = "media_timeout"
"""What the reason of a call begins with that broke because no audio came."""


def hangup_cause(direction: Direction, status: CallStatus, end: CallEnd | None) -> HangupCause:
    """The cause for which a call of this direction ended in `status`; `end` is None where nobody saw it."""
    if end is None:
        return cause(5010, Source.ERROR)
    far_side = Source.CALLER if direction is Direction.INBOUND else Source.CALLEE
    match end.ending.cause:
        case EndCause.FAR_END:
            return cause(4000, far_side)
        case EndCause.ABANDONED:
            return cause(1000, far_side)
        case EndCause.REFUSED:
            return of_sip_status(end.ending.sip_status)
        case EndCause.BROKEN:
            is_silence = end.ending.reason.startswith(MEDIA_TIMEOUT)
            return cause(6020 if is_silence else 5000, Source.PLATFORM if is_silence else Source.ERROR)
        case EndCause.HERE:
            return _ended_here(status, end)


def of_sip_status(sip_status: int | None) -> HangupCause:
    """The cause that a refusal of the far end is."""
    if sip_status is None:
        return cause(0, Source.UNKNOWN)
    other = (3080 if 500 <= sip_status < 600 else 2010, Source.CARRIER)
    return cause(*_SIP_CODES.get(sip_status, other))


def dial_cause(dialled: Dialled) -> HangupCause:
    """The cause that the action of a Dial is told."""
    match dialled.end:
        case DialEnd.COMPLETED:
            return cause(4000, Source.CALLER if dialled.call_is_over else Source.CALLEE)
        case DialEnd.CANCELED:
            return cause(1000, Source.CALLER)
        case DialEnd.NO_ANSWER:
            return cause(6010, Source.PLATFORM)
        case DialEnd.BUSY:
            return of_sip_status(dialled.sip_status or _BUSY_HERE)
        case DialEnd.FAILED:
            return of_sip_status(dialled.sip_status)


def _ended_here(status: CallStatus, end: CallEnd) -> HangupCause:
    match end.by:
        case EndedBy.DOCUMENT_OVER | EndedBy.DECLINED:
            return cause(4010 if end.by is EndedBy.DOCUMENT_OVER else 9110, Source.ANSWER_XML)
        case EndedBy.VERB:
            return _refused_by_document(end.ending)
        case EndedBy.ORDERED:
            return _ordered(status, end.reason)
        case EndedBy.RING_TIMEOUT:
            return cause(6010, Source.PLATFORM)
        case EndedBy.TIME_LIMIT:
            return cause(6000, Source.PLATFORM)
        case EndedBy.SCHEDULED:
            return cause(6000, Source.ANSWER_XML)
        case EndedBy.LET_GO:
            return cause(4000, Source.CALLER)
        case EndedBy.APPLICATION:
            return _of_application(end.error)
        case EndedBy.FAULT | EndedBy.DRAINED:
            return cause(5010, Source.ERROR)
        case None:
            return cause(4000, Source.PLATFORM)


def _ordered(status: CallStatus, reason: str) -> HangupCause:
    """Whoever orders the end of a call gives a reason: some of them are ours."""
    if reason.startswith(SCHEDULED):
        return cause(6000, Source.ANSWER_XML)
    if reason == ANSWERED_FIRST:
        return cause(9000, Source.PLATFORM)
    was_answered = status is CallStatus.COMPLETED
    source = Source.CALLER if reason == CALLER_GONE else Source.API_REQUEST
    return cause(4000 if was_answered else 1000, source)


def _refused_by_document(ending: Ending) -> HangupCause:
    codes_of = {_BUSY_HERE: 3010, _REJECTED: 3020}
    return cause(codes_of.get(ending.sip_status or 0, 4000), Source.ANSWER_XML)


def _of_application(error: object) -> HangupCause:
    if not isinstance(error, CustomerError) or error.asked is None:
        return cause(5010, Source.ERROR)
    asked = _ASKED.get(error.asked, codes.Asked.ACTION)
    if isinstance(error, DocumentInvalid):
        return cause(codes.cause_of(error.code, asked) or 5010, Source.ERROR)
    if not isinstance(error, FetchFailed):
        return cause(5010, Source.ERROR)
    was_reached = error.status is not None and 200 <= error.status < 300
    return cause((_UNREADABLE if was_reached else _REACHING) + asked, Source.ERROR)
