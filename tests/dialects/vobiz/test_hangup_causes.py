"""Why a call ended, as Vobiz' applications are told: the whole table of causes, and from what end each comes."""

import itertools

import pytest

from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.errors import (
    Asked,
    CallEnded,
    CustomerError,
    DocumentInvalid,
    FetchFailed,
    OffhookError,
    ProviderError,
)
from offhook.call.info import CallStatus, Direction
from offhook.dialects.vobiz import codes
from offhook.dialects.vobiz.hangup_causes import CAUSES, HangupCause, Source, cause
from offhook.dialects.vobiz.why_ended import dial_cause, hangup_cause, of_sip_status
from offhook.interpreter.ports import CallEnd
from offhook.verbs import DialEnd, Dialled

IN, OUT, LEG = Direction.INBOUND, Direction.OUTBOUND_API, Direction.OUTBOUND_DIAL
COMPLETED, NO_ANSWER, FAILED = CallStatus.COMPLETED, CallStatus.NO_ANSWER, CallStatus.FAILED
BUSY, CANCELED = CallStatus.BUSY, CallStatus.CANCELED

EVERY_CODE = """
0 1000 1010 1020 2000 2010 2020 2030 2040 2050 2060 2070 3000 3010 3020 3030 3040 3050 3070 3080 3090 3100 3110 3120
3130 3140 4000 4010 4020 4030 5000 5010 5020 5030 6000 6010 6020 7011 7012 7013 7014 7022 7023 7024 7032 7033 7034 8011
8012 8013 8014 9000 9100 9110
"""
EVERY_TEXT = """
NORMAL_CLEARING USER_BUSY NO_ANSWER ORIGINATOR_CANCEL CALL_REJECTED REJECTED INVALID_NUMBER UNALLOCATED_NUMBER
SERVICE_UNAVAILABLE SERVER_ERROR MEDIA_TIMEOUT PROTOCOL_ERROR NETWORK_OUT_OF_ORDER DESTINATION_OUT_OF_ORDER
NORMAL_TEMPORARY_FAILURE SWITCH_CONGESTION UNKNOWN
"""


def test_the_table_is_whole() -> None:
    assert sorted(CAUSES) == sorted(int(code) for code in EVERY_CODE.split())
    assert {text for _, text in CAUSES.values()} == set(EVERY_TEXT.split())
    assert len({name for name, _ in CAUSES.values()}) == len(CAUSES)


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (4000, "Normal Hangup"),
        (4010, "End Of XML Instructions"),
        (6000, "Scheduled Hangup"),
        (6010, "Ring Timeout Reached"),
        (7012, "Error Reaching Action URL"),
        (7034, "Invalid Method For Redirect URL"),
        (8014, "Invalid Redirect XML"),
        (9110, "Confirm Key Challenge Failed"),
    ],
)
def test_a_code_has_its_name(code: int, name: str) -> None:
    assert cause(code, Source.UNKNOWN).name == name


def far(kind: EndCause, sip_status: int | None = None, reason: str = "") -> CallEnd:
    return CallEnd(ending=Ending(kind, sip_status, reason))


def here(by: EndedBy | None, sip_status: int | None = None, error: OffhookError | None = None) -> CallEnd:
    return CallEnd(ending=Ending(EndCause.HERE, sip_status), by=by, error=error)


def asked(error: CustomerError, kind: Asked | None) -> CallEnd:
    error.asked = kind
    return here(EndedBy.APPLICATION, error=error)


def unreached(kind: Asked) -> CallEnd:
    return asked(FetchFailed(11200, "no"), kind)


def invalid(kind: Asked, code: int = codes.NOT_WELL_FORMED) -> CallEnd:
    return asked(DocumentInvalid(code, "no"), kind)


GOLDEN: list[tuple[Direction, CallStatus, CallEnd | None, tuple[str, int, str]]] = [
    # The far end.
    (IN, COMPLETED, far(EndCause.FAR_END), ("NORMAL_CLEARING", 4000, "Caller")),
    (OUT, COMPLETED, far(EndCause.FAR_END), ("NORMAL_CLEARING", 4000, "Callee")),
    (LEG, COMPLETED, far(EndCause.FAR_END), ("NORMAL_CLEARING", 4000, "Callee")),
    (IN, CANCELED, far(EndCause.ABANDONED, 487), ("ORIGINATOR_CANCEL", 1000, "Caller")),
    (OUT, BUSY, far(EndCause.REFUSED, 486), ("USER_BUSY", 3010, "Callee")),
    (OUT, NO_ANSWER, far(EndCause.REFUSED, 480), ("NO_ANSWER", 3000, "Carrier")),
    (OUT, FAILED, far(EndCause.REFUSED, 404), ("UNALLOCATED_NUMBER", 3050, "Carrier")),
    (OUT, FAILED, far(EndCause.REFUSED), ("UNKNOWN", 0, "Unknown")),
    (
        IN,
        COMPLETED,
        far(EndCause.BROKEN, None, "media_timeout: no audio for 60 s"),
        ("MEDIA_TIMEOUT", 6020, "Vobiz"),
    ),
    (OUT, COMPLETED, far(EndCause.BROKEN, 408, "no ACK"), ("NETWORK_OUT_OF_ORDER", 5000, "Error")),
    # The document.
    (IN, COMPLETED, here(EndedBy.DOCUMENT_OVER), ("NORMAL_CLEARING", 4010, "Answer XML")),
    (IN, FAILED, here(EndedBy.DOCUMENT_OVER, 603), ("NORMAL_CLEARING", 4010, "Answer XML")),
    (IN, COMPLETED, here(EndedBy.VERB), ("NORMAL_CLEARING", 4000, "Answer XML")),
    (IN, FAILED, here(EndedBy.VERB, 603), ("REJECTED", 3020, "Answer XML")),
    (IN, BUSY, here(EndedBy.VERB, 486), ("USER_BUSY", 3010, "Answer XML")),
    # Others, and times.
    (OUT, COMPLETED, here(EndedBy.ORDERED), ("NORMAL_CLEARING", 4000, "API Request")),
    (OUT, CANCELED, here(EndedBy.ORDERED), ("ORIGINATOR_CANCEL", 1000, "API Request")),
    (IN, COMPLETED, here(EndedBy.SCHEDULED), ("NORMAL_CLEARING", 6000, "Answer XML")),
    (LEG, CANCELED, here(EndedBy.RACE_LOST), ("ORIGINATOR_CANCEL", 9000, "Vobiz")),
    (LEG, CANCELED, here(EndedBy.UNWANTED), ("ORIGINATOR_CANCEL", 1000, "Caller")),
    (LEG, COMPLETED, here(EndedBy.UNWANTED), ("NORMAL_CLEARING", 4000, "Caller")),
    (IN, COMPLETED, here(EndedBy.REMOVED), ("NORMAL_CLEARING", 4030, "API Request")),
    (IN, COMPLETED, here(EndedBy.TRANSFERRED), ("NORMAL_CLEARING", 4000, "Caller")),
    (OUT, NO_ANSWER, here(EndedBy.RING_TIMEOUT, 408), ("NO_ANSWER", 6010, "Vobiz")),
    (IN, COMPLETED, here(EndedBy.TIME_LIMIT), ("NORMAL_CLEARING", 6000, "Vobiz")),
    (LEG, COMPLETED, here(EndedBy.LET_GO), ("NORMAL_CLEARING", 4000, "Caller")),
    (LEG, COMPLETED, here(EndedBy.DECLINED), ("REJECTED", 9110, "Answer XML")),
    (IN, COMPLETED, here(None), ("NORMAL_CLEARING", 4000, "Vobiz")),
    # The application.
    (IN, FAILED, unreached(Asked.FIRST), ("SERVICE_UNAVAILABLE", 7011, "Error")),
    (IN, FAILED, unreached(Asked.FALLBACK), ("SERVICE_UNAVAILABLE", 7011, "Error")),
    (IN, COMPLETED, unreached(Asked.ACTION), ("SERVICE_UNAVAILABLE", 7012, "Error")),
    (IN, COMPLETED, unreached(Asked.ASIDE), ("SERVICE_UNAVAILABLE", 7012, "Error")),
    (IN, COMPLETED, unreached(Asked.TRANSFER), ("SERVICE_UNAVAILABLE", 7013, "Error")),
    (IN, COMPLETED, unreached(Asked.REDIRECT), ("SERVICE_UNAVAILABLE", 7014, "Error")),
    (IN, FAILED, invalid(Asked.FIRST), ("PROTOCOL_ERROR", 8011, "Error")),
    (IN, COMPLETED, invalid(Asked.ACTION, codes.CONTENT_TYPE), ("PROTOCOL_ERROR", 8012, "Error")),
    (IN, COMPLETED, invalid(Asked.TRANSFER, codes.TOO_LARGE), ("PROTOCOL_ERROR", 8013, "Error")),
    (IN, COMPLETED, invalid(Asked.REDIRECT, codes.WRONG_ROOT), ("PROTOCOL_ERROR", 8014, "Error")),
    (IN, COMPLETED, invalid(Asked.FIRST, codes.ACTION_URL), ("PROTOCOL_ERROR", 7022, "Error")),
    (IN, COMPLETED, invalid(Asked.ACTION, codes.REDIRECT_METHOD), ("PROTOCOL_ERROR", 7034, "Error")),
    (IN, COMPLETED, asked(CustomerError(12345, "a loop"), None), ("SERVER_ERROR", 5010, "Error")),
    # Ourselves.
    (
        IN,
        COMPLETED,
        here(EndedBy.FAULT, error=ProviderError("x", "no", retryable=False)),
        ("SERVER_ERROR", 5010, "Error"),
    ),
    (IN, COMPLETED, here(EndedBy.DRAINED), ("SERVER_ERROR", 5010, "Error")),
    (IN, FAILED, None, ("SERVER_ERROR", 5010, "Error")),
]


@pytest.mark.parametrize(("direction", "status", "end", "told"), GOLDEN)
def test_an_end_has_its_cause(
    direction: Direction, status: CallStatus, end: CallEnd | None, told: tuple[str, int, str]
) -> None:
    found = hangup_cause(direction, status, end.how if end is not None else None)
    assert (found.text, found.code, found.source.value) == told


SIP = {
    400: 5020, 401: 3040, 403: 3040, 404: 3050, 407: 3040, 408: 3000, 410: 3050, 415: 2010, 480: 3000, 482: 2060,
    483: 2060, 484: 2000, 486: 3010, 487: 1000, 488: 2070, 500: 3080, 502: 3080, 503: 3090, 504: 3070, 513: 3080,
    600: 3100, 603: 3110, 604: 3120, 606: 2070, 607: 3130, 608: 3130, 699: 2010,
}  # fmt: skip


@pytest.mark.parametrize(("sip_status", "code"), SIP.items())
def test_a_refusal_has_its_cause(sip_status: int, code: int) -> None:
    assert of_sip_status(sip_status).code == code


def test_every_end_that_there_can_be_has_a_cause() -> None:
    errors: tuple[OffhookError | None, ...] = (
        None,
        FetchFailed(1, ""),
        DocumentInvalid(1, ""),
        OffhookError(),
    )
    sips = (None, 200, 404, 486, 603, 999)
    found: set[HangupCause] = set()
    for kind, by, error, sip, direction, status in itertools.product(
        EndCause,
        (None, *EndedBy),
        errors,
        sips,
        Direction,
        [status for status in CallStatus if status.is_final],
    ):
        end = CallEnd(ending=Ending(kind, sip), by=by, error=error)
        found.add(hangup_cause(direction, status, end.how))
    assert all(one == cause(one.code, one.source) for one in found)


@pytest.mark.parametrize(
    ("dialled", "told"),
    [
        (Dialled(end=DialEnd.COMPLETED), (4000, "Callee")),
        (Dialled(end=DialEnd.COMPLETED, call_is_over=True), (4000, "Caller")),
        (Dialled(end=DialEnd.CANCELED), (1000, "Caller")),
        (Dialled(end=DialEnd.NO_ANSWER, sip_status=408), (6010, "Vobiz")),
        (Dialled(end=DialEnd.BUSY, sip_status=600), (3100, "Callee")),
        (Dialled(end=DialEnd.FAILED, sip_status=503), (3090, "Carrier")),
    ],
)
def test_a_dial_has_its_cause(dialled: Dialled, told: tuple[int, str]) -> None:
    found = dial_cause(dialled)
    assert (found.code, found.source.value) == told


def test_a_call_that_ended_is_no_error_of_anybody() -> None:
    end = here(EndedBy.APPLICATION, error=CallEnded(Ending(EndCause.FAR_END)))
    assert hangup_cause(IN, COMPLETED, end.how).code == 5010


def test_an_answer_that_did_not_arrive_whole_for_its_length_was_reached() -> None:
    failed = FetchFailed(11200, "the answer is longer than allowed", None, status=200)
    failed.asked = Asked.FIRST
    end = CallEnd(ending=Ending(EndCause.HERE), by=EndedBy.APPLICATION, error=failed)
    assert hangup_cause(Direction.INBOUND, CallStatus.FAILED, end.how).code == 8011
