"""A peer that knows what a desk phone knows besides: being held, transferring, being transferred, headers of its own."""

import asyncio
import re
from typing import cast

from tests.sip.peer import Message, Peer


class Phone(Peer):
    """A `Peer`; `await Phone.open()`."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: dict[str, int] = {}
        """With which status `hold`, `resume` and `refer` are answered."""
        self.reports: int | None = 200
        """What it tells of calls that it is referred to."""
        self.offers: list[str] = []
        """The direction of each re-INVITE: sendonly, sendrecv."""
        self.referred_to: list[str] = []
        self.answer_with: tuple[str, ...] = ()
        """Headers of its answers and its BYE."""

    @classmethod
    async def open(cls) -> "Phone":
        return cast("Phone", await super().open())

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = Message.parse(data)
        is_again = any(_same(message, known) for known in self.messages)
        is_in_dialog = self.dialog is not None and "tag=" in message.get("To")
        super().datagram_received(data, addr)
        if message.method == "INVITE" and is_in_dialog:
            self._renegotiate(message, is_again=is_again)
        elif message.method == "REFER":
            self._take_referral(message, is_again=is_again)
        elif message.method == "NOTIFY":
            self._reply(message, 200, "OK")

    def transfer(self, target: str) -> None:
        """Ask that the other side be connected with somebody else."""
        assert self.dialog is not None
        self._send_request("REFER", (f"Refer-To: <{target}?X-A=b>", "Referred-By: <sip:boss@peer>"))

    @property
    def transfers_answered(self) -> list[int]:
        """How its REFERs were answered; an answer that came twice counts once."""
        answers = [m for m in self.messages if m.status >= 200 and m.get("CSeq").endswith("REFER")]
        return list({answer.get("CSeq"): answer.status for answer in answers}.values())

    @property
    def transfers_told(self) -> list[int]:
        """What it was told of them, besides the 100 that it is told at once."""
        notifies = {m.get("CSeq"): m for m in self.messages if m.method == "NOTIFY"}.values()
        statuses = [int(re.match(r"SIP/2\.0 (\d+)", m.body).group(1)) for m in notifies]  # type: ignore[union-attr]
        return [status for status in statuses if status != 100]

    async def bye(self) -> Message:
        self._send_request("BYE", self.answer_with)
        answer = await self.reply(200, "BYE")
        self._ended()
        return answer

    def _renegotiate(self, offer: Message, *, is_again: bool) -> None:
        found = re.search(r"a=(sendonly|sendrecv|recvonly|inactive)", offer.body)
        direction = found.group(1) if found else "sendrecv"
        if not is_again:
            self.offers.append(direction)
        what = "hold" if direction == "sendonly" else "resume"
        status = self.refusals.get(what, 200)
        answer = {"sendonly": "recvonly"}.get(direction, "sendrecv")
        body = (
            self.sdp().replace("a=sendrecv", f"a={answer}").replace("1 1 IN", f"1 {len(self.offers) + 1} IN")
        )
        self._reply(offer, status, "X", body if status == 200 else "")

    def _take_referral(self, request: Message, *, is_again: bool) -> None:
        status = self.refusals.get("refer", 202)
        self._reply(request, status, "X")
        if status < 300 and not is_again:
            self.referred_to.append(request.get("Refer-To").strip("<>"))
            if self.reports is not None:
                self._spawn(self._report(self.reports))

    async def _report(self, status: int) -> None:
        for told in (100, status):
            state = "active;expires=60" if told < 200 else "terminated;reason=noresource"
            self._send_request(
                "NOTIFY",
                ("Event: refer", f"Subscription-State: {state}", "Content-Type: message/sipfrag"),
                f"SIP/2.0 {told} X\r\n",
            )
            await asyncio.sleep(0.2)

    def _reply(self, request: Message, status: int, reason: str, body: str = "") -> None:
        self._more = self.answer_with if request.method == "INVITE" else ()
        super()._reply(request, status, reason, body)

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        if start.startswith("SIP/2.0") and not start.startswith("SIP/2.0 1"):
            headers = [*headers, *self._more]
        super()._transmit(start, headers, body)

    _more: tuple[str, ...] = ()


def _same(message: Message, other: Message) -> bool:
    return message.method != "" and (message.start, message.get("CSeq")) == (other.start, other.get("CSeq"))
