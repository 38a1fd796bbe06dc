"""Ends loops of calls that dial one another.

An application that dials its own number, or one that comes back here from the trunk, would take one call slot after
another until none is left. Each leg says in a header how many Dials led to it; far ends that pass it on let us count.
"""

from offhook.call.info import CallInfo
from offhook.interpreter.outbound_leg import LegRefused

HEADER = "X-Offhook-Hops"
MOST = 10
LOOP_DETECTED = 482


def hops_after(parent: CallInfo) -> str:
    """What a leg that `parent` dials bears in the header. Raises LegRefused where it would be one Dial too many."""
    hops = 1 + _hops(parent)
    if hops > MOST:
        raise LegRefused(
            f"{MOST} Dials in a row led to this call already; look for one that leads back to its own number",
            LOOP_DETECTED,
        )
    return str(hops)


def _hops(info: CallInfo) -> int:
    """How many Dials led to a call: the most that is said, 0 where nothing sensible is."""
    said = [value.strip() for name, value in info.sip_headers if name.lower() == HEADER.lower()]
    return max(
        (int(value) for value in said if value.isascii() and value.isdigit() and len(value) < 4), default=0
    )
