"""Why a call ended, as a sentence for people. Pure."""

from offhook.call.ending import EndCause, Ending
from offhook.call.info import CallStatus

SIP_WORDS = {
    400: "the request was not understood",
    401: "a password is wanted",
    403: "the caller is not allowed to call there",
    404: "the number is not known there",
    407: "a password is wanted",
    408: "no answer came in time",
    410: "the number is not in use any more",
    415: "no way of sending audio suits both sides",
    480: "nobody can be reached there now",
    481: "the other side knows of no such call",
    482: "the call went in a circle",
    484: "the number is not complete",
    486: "the line is busy",
    487: "the call was given up before the answer",
    488: "no way of sending audio suits both sides",
    500: "the called side has a fault",
    502: "a gateway on the way has a fault",
    503: "the called side is overloaded, or has no way there",
    504: "a server on the way did not answer",
    600: "the line is busy everywhere",
    603: "the call was declined",
    604: "the number exists nowhere",
    606: "no way of sending audio suits both sides",
}
"""What a SIP status tells whoever called (RFC 3261, section 21), in the words of a telephone."""


def why_ended(ending: Ending | None, reason: str, status: CallStatus) -> str:
    """One sentence, or two. `reason` is what the call's record says; `ending` is None where nobody saw the end."""
    if not status.is_final:
        return "The call is not over."
    sentence = _who(ending, status)
    why = _readable(reason)
    if not why or why.rstrip(".").lower() in sentence.lower():
        return sentence
    return f"{sentence} {why}"


def _who(ending: Ending | None, status: CallStatus) -> str:
    if ending is None:
        return "Nobody saw how the call ended."
    sip = sip_words(ending.sip_status)
    match ending.cause:
        case EndCause.FAR_END:
            return "The far end hung up."
        case EndCause.ABANDONED:
            return "The caller gave up before the answer."
        case EndCause.HERE if status is CallStatus.COMPLETED:
            return "Offhook hung up."
        case EndCause.HERE if status is CallStatus.NO_ANSWER:
            return "Nobody answered, and Offhook stopped ringing."
        case EndCause.HERE:
            return (
                f"Offhook refused the call with {sip}."
                if sip
                else "Offhook ended the call before the answer."
            )
        case EndCause.REFUSED:
            return f"The far end refused the call with {sip}." if sip else "The far end refused the call."
        case EndCause.BROKEN:
            return f"The call broke with {sip}." if sip else "The call broke."


def sip_words(status: int | None) -> str:
    """`486 (the line is busy)`; empty for a status that says nothing of a failure."""
    if status is None or status < 300:
        return ""
    words = SIP_WORDS.get(status)
    return f"{status} ({words})" if words else str(status)


def _readable(reason: str) -> str:
    """A reason as a sentence. Those of watchdogs begin with a name for programs, which goes to the end."""
    name, colon, words = reason.partition(": ")
    if colon and name.replace("_", "").isalnum() and name.islower():
        reason, suffix = words, f" ({name})"
    else:
        suffix = ""
    reason = reason.strip().rstrip(".")
    return f"{reason[:1].upper()}{reason[1:]}{suffix}." if reason else ""
