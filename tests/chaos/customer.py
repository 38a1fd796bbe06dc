"""A customer's application: it answers calls in all kinds of ways, breaks when told to, and counts what it is told."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.webhooks.server import Application, Connection, Received, Script, crash, never, page, raw_answer

FINAL = ("completed", "failed", "busy", "no-answer", "canceled")
DOCUMENTS = (
    '<Response><Pause length="8"/></Response>',
    "<Response><Say>One moment please.</Say><Pause length='2'/><Say>Goodbye.</Say></Response>",
    '<Response><Gather input="dtmf" timeout="3" action="next"><Say>Press a key.</Say></Gather></Response>',
    '<Response><Gather input="speech" hints="sales, support" action="next" preTimeout="3" actionOnEmptyResult="true"/>'
    "</Response>",
    "<Response><Redirect>next</Redirect></Response>",
    "<Response><Unheard/>",
)
BREAKING: tuple[Script, ...] = (
    page(500, "broken"),
    crash,
    never,
    raw_answer(b"this is not HTTP\r\n\r\n", closes=True),
    page(503, "later", Retry_After="2"),
)
"""Ways to be broken; none of them is a receipt for an event."""


@dataclass
class Customer:
    """What an application remembers of what it was told."""

    finals: dict[str, Counter[str]] = field(default_factory=dict)
    """By call: how often each final event came, by its id."""
    statuses: dict[str, str] = field(default_factory=dict)
    """By call: its final status."""
    out_of_order: list[str] = field(default_factory=list)
    """Calls of which something was told after their end."""
    deliveries: int = 0
    repeated: int = 0
    breaking: Script | None = None
    _known: set[str] = field(default_factory=set)
    _asked: int = 0

    def serve(self, app: Application) -> None:
        """Take the application's requests."""
        app.on("/voice", self._whole(self._answer))
        app.on("/next", self._whole(self._answer))
        app.on("/state", self._whole(self._note))

    def _whole(self, answer: Callable[[Received], Script]) -> Script:
        async def script(received: Received, connection: Connection) -> None:
            await (self.breaking or answer(received))(received, connection)

        return script

    def _answer(self, _received: Received) -> Script:
        self._asked += 1
        return page(200, DOCUMENTS[self._asked % len(DOCUMENTS)])

    def _note(self, received: Received) -> Script:
        told, id = dict(received.form), received.header("X-Offhook-Delivery") or ""
        self.deliveries += 1
        self.repeated += id in self._known
        self._known.add(id)
        call, status = told["CallSid"], told["CallStatus"]
        if status in FINAL:
            self.finals.setdefault(call, Counter())[id] += 1
            self.statuses[call] = status
        elif call in self.finals:
            self.out_of_order.append(call)
        return page(200)


async def forget_requests(app: Application, every_s: float = 5.0) -> None:
    """Keep the memory of a long run small; until cancelled."""
    while True:
        await asyncio.sleep(every_s)
        app.requests.clear()
