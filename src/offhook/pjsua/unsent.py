"""Why a request could not be sent at all, in words."""

import errno

import pjsua2 as pj

OF_THE_SYSTEM = 120_000
"""What PJSIP adds to the system's own numbers of errors."""
NO_WAY = frozenset(
    OF_THE_SYSTEM + number
    for number in (errno.EINVAL, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)
)
"""What the system says of an address to which none leads from the one that a socket is bound to."""


def why_not_sent(error: pj.Error) -> str:
    """To be put after a colon. Names the setting where it is the address that SIP is bound to."""
    if error.status in NO_WAY:
        return f"{error.reason}; from the address that SIP is bound to (OFFHOOK_SIP_HOST) no way leads there"
    return str(error.reason)
