"""The end of a call whose worker died, as its application is told: prepared when the call began, completed now."""

from offhook.call.rows import CallRow
from offhook.dialects.vobiz.standard import status_text
from offhook.dialects.vobiz.values import second_text, whole_seconds
from offhook.verbs import Request


def lost_callback(call: CallRow) -> Request | None:
    """What is told of a call that was closed on a dead worker's behalf; None where nothing is."""
    prepared = call.if_lost
    if prepared is None:
        return None
    duration = whole_seconds(call.duration_s or 0.0)
    now_known = {
        "CallStatus": status_text(call.status),
        "AnswerTime": second_text(call.answered_at) if call.answered_at is not None else "",
        "EndTime": second_text(call.end_time or call.date_updated),
        "Duration": duration,
        "BillDuration": duration,
    }
    parameters = tuple((name, now_known.get(name, value)) for name, value in prepared.parameters)
    return Request(prepared.target, parameters, signature=prepared.signature)
