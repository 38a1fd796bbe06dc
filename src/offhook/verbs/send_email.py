"""Send an e-mail, while the call goes on."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class SendEmail:
    """Hand an e-mail over to be sent; ends as soon as it is. What becomes of it never touches the call."""

    needs_answer: ClassVar[bool] = False

    from_: str
    to: str
    """One address, or several separated by commas; as `cc` and `bcc`."""
    cc: str | None = None
    bcc: str | None = None
    subject: str
    body: str
    line: int | None = None
    """The line of the document where the verb stands."""
