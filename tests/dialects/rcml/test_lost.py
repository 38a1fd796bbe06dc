"""The last callback of a call whose worker died."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from offhook.call.info import CallStatus, Direction
from offhook.call.rows import CallRow
from offhook.dialects.rcml.callbacks import ProgressCallback, StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.rcml.lost import lost_callback
from offhook.interpreter.ports import StatusChange
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Target

RCML = Rcml(instance_id=32 * "0")
TARGET = Target("http://app.example/state")
BEGAN = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
ROW = CallRow(
    call_id=SOME_CALL.call_id,
    account_sid=SOME_CALL.account_sid,
    instance_id=32 * "0",
    direction=Direction.INBOUND,
    from_="+15550100",
    to="1000",
    status=CallStatus.FAILED,
    date_created=BEGAN,
    date_updated=BEGAN,
    start_time=BEGAN,
    end_time=BEGAN + timedelta(seconds=90),
    duration_s=61.7,
)
IF_LOST = StatusChange(status=CallStatus.FAILED, at=BEGAN)


def test_a_number_is_told_that_the_call_failed_and_how_long_it_lasted() -> None:
    [request] = StateCallback(RCML, TARGET).requests(SOME_CALL, IF_LOST)
    sent = lost_callback(replace(ROW, if_lost=request))
    assert sent is not None
    told = dict(sent.parameters)
    assert (told["CallStatus"], told["CallDuration"]) == ("failed", "61")


def test_progress_is_told_with_the_time_of_the_end() -> None:
    events = frozenset({"completed"})
    [request] = ProgressCallback(RCML, TARGET, events).requests(SOME_CALL, IF_LOST)
    sent = lost_callback(replace(ROW, if_lost=request))
    assert sent is not None
    told = dict(sent.parameters)
    assert (told["CallStatus"], told["SequenceNumber"], told["CallDuration"]) == ("completed", "3", "61")
    assert told["Timestamp"] == "Thu, 01 Jan 2026 12:01:30 +0000"


def test_nobody_is_told_where_nobody_asked() -> None:
    assert ProgressCallback(RCML, TARGET, frozenset({"ringing"})).requests(SOME_CALL, IF_LOST) == ()
    assert lost_callback(ROW) is None
