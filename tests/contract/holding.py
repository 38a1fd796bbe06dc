"""A phone that answers on hold, in each of the ways that SDP knows (RFC 3264, and RFC 2543 before it)."""

from collections.abc import Callable
from typing import cast

from tests.contract.phone import Phone
from tests.sip.in_dialog import ask, offer

HOLDS: dict[str, Callable[[str], str]] = {
    "0.0.0.0": lambda sdp: sdp.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"),
    "inactive": lambda sdp: sdp.replace("a=sendrecv", "a=inactive"),
    "sendonly": lambda sdp: sdp.replace("a=sendrecv", "a=sendonly"),
    "both": lambda sdp: sdp.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0").replace(
        "a=sendrecv", "a=sendonly"
    ),
}
SILENT = ("0.0.0.0", "inactive", "both")
"""Those in which the far end does not speak either."""


class Holding(Phone):
    """Answers on hold, in the way that it is told, until it holds no more."""

    how = "inactive"

    @classmethod
    async def open(cls) -> "Holding":
        return cast("Holding", await super().open())

    def sdp(self, payloads: str = "0 101") -> str:
        sdp = super().sdp(payloads)
        return HOLDS[self.how](sdp) if self.how else sdp

    async def hold_no_more(self) -> None:
        """Take the other side off hold; returns once it has agreed."""
        self.how = ""
        answer = await ask(self, "INVITE", body=offer(self, 2))
        assert (answer.status, "a=sendrecv" in answer.body) == (200, True)
        self._media_from(answer.body)
