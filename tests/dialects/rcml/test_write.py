"""What an application is told: names, formats, and when nothing is sent at all."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.dialects.rcml.callbacks import ProgressCallback, StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.ports import Report, StatusChange
from offhook.interpreter.program import StatusCallback
from offhook.verbs import (
    Done,
    Gather,
    Gathered,
    GatherEnd,
    Hangup,
    Method,
    Outcome,
    Pause,
    Play,
    Redirect,
    Reject,
    Request,
    Say,
    Target,
    Understood,
    Verb,
)

INSTANCE = "0123456789abcdef0123456789abcdef"
CALL = "fedcba9876543210fedcba9876543210"
RCML = Rcml(instance_id=INSTANCE)
INFO = CallInfo(
    call_id=CALL,
    account_sid="ACae6e420f425248d6a26948c17a9e2acf",
    direction=Direction.INBOUND,
    from_="+15551234567",
    to="1234",
    created_at=datetime(2021, 3, 9, 14, 3, 0, 787_123, tzinfo=timezone(timedelta(hours=2))),
)
AT = datetime(2021, 3, 9, 12, 3, 42, tzinfo=UTC)
ACTION = Target("http://app.example/next", Method.GET)


def test_every_request_carries_the_standard_parameters() -> None:
    assert RCML.standard(INFO, CallStatus.RINGING) == (
        ("CallSid", f"ID{INSTANCE}-CA{CALL}"),
        ("InstanceId", f"ID{INSTANCE}"),
        ("AccountSid", "ACae6e420f425248d6a26948c17a9e2acf"),
        ("From", "+15551234567"),
        ("To", "1234"),
        ("CallStatus", "ringing"),
        ("ApiVersion", "2012-04-24"),
        ("Direction", "inbound"),
        ("CallerName", "null"),
        ("ForwardedFrom", "null"),
        ("CallTimestamp", "2021-03-09T12:03:00.787Z"),
    )


def test_what_came_with_the_call_is_told_on_one_line_each() -> None:
    info = CallInfo(
        call_id=CALL,
        account_sid="AC1",
        direction=Direction.OUTBOUND_API,
        from_='"</Say><Dial>\r\nEvil: yes"',
        to="sip:bob@example.com",
        created_at=AT,
        caller_name="Mallory\r\nX-Injected: 1\x00\udcff",
        forwarded_from="+1999",
        sip_headers=(("X-Customer", "42\r\nEvil: 1"), ("X-Customer", "43"), ("Diversion", "<sip:+1999@pbx>")),
        metadata='{"a": 1}',
    )
    told = RCML.standard(info, CallStatus.IN_PROGRESS)
    assert told[3:] == (
        ("From", '"</Say><Dial> Evil: yes"'),
        ("To", "sip:bob@example.com"),
        ("CallStatus", "in-progress"),
        ("ApiVersion", "2012-04-24"),
        ("Direction", "outbound-api"),
        ("CallerName", "Mallory X-Injected: 1 ?"),
        ("ForwardedFrom", "+1999"),
        ("CallTimestamp", "2021-03-09T12:03:42.000Z"),
        ("SipHeader_X-Customer", "42 Evil: 1"),
        ("SipHeader_X-Customer", "43"),
        ("SipHeader_Diversion", "<sip:+1999@pbx>"),
        ("Metadata", '{"a": 1}'),
    )


@pytest.mark.parametrize("instance_id", ["", "ID" + "0" * 32, "0" * 31, "G" * 32, "A" * 32])
def test_an_instance_id_is_32_hex_digits(instance_id: str) -> None:
    with pytest.raises(ValueError, match="32 lower-case hex digits"):
        Rcml(instance_id=instance_id)


GATHER = Gather(action=ACTION)
EAGER = Gather(action=ACTION, act_on_empty=True)
NOTHING = Gathered(end=GatherEnd.NO_INPUT)


@pytest.mark.parametrize(
    ("verb", "outcome", "report"),
    [
        (
            GATHER,
            Gathered(end=GatherEnd.KEYS, keys="12*"),
            Report(ACTION, (("Digits", "12*"), ("SpeechResult", ""))),
        ),
        (
            GATHER,
            Gathered(end=GatherEnd.SPEECH, speech="hello\nworld"),
            Report(ACTION, (("Digits", ""), ("SpeechResult", "hello world"))),
        ),
        (
            GATHER,
            Gathered(end=GatherEnd.SPEECH, speech="yes", confidence=0.87654321),
            Report(ACTION, (("Digits", ""), ("SpeechResult", "yes"), ("Confidence", "0.8765"))),
        ),
        (GATHER, NOTHING, Report()),
        (GATHER, Gathered(end=GatherEnd.NO_MATCH), Report()),
        (GATHER, Gathered(end=GatherEnd.RECOGNISER_FAILED, detail="it broke"), Report()),
        (EAGER, NOTHING, Report(ACTION, (("Digits", ""), ("SpeechResult", "")))),
        (EAGER, Gathered(end=GatherEnd.NEEDS_MODEL), Report(ACTION, (("Digits", ""), ("SpeechResult", "")))),
        (Gather(action=None), Gathered(end=GatherEnd.KEYS, keys="1"), Report()),
        (Redirect(target=ACTION), Done(), Report(ACTION)),
        (Say(text="x"), Done(), Report()),
        (Play(url="http://app.example/x.wav"), Done(), Report()),
        (Pause(), Done(), Report()),
        (Hangup(), Done(), Report()),
        (Reject(), Done(), Report()),
    ],
)
def test_an_outcome_becomes_a_request_or_the_next_verb(verb: Verb, outcome: Outcome, report: Report) -> None:
    assert RCML.report(verb, outcome) == report


def test_partial_results_are_unstable() -> None:
    assert RCML.partial(Understood(stable="hello", unstable="wor")) == (
        ("UnstableSpeechResult", "hello wor"),
    )


def test_a_fallback_is_told_what_failed_without_the_password() -> None:
    assert RCML.failure(11200, "https://user:p@ss@app.example/voice?id=1@2") == (
        ("ErrorCode", "11200"),
        ("ErrorUrl", "https://app.example/voice?id=1@2"),
    )


@pytest.mark.parametrize("status", list(CallStatus))
def test_a_number_is_told_every_state(status: CallStatus) -> None:
    callback: StatusCallback = StateCallback(RCML, ACTION)
    (request,) = callback.requests(INFO, StatusChange(status=status, at=AT, duration_s=42.9))
    assert request.target == ACTION
    told = dict(request.parameters)
    assert told["CallStatus"] == status.value
    assert told.get("CallDuration") == ("42" if status.is_final else None)
    assert told["CallSid"] == f"ID{INSTANCE}-CA{CALL}"


def test_call_progress_has_its_own_words_and_numbers() -> None:
    info = CallInfo(
        call_id=CALL,
        account_sid="AC1",
        direction=Direction.OUTBOUND_API,
        from_="sip:alice@example.com;transport=udp",
        to="+15550001111",
        created_at=AT,
    )
    change = StatusChange(status=CallStatus.BUSY, at=AT, duration_s=0.0)
    assert RCML.progress_callback(info, change) == (
        "completed",
        (
            ("InstanceId", f"ID{INSTANCE}"),
            ("AccountSid", "AC1"),
            ("CallSid", f"ID{INSTANCE}-CA{CALL}"),
            ("From", "sip:alice@example.com;transport=udp"),
            ("To", "+15550001111"),
            ("Direction", "outbound-api"),
            ("CallerName", "alice"),
            ("ForwardedFrom", "null"),
            ("CallStatus", "completed"),
            ("CallDuration", "0"),
            ("Timestamp", "Tue, 09 Mar 2021 12:03:42 +0000"),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", "3"),
        ),
    )


@pytest.mark.parametrize(
    ("status", "event", "number"),
    [
        (CallStatus.QUEUED, "initiated", "0"),
        (CallStatus.RINGING, "ringing", "1"),
        (CallStatus.IN_PROGRESS, "answered", "2"),
        (CallStatus.COMPLETED, "completed", "3"),
        (CallStatus.NO_ANSWER, "completed", "3"),
        (CallStatus.CANCELED, "completed", "3"),
        (CallStatus.FAILED, "completed", "3"),
    ],
)
def test_an_event_keeps_its_number_whoever_asked_for_what(
    status: CallStatus, event: str, number: str
) -> None:
    change = StatusChange(status=status, at=AT)
    asked: StatusCallback = ProgressCallback(RCML, ACTION, frozenset({event}))
    (request,) = asked.requests(INFO, change)
    assert dict(request.parameters)["SequenceNumber"] == number
    assert dict(request.parameters)["CallStatus"] == event
    not_asked = ProgressCallback(
        RCML, ACTION, frozenset({"initiated", "ringing", "answered", "completed"} - {event})
    )
    assert not_asked.requests(INFO, change) == ()


def test_requests_are_plain_values() -> None:
    change = StatusChange(status=CallStatus.COMPLETED, at=AT, duration_s=3.0)
    (request,) = StateCallback(RCML, Target("http://app.example/status")).requests(INFO, change)
    assert isinstance(request, Request)
    assert all(isinstance(name, str) and isinstance(value, str) for name, value in request.parameters)
