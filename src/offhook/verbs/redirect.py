"""Go on with another document."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Leave this document and follow the one at `target`."""

    needs_answer: ClassVar[bool] = True

    target: Target
    line: int | None = None
    """The line of the document where the verb stands."""
