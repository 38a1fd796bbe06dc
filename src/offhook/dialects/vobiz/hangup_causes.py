"""The causes for which a call may end: each code with its name and the word that goes with it.

Codes and names are Vobiz'. Which word goes with which code is told for the common ones only (NORMAL_CLEARING, USER_BUSY,
NO_ANSWER, ORIGINATOR_CANCEL, MEDIA_TIMEOUT and their like); the others bear what a switch says in their place.
"""

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Who or what ended a call."""

    CALLER = "Caller"
    CALLEE = "Callee"
    PLATFORM = "Vobiz"
    CARRIER = "Carrier"
    API_REQUEST = "API Request"
    ANSWER_XML = "Answer XML"
    ERROR = "Error"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class HangupCause:
    """Why a call ended, as applications and records are told."""

    text: str
    code: int
    name: str
    source: Source


CAUSES: dict[int, tuple[str, str]] = {
    0: ("Unknown", "UNKNOWN"),
    1000: ("Canceled", "ORIGINATOR_CANCEL"),
    1010: ("Out Of Credits", "CALL_REJECTED"),
    1020: ("Simultaneous Dial Limit Reached", "CALL_REJECTED"),
    2000: ("Invalid Destination Address", "INVALID_NUMBER"),
    2010: ("Destination Out Of Service", "DESTINATION_OUT_OF_ORDER"),
    2020: ("Endpoint Not Registered", "DESTINATION_OUT_OF_ORDER"),
    2030: ("Destination Country Barred", "CALL_REJECTED"),
    2040: ("Destination Number Barred", "CALL_REJECTED"),
    2050: ("Destination Prefix Barred", "CALL_REJECTED"),
    2060: ("Loop Detected", "PROTOCOL_ERROR"),
    2070: ("Media Anchoring", "SERVICE_UNAVAILABLE"),
    3000: ("No Answer", "NO_ANSWER"),
    3010: ("Busy Line", "USER_BUSY"),
    3020: ("Rejected", "REJECTED"),
    3030: ("Unknown Caller ID", "CALL_REJECTED"),
    3040: ("Forbidden", "CALL_REJECTED"),
    3050: ("Unallocated Number", "UNALLOCATED_NUMBER"),
    3070: ("Request Timeout", "NORMAL_TEMPORARY_FAILURE"),
    3080: ("Internal Server Error At Carrier", "SERVICE_UNAVAILABLE"),
    3090: ("Network Congestion", "SWITCH_CONGESTION"),
    3100: ("Busy Everywhere", "USER_BUSY"),
    3110: ("Declined", "CALL_REJECTED"),
    3120: ("No Such User", "UNALLOCATED_NUMBER"),
    3130: ("Spam Block", "CALL_REJECTED"),
    3140: ("DNO", "CALL_REJECTED"),
    4000: ("Normal Hangup", "NORMAL_CLEARING"),
    4010: ("End Of XML Instructions", "NORMAL_CLEARING"),
    4020: ("Multiparty Call Ended", "NORMAL_CLEARING"),
    4030: ("Kicked Out", "NORMAL_CLEARING"),
    5000: ("Network Error", "NETWORK_OUT_OF_ORDER"),
    5010: ("Internal Error", "SERVER_ERROR"),
    5020: ("Routing Error", "NORMAL_TEMPORARY_FAILURE"),
    5030: ("Concurrency Limit Reached", "SWITCH_CONGESTION"),
    6000: ("Scheduled Hangup", "NORMAL_CLEARING"),
    6010: ("Ring Timeout Reached", "NO_ANSWER"),
    6020: ("Media Timeout", "MEDIA_TIMEOUT"),
    7011: ("Error Reaching Answer URL", "SERVICE_UNAVAILABLE"),
    7012: ("Error Reaching Action URL", "SERVICE_UNAVAILABLE"),
    7013: ("Error Reaching Transfer URL", "SERVICE_UNAVAILABLE"),
    7014: ("Error Reaching Redirect URL", "SERVICE_UNAVAILABLE"),
    7022: ("Invalid Action URL", "PROTOCOL_ERROR"),
    7023: ("Invalid Transfer URL", "PROTOCOL_ERROR"),
    7024: ("Invalid Redirect URL", "PROTOCOL_ERROR"),
    7032: ("Invalid Method For Action URL", "PROTOCOL_ERROR"),
    7033: ("Invalid Method For Transfer URL", "PROTOCOL_ERROR"),
    7034: ("Invalid Method For Redirect URL", "PROTOCOL_ERROR"),
    8011: ("Invalid Answer XML", "PROTOCOL_ERROR"),
    8012: ("Invalid Action XML", "PROTOCOL_ERROR"),
    8013: ("Invalid Transfer XML", "PROTOCOL_ERROR"),
    8014: ("Invalid Redirect XML", "PROTOCOL_ERROR"),
    9000: ("Lost Race", "ORIGINATOR_CANCEL"),
    9100: ("Machine Detected", "NORMAL_CLEARING"),
    9110: ("Confirm Key Challenge Failed", "REJECTED"),
}
"""Name and word of each code."""


def cause(code: int, source: Source) -> HangupCause:
    """The cause of this code. Raises KeyError for one that is none."""
    name, text = CAUSES[code]
    return HangupCause(text, code, name, source)
