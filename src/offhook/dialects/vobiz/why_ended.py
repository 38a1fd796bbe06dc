"""From how a call ended to its hangup cause: the one table, for calls and for the legs that they dial. Pure."""

from offhook.call.ending import EndCause, EndedBy
from offhook.call.errors import Asked
from offhook.call.how_ended import Failing, HowEnded
from offhook.call.info import CallStatus, Direction
from offhook.dialects.vobiz import codes
from offhook.dialects.vobiz.hangup_causes import HangupCause, Source, cause
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

_HERE: dict[EndedBy | None, tuple[int, Source]] = {
    EndedBy.DOCUMENT_OVER: (4010, Source.ANSWER_XML),
    EndedBy.REMOVED: (4030, Source.API_REQUEST),
    EndedBy.DECLINED: (9110, Source.ANSWER_XML),
    EndedBy.SCHEDULED: (6000, Source.ANSWER_XML),
    EndedBy.TIME_LIMIT: (6000, Source.PLATFORM),
    EndedBy.RING_TIMEOUT: (6010, Source.PLATFORM),
    EndedBy.RACE_LOST: (9000, Source.PLATFORM),
    EndedBy.MACHINE: (9100, Source.PLATFORM),
    EndedBy.LET_GO: (4000, Source.CALLER),
    EndedBy.FAULT: (5010, Source.ERROR),
    EndedBy.DRAINED: (5010, Source.ERROR),
    None: (4000, Source.PLATFORM),
}
"""What we end a call for, where nothing else counts."""
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


def hangup_cause(direction: Direction, status: CallStatus, end: HowEnded | None) -> HangupCause:
    """The cause for which a call of this direction ended in `status`; `end` is None where nobody saw it."""
    if end is None:
        return cause(5010, Source.ERROR)
    far_side = Source.CALLER if direction is Direction.INBOUND else Source.CALLEE
    match end.cause:
        case EndCause.FAR_END:
            return cause(4000, far_side)
        case EndCause.ABANDONED:
            return cause(1000, far_side)
        case EndCause.REFUSED:
            return of_sip_status(end.sip_status)
        case EndCause.BROKEN:
            return cause(6020, Source.PLATFORM) if end.is_for_silence else cause(5000, Source.ERROR)
        case EndCause.HERE:
            return _ended_here(status, end, far_side)


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


def _ended_here(status: CallStatus, end: HowEnded, far_side: Source) -> HangupCause:
    was_answered = status is CallStatus.COMPLETED
    match end.by:
        case EndedBy.VERB:
            return _refused_by_document(end.sip_status)
        case EndedBy.ORDERED:
            return cause(4000 if was_answered else 1000, Source.API_REQUEST)
        case EndedBy.UNWANTED:
            return cause(4000 if was_answered else 1000, Source.CALLER)
        case EndedBy.TRANSFERRED:
            return cause(4000, far_side)
        case EndedBy.APPLICATION:
            return _of_application(end)
        case by:
            return cause(*_HERE[by])


def _refused_by_document(sip_status: int | None) -> HangupCause:
    codes_of = {_BUSY_HERE: 3010, _REJECTED: 3020}
    return cause(codes_of.get(sip_status or 0, 4000), Source.ANSWER_XML)


def _of_application(end: HowEnded) -> HangupCause:
    asked = _ASKED.get(end.asked, codes.Asked.ACTION) if end.asked is not None else codes.Asked.ACTION
    match end.failing:
        case Failing.INVALID:
            own = codes.cause_of(end.code, asked) if end.code is not None else None
            return cause(own or 5010, Source.ERROR)
        case Failing.UNREADABLE:
            return cause(_UNREADABLE + asked, Source.ERROR)
        case Failing.UNREACHED:
            return cause(_REACHING + asked, Source.ERROR)
        case None:
            return cause(5010, Source.ERROR)
