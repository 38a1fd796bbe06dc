"""Who wants to know of every exchange with an application: what times them, what traces them."""

from typing import Protocol

from offhook.call.exchange import Reply
from offhook.call.signing import Pairs
from offhook.verbs import Target


class Watched(Protocol):
    """One exchange that is under way."""

    @property
    def headers(self) -> Pairs:
        """What the request carries besides, such as the place of a call in a trace."""

    def end(self, reply: Reply | None, error: BaseException | None) -> None:
        """It is over: with an answer, or with what was raised."""


class Watch(Protocol):
    """Watches the exchanges of a client. Called on the event loop; must not block."""

    def begin(self, target: Target, kind: str) -> Watched:
        """One begins; `kind` is document, sound or notice."""
