"""Ask the caller's end to call somebody else instead (SIP REFER)."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Refer:
    """Transfer the caller to `to`; ends when their end has told what came of it."""

    needs_answer: ClassVar[bool] = True

    to: str
    """A SIP URI, or a number, which is taken to be at the trunk."""
    action: Target | None = None
    line: int | None = None
    """The line of the document where the verb stands."""
