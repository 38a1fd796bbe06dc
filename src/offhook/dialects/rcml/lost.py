"""The last status callback of a call whose worker died: prepared when the call began, completed now."""

from email.utils import format_datetime

from offhook.call.rows import CallRow
from offhook.verbs import Request


def lost_callback(call: CallRow) -> Request | None:
    """What the customer is told of a call that was closed on a dead worker's behalf; None where nothing is."""
    if call.if_lost is None:
        return None
    at = call.end_time or call.date_updated
    now_known = {"Timestamp": format_datetime(at), "CallDuration": str(int(call.duration_s or 0))}
    parameters = tuple((name, now_known.get(name, value)) for name, value in call.if_lost.parameters)
    return Request(call.if_lost.target, parameters)
