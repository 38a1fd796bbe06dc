"""What an application is told: names, formats and order, and when nothing is followed, or sent at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.errors import Asked
from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.habits import Habits, NoInput
from offhook.dialects.vobiz.recorded import record_stop_parameters
from offhook.dialects.vobiz.signatures import VOBIZ, VOBIZ_AND_PLIVO
from offhook.interpreter.ports import Report
from offhook.verbs import (
    Conference,
    ConferenceEnd,
    Conferred,
    Dial,
    DialEnd,
    Dialled,
    Done,
    Gather,
    Gathered,
    GatherEnd,
    Hangup,
    Outcome,
    Record,
    Recorded,
    Redirect,
    Say,
    Target,
    Understood,
    Verb,
)
from offhook.verbs.file_format import FileFormat

CALL, LEG, RECORDING, MEETING = "fedcba98" * 4, "01234567" * 4, "ab" * 16, "cd" * 16
CALL_UUID = "fedcba98-fedc-ba98-fedc-ba98fedcba98"
LEG_UUID = "01234567-0123-4567-0123-456701234567"
RECORDING_UUID = "abababab-abab-abab-abab-abababababab"
ACCOUNT = "ACae6e420f425248d6a26948c17a9e2acf"
INFO = CallInfo(
    call_id=CALL,
    account_sid=ACCOUNT,
    direction=Direction.INBOUND,
    from_="+14155551234",
    to="+14155559999",
    created_at=datetime(2026, 11, 22, 3, 25, 43, 1_234, tzinfo=timezone(timedelta(hours=2))),
)
VOBIZ_XML = Vobiz(public_url="https://voice.example/")
ACTION = Target("https://app.example/next")
REDIRECTED = ("Event", "Redirect")


def test_every_request_carries_the_standard_parameters() -> None:
    assert VOBIZ_XML.standard(INFO, CallStatus.RINGING) == (
        ("CallUUID", CALL_UUID),
        ("From", "14155551234"),
        ("To", "14155559999"),
        ("Direction", "inbound"),
        ("CallStatus", "ringing"),
        ("SessionStart", "2026-11-22 01:25:43.001234"),
        ("ParentAuthID", ACCOUNT),
    )


def test_a_call_that_was_made_tells_its_legs_and_what_came_with_it() -> None:
    info = replace(
        INFO,
        direction=Direction.OUTBOUND_API,
        caller_name="Ada\r\nEvil: 1",
        forwarded_from="+1999",
        to="sip:+1555@example.com",
        sip_headers=(
            ("X-VH-Order", "42\n43"),
            ("X-PH-Old", "a"),
            ("X-Other", "b"),
            ("X-Offhook-Hops", "1"),
            ("Diversion", "c"),
        ),
    )
    assert VOBIZ_XML.standard(info, CallStatus.IN_PROGRESS)[2:] == (
        ("To", "sip:+1555@example.com"),
        ("Direction", "outbound"),
        ("CallStatus", "in-progress"),
        ("ForwardedFrom", "1999"),
        ("CallerName", "Ada Evil: 1"),
        ("ALegUUID", CALL_UUID),
        ("ALegRequestUUID", CALL_UUID),
        ("RequestUUID", CALL_UUID),
        ("SessionStart", "2026-11-22 01:25:43.001234"),
        ("ParentAuthID", ACCOUNT),
        ("X-VH-Order", "42 43"),
        ("X-PH-Old", "a"),
    )


def test_a_dialled_leg_names_the_call_that_dialled_it() -> None:
    info = replace(INFO, call_id=LEG, parent_call_id=CALL, direction=Direction.OUTBOUND_DIAL)
    told = dict(VOBIZ_XML.standard(info, CallStatus.IN_PROGRESS))
    assert (told["CallUUID"], told["ALegUUID"], told["RequestUUID"]) == (LEG_UUID, CALL_UUID, LEG_UUID)


@pytest.mark.parametrize(
    ("number", "told"), [("+1415", "1415"), ("1415", "1415"), ("+", "+"), ("+ada", "+ada"), ("*+1", "*+1")]
)
def test_only_numbers_lose_their_plus(number: str, told: str) -> None:
    info = replace(INFO, from_=number)
    assert dict(VOBIZ_XML.standard(info, CallStatus.RINGING))["From"] == told
    assert dict(Vobiz(habits=Habits(has_plus=True)).standard(info, CallStatus.RINGING))["From"] == number


def test_the_auth_id_of_the_owner_is_told_where_it_is_known() -> None:
    owned = Vobiz(parent_auth_id={ACCOUNT: "MAZZZZZZZZZZZZZZZZZZ"}.__getitem__)
    assert dict(owned.standard(INFO, CallStatus.RINGING))["ParentAuthID"] == "MAZZZZZZZZZZZZZZZZZZ"


@pytest.mark.parametrize(
    ("status", "text"),
    [(status, status.value) for status in CallStatus if status is not CallStatus.CANCELED]
    + [(CallStatus.CANCELED, "no-answer")],
)
def test_a_call_that_was_given_up_was_not_answered(status: CallStatus, text: str) -> None:
    assert dict(VOBIZ_XML.standard(INFO, status))["CallStatus"] == text


@pytest.mark.parametrize(
    ("asked", "event"),
    [
        (Asked.FIRST, "StartApp"),
        (Asked.FALLBACK, "StartApp"),
        (Asked.TRANSFER, "Transfer"),
        (Asked.ACTION, None),
        (Asked.REDIRECT, None),
        (Asked.ASIDE, None),
        (Asked.PARTIAL, None),
    ],
)
def test_a_question_that_no_verb_asks_has_an_event_of_its_own(asked: Asked, event: str | None) -> None:
    request = VOBIZ_XML.request(ACTION, (("CallUUID", "x"),), asked)
    assert request.target == ACTION
    assert request.parameters == (("CallUUID", "x"), *((("Event", event),) if event else ()))
    assert request.signature == VOBIZ_AND_PLIVO
    assert request.policy is not None
    assert Vobiz(habits=Habits(signature=VOBIZ)).request(ACTION, (), asked).signature == VOBIZ


def test_only_the_answer_url_has_a_fallback() -> None:
    assert [asked for asked in (*Asked, None) if VOBIZ_XML.falls_back(asked)] == [Asked.FIRST]
    assert VOBIZ_XML.failure(11200, "https://app.example") == ()


GATHER = Gather(action=ACTION, tells_no_input=True)
TOLD_ONLY = replace(GATHER, follows_action=False)
SILENCE = Gathered(end=GatherEnd.NO_INPUT)
NO_INPUT = Report(ACTION, (("InputType", ""), ("Digits", ""), ("Speech", "")), is_notice=True)
RECORD = Record(action=ACTION, follows_action=False, max_length_s=60, file_format=FileFormat.MP3)
RECORDED = Recorded(
    account_sid=ACCOUNT,
    recording_id=RECORDING,
    duration_s=5.25,
    keys="#",
    began_at=datetime(2026, 11, 22, 1, 0, 0, 500_000, tzinfo=UTC),
)
SOUND = f"https://voice.example/v1/Account/{ACCOUNT}/Recording/{RECORDING_UUID}"
RECORD_TOLD = (
    ("Event", "Record"),
    ("RecordUrl", f"{SOUND}.mp3"),
    ("RecordFile", f"{SOUND}.mp3"),
    ("RecordingID", RECORDING_UUID),
    ("RecordingDuration", "5"),
    ("RecordingDurationMs", "5250"),
    ("RecordingStartMs", "1795309200500"),
    ("RecordingEndMs", "1795309205750"),
    ("RecordingEndReason", "FinishedOnKey"),
    ("Digits", "#"),
)
DIAL = Dial(destinations=(), action=ACTION)


def dial_told(status: str, rang: str, cause: str, b_leg: str = "") -> tuple[tuple[str, str], ...]:
    return (
        ("Event", "DialAction"),
        ("DialStatus", status),
        ("DialRingStatus", rang),
        ("DialHangupCause", cause),
        ("DialALegUUID", CALL_UUID),
        ("DialBLegUUID", b_leg),
    )


GOLDEN: list[tuple[Verb, Outcome, Report]] = [
    (Say(text="hi"), Done(), Report()),
    (Hangup(), Done(), Report()),
    (Redirect(target=ACTION), Done(), Report(ACTION, (REDIRECTED,))),
    (
        GATHER,
        Gathered(end=GatherEnd.KEYS, keys="12*"),
        Report(ACTION, (("InputType", "dtmf"), ("Digits", "12*"), ("Speech", ""), REDIRECTED)),
    ),
    (
        GATHER,
        Gathered(end=GatherEnd.SPEECH, speech="I have a billing\nquestion", confidence=0.9249),
        Report(
            ACTION,
            (
                ("InputType", "speech"),
                ("Digits", ""),
                ("Speech", "I have a billing question"),
                ("SpeechConfidenceScore", "0.92"),
                ("BilledAmount", "0.0000"),
                REDIRECTED,
            ),
        ),
    ),
    (
        GATHER,
        Gathered(end=GatherEnd.NO_INPUT, is_submitted=True),
        Report(ACTION, (("InputType", "dtmf"), ("Digits", ""), ("Speech", ""), REDIRECTED)),
    ),
    (
        TOLD_ONLY,
        Gathered(end=GatherEnd.KEYS, keys="1"),
        Report(ACTION, (("InputType", "dtmf"), ("Digits", "1"), ("Speech", "")), is_notice=True),
    ),
    (GATHER, SILENCE, NO_INPUT),
    (TOLD_ONLY, SILENCE, NO_INPUT),
    (GATHER, Gathered(end=GatherEnd.NO_MATCH), NO_INPUT),
    (GATHER, Gathered(end=GatherEnd.RECOGNISER_FAILED, detail="broke"), NO_INPUT),
    (replace(GATHER, tells_no_input=False), SILENCE, Report()),
    (Gather(tells_no_input=True), Gathered(end=GatherEnd.KEYS, keys="1"), Report()),
    (
        DIAL,
        Dialled(end=DialEnd.COMPLETED, call_id=LEG, duration_s=9.9),
        Report(ACTION, dial_told("completed", "true", "NORMAL_CLEARING", LEG_UUID)),
    ),
    (
        DIAL,
        Dialled(end=DialEnd.NO_ANSWER, call_id=LEG, ring_duration_s=30.0),
        Report(ACTION, dial_told("no-answer", "true", "NO_ANSWER")),
    ),
    (
        DIAL,
        Dialled(end=DialEnd.BUSY, sip_status=486),
        Report(ACTION, dial_told("busy", "false", "USER_BUSY")),
    ),
    (DIAL, Dialled(end=DialEnd.BUSY), Report(ACTION, dial_told("busy", "false", "USER_BUSY"))),
    (
        DIAL,
        Dialled(end=DialEnd.CANCELED, ring_duration_s=2.0, call_is_over=True),
        Report(ACTION, dial_told("cancel", "true", "ORIGINATOR_CANCEL")),
    ),
    (
        DIAL,
        Dialled(end=DialEnd.FAILED, sip_status=404),
        Report(ACTION, dial_told("failed", "false", "UNALLOCATED_NUMBER")),
    ),
    (DIAL, Dialled(end=DialEnd.FAILED), Report(ACTION, dial_told("failed", "false", "UNKNOWN"))),
    (
        replace(DIAL, follows_action=False),
        Dialled(end=DialEnd.BUSY, sip_status=600),
        Report(ACTION, dial_told("busy", "false", "USER_BUSY"), is_notice=True),
    ),
    (Dial(destinations=()), Dialled(end=DialEnd.BUSY), Report()),
    (RECORD, RECORDED, Report(ACTION, RECORD_TOLD, is_notice=True)),
    (replace(RECORD, follows_action=True), RECORDED, Report(ACTION, RECORD_TOLD)),
    (
        RECORD,
        Recorded(account_sid=ACCOUNT, keys="hangup", call_is_over=True),
        Report(
            ACTION,
            (
                ("Event", "Record"),
                ("RecordingDuration", "0"),
                ("RecordingDurationMs", "0"),
                ("RecordingEndReason", "HungUp"),
                ("Digits", ""),
            ),
            is_notice=True,
        ),
    ),
    (
        replace(RECORD, is_background=True),
        Recorded(account_sid=ACCOUNT, recording_id=RECORDING),
        Report(ACTION, (("Event", "Record"), ("RecordingID", RECORDING_UUID)), is_notice=True),
    ),
    (Record(), RECORDED, Report()),
    (
        Conference(name="my room", action=ACTION),
        Conferred(end=ConferenceEnd.LEFT, conference_id=MEETING, recording=RECORDED),
        Report(
            ACTION,
            (
                ("ConferenceName", "my room"),
                ("ConferenceUUID", "cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd"),
                ("RecordUrl", f"{SOUND}.wav"),
                ("RecordFile", f"{SOUND}.wav"),
                ("RecordingID", RECORDING_UUID),
                REDIRECTED,
            ),
        ),
    ),
    (
        Conference(name="full", action=ACTION, follows_action=False),
        Conferred(end=ConferenceEnd.FULL),
        Report(ACTION, (("ConferenceName", "full"),), is_notice=True),
    ),
    (Conference(name="x"), Conferred(end=ConferenceEnd.LEFT), Report()),
]


@pytest.mark.parametrize(
    ("gather", "outcome", "no_input", "told"),
    [
        (GATHER, SILENCE, NoInput.SKIP, Report()),
        (TOLD_ONLY, SILENCE, NoInput.SKIP, Report()),
        (GATHER, SILENCE, NoInput.REDIRECT, Report(ACTION, (*NO_INPUT.parameters, REDIRECTED))),
        (TOLD_ONLY, SILENCE, NoInput.REDIRECT, NO_INPUT),
        (replace(GATHER, tells_no_input=False), SILENCE, NoInput.REDIRECT, Report()),
        (GATHER, Gathered(end=GatherEnd.NO_MATCH), NoInput.REDIRECT, Report(ACTION, (*NO_INPUT.parameters, REDIRECTED))),
    ],
)  # fmt: skip
def test_what_follows_a_gather_without_input_is_the_installations_choice(
    gather: Gather, outcome: Gathered, no_input: NoInput, told: Report
) -> None:
    chosen = Vobiz(habits=Habits(no_input=no_input))
    assert chosen.report(gather, outcome, INFO) == told
    with_input = Gathered(end=GatherEnd.KEYS, keys="1")
    assert chosen.report(gather, with_input, INFO) == VOBIZ_XML.report(gather, with_input, INFO)


@pytest.mark.parametrize(("verb", "outcome", "report"), GOLDEN)
def test_an_outcome_is_told_so(verb: Verb, outcome: Outcome, report: Report) -> None:
    assert VOBIZ_XML.report(verb, outcome, INFO) == report


@pytest.mark.parametrize(
    ("recorded", "reason"),
    [
        (Recorded(recording_id=RECORDING, duration_s=60.0), "maxLength"),
        (Recorded(recording_id=RECORDING, duration_s=59.95), "maxLength"),
        (Recorded(recording_id=RECORDING, duration_s=20.0), "RecordingTimeout"),
        (Recorded(recording_id=RECORDING, duration_s=20.0, keys="5"), "FinishedOnKey"),
        (Recorded(recording_id=RECORDING, duration_s=20.0, keys="hangup", call_is_over=True), "HungUp"),
    ],
)
def test_why_a_recording_ended(recorded: Recorded, reason: str) -> None:
    assert dict(VOBIZ_XML.report(RECORD, recorded, INFO).parameters)["RecordingEndReason"] == reason


def test_the_callback_of_a_recording_is_told_the_same_as_another_event() -> None:
    told = record_stop_parameters(RECORD, RECORDED, "https://voice.example")
    assert told == (("Event", "RecordStop"), *RECORD_TOLD[1:])


@pytest.mark.parametrize(
    ("understood", "stability"),
    [
        (Understood(stable="I have", unstable="a bill", stability=0.876, number=3), "0.88"),
        (Understood(stable="I have", unstable="a bill", number=3), "0.00"),
    ],
)
def test_interim_speech_is_numbered_and_parted(understood: Understood, stability: str) -> None:
    assert VOBIZ_XML.partial(understood) == (
        ("StableSpeech", "I have"),
        ("UnstableSpeech", "a bill"),
        ("Stability", stability),
        ("SequenceNumber", "3"),
    )


ANY_TEXT = st.text(max_size=30) | st.text(st.sampled_from("+0123456789 \r\n\udcff\x00\u2028"), max_size=8)


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.lists(st.tuples(st.just("X-VH-A"), ANY_TEXT), max_size=2), ANY_TEXT)
def test_whatever_a_caller_sends_is_told_as_text_on_one_line(
    from_: str, to: str, name: str, headers: list[tuple[str, str]], speech: str
) -> None:
    info = replace(
        INFO, from_=from_, to=to, caller_name=name, forwarded_from=name, sip_headers=tuple(headers)
    )
    heard = Gathered(end=GatherEnd.SPEECH, speech=speech)
    told = (
        *VOBIZ_XML.standard(info, CallStatus.IN_PROGRESS),
        *VOBIZ_XML.report(GATHER, heard, info).parameters,
        *VOBIZ_XML.partial(Understood(stable=speech, unstable=speech)),
    )
    for _, value in told:
        assert len(value.splitlines()) <= 1
        assert not any(ord(letter) < 32 for letter in value)
        value.encode()
