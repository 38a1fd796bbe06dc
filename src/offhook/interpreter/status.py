"""The final status of a call: one table, from how it ended to what every API calls it."""

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.info import CallStatus
from offhook.verbs import ConferenceEnd, Conferred, Outcome

BUSY = (486, 600)
NOBODY_THERE = (408, 480)


def final_status(*, was_answered: bool, ending: Ending, is_canceled: bool = False) -> CallStatus:
    """The word for a call's end. An answered call is completed, whoever ended it and why; one that was taken back
    before anybody answered is canceled."""
    if was_answered:
        return CallStatus.COMPLETED
    if is_canceled:
        return CallStatus.CANCELED
    if ending.cause is EndCause.ABANDONED:
        return CallStatus.CANCELED
    if ending.sip_status in BUSY:
        return CallStatus.BUSY
    if ending.sip_status in NOBODY_THERE:
        return CallStatus.NO_ANSWER
    return CallStatus.FAILED


def over_after(last: Outcome | None) -> EndedBy:
    """What ends a call whose documents are over, by what came of their last verb."""
    is_removed = isinstance(last, Conferred) and last.end is ConferenceEnd.REMOVED
    return EndedBy.REMOVED if is_removed else EndedBy.DOCUMENT_OVER
