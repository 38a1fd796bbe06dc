"""What is told of a call's states, and when: ring_url and hangup_url."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.call.rows import CallRow
from offhook.dialects.vobiz.callbacks import CallTold, hangup_parameters
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.lost import lost_callback
from offhook.dialects.vobiz.signatures import VOBIZ, VOBIZ_AND_PLIVO
from offhook.interpreter.ports import CallEnd, StatusChange
from offhook.interpreter.program import StatusCallback
from offhook.verbs import Request, Target

VOBIZ_XML = Vobiz()
BEGAN = datetime(2026, 11, 22, 1, 25, 43, 500_000, tzinfo=UTC)
ENDED = datetime(2026, 11, 22, 1, 26, 13, 900_000, tzinfo=UTC)
HANGUP, RING = Target("https://app.example/hangup#rc=3"), Target("https://app.example/ring")
CALLED_IN = CallInfo(
    call_id="fedcba98" * 4,
    account_sid="AC1",
    direction=Direction.INBOUND,
    from_="+1415",
    to="100",
    created_at=BEGAN,
)
MADE = replace(CALLED_IN, direction=Direction.OUTBOUND_API)
END = StatusChange(
    status=CallStatus.COMPLETED,
    at=ENDED,
    duration_s=20.75,
    end=CallEnd(ending=Ending(EndCause.HERE), by=EndedBy.DOCUMENT_OVER),
)


def told(info: CallInfo, change: StatusChange, *, ring: Target | None = RING) -> tuple[Request, ...]:
    callback: StatusCallback = CallTold(VOBIZ_XML, hangup=HANGUP, ring=ring)
    return callback.requests(info, change)


def test_the_end_of_a_call_is_told_in_this_order() -> None:
    (request,) = told(CALLED_IN, END)
    assert request.target == HANGUP
    assert request.signature == VOBIZ_AND_PLIVO
    standard = VOBIZ_XML.standard(CALLED_IN, CallStatus.COMPLETED)
    assert request.parameters == (
        *standard,
        ("Event", "Hangup"),
        ("StartTime", "2026-11-22 01:25:43"),
        ("AnswerTime", "2026-11-22 01:25:53"),
        ("EndTime", "2026-11-22 01:26:13"),
        ("Duration", "20"),
        ("BillDuration", "20"),
        ("HangupCause", "NORMAL_CLEARING"),
        ("HangupCauseCode", "4010"),
        ("HangupCauseName", "End Of XML Instructions"),
        ("HangupSource", "Answer XML"),
        ("BillRate", "0.0000"),
        ("TotalCost", "0.0000"),
    )


def test_a_call_that_nobody_answered_has_no_time_of_an_answer() -> None:
    end = CallEnd(ending=Ending(EndCause.REFUSED, 486))
    parameters = dict(hangup_parameters(MADE, StatusChange(status=CallStatus.BUSY, at=ENDED, end=end)))
    assert (parameters["AnswerTime"], parameters["Duration"], parameters["BillDuration"]) == ("", "0", "0")
    assert (parameters["HangupCause"], parameters["HangupSource"]) == ("USER_BUSY", "Callee")


@pytest.mark.parametrize("status", list(CallStatus))
def test_only_the_end_is_told_of_a_call_that_came_in(status: CallStatus) -> None:
    requests = told(CALLED_IN, StatusChange(status=status, at=ENDED))
    assert [request.target for request in requests] == ([HANGUP] if status.is_final else [])


@pytest.mark.parametrize("status", [status for status in CallStatus if not status.is_final])
def test_a_call_that_was_made_tells_that_it_rings(status: CallStatus) -> None:
    requests = told(MADE, StatusChange(status=status, at=ENDED))
    rings = status is CallStatus.RINGING
    standard = VOBIZ_XML.standard(MADE, CallStatus.RINGING)
    expected = (Request(RING, (*standard, ("Event", "Ring")), signature=VOBIZ_AND_PLIVO),)
    assert requests == (expected if rings else ())
    assert told(MADE, StatusChange(status=status, at=ENDED), ring=None) == ()


def test_without_a_url_nothing_is_told_and_another_signature_may_be_chosen() -> None:
    assert CallTold(VOBIZ_XML, hangup=None).requests(CALLED_IN, END) == ()
    (request,) = CallTold(VOBIZ_XML, hangup=HANGUP, signature=VOBIZ).requests(CALLED_IN, END)
    assert request.signature == VOBIZ


def test_the_end_of_a_lost_call_is_completed_with_what_is_known_later() -> None:
    (prepared,) = told(CALLED_IN, StatusChange(status=CallStatus.FAILED, at=BEGAN))
    row = CallRow(
        call_id=CALLED_IN.call_id,
        account_sid="AC1",
        instance_id="",
        direction=Direction.INBOUND,
        from_="+1415",
        to="100",
        status=CallStatus.COMPLETED,
        date_created=BEGAN,
        date_updated=ENDED,
        start_time=BEGAN,
        answered_at=BEGAN,
        end_time=ENDED,
        duration_s=30.4,
        if_lost=prepared,
    )
    request = lost_callback(row)
    assert request is not None
    parameters = dict(request.parameters)
    assert [name for name, _ in request.parameters] == [name for name, _ in prepared.parameters]
    assert request.target == HANGUP
    assert parameters["CallStatus"] == "completed"
    assert parameters["AnswerTime"] == "2026-11-22 01:25:43"
    assert parameters["EndTime"] == "2026-11-22 01:26:13"
    assert (parameters["Duration"], parameters["BillDuration"]) == ("30", "30")
    assert (parameters["HangupCauseCode"], parameters["HangupSource"]) == ("5010", "Error")
    assert lost_callback(replace(row, if_lost=None)) is None
