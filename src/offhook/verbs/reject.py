"""Refuse a call that still rings."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Refuse the call with a SIP status while it rings; on an answered call it does nothing."""

    needs_answer: ClassVar[bool] = False

    sip_status: int = 603
    """486 Busy Here or 603 Decline."""
    line: int | None = None
    """The line of the document where the verb stands."""
