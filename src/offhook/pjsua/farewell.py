"""What the far end is told when a call is not ended by anybody who is in it: a Reason header (RFC 3326)."""

from collections.abc import Mapping

TIMED_OUT, UNAVAILABLE = 408, 503
AGAIN_S = 1
"""When a caller who is turned away may try again, in seconds; another server may have room at once."""
RETRY_AFTER: Mapping[str, str] = {"Retry-After": str(AGAIN_S)}


def reason_header(sip_status: int, text: str) -> dict[str, str]:
    """The header of a BYE, CANCEL or refusal; `text` is for the other side's operator."""
    quoted = text.replace("\\", "").replace('"', "'")
    return {"Reason": f'SIP;cause={sip_status};text="{quoted}"'}


class Farewell:
    """What all calls are told at their end, from some moment on. Set on one thread, read on another."""

    def __init__(self) -> None:
        self.text = ""
        """Why the server ends its calls; empty while it does not."""

    def of_a_bye(self) -> dict[str, str]:
        """Headers of a BYE or CANCEL."""
        return reason_header(UNAVAILABLE, self.text) if self.text else {}

    def of_a_refusal(self) -> dict[str, str]:
        """Headers of the 503 to a call that still rings."""
        return {**RETRY_AFTER, **self.of_a_bye()}
