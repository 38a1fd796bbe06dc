"""The sockets of strangers."""

import socket
import time
from collections.abc import Iterable
from contextlib import suppress

from tests.chaos.hostile.plan import Outcome, Plan
from tests.sip.peer import Message

LISTENS_ON_S = 0.15
CONNECTS_S = 0.5


class Ear:
    """A UDP socket at one address, and what is answered to it."""

    def __init__(self, plan: Plan, host: str) -> None:
        self._to = ("127.0.0.1", plan.port)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.address = ":".join(map(str, self.socket.getsockname()))
        self.heard: list[Message] = []

    def send(self, data: bytes) -> None:
        """Send, and read what has come meanwhile."""
        with suppress(OSError):  # longer than a datagram may be
            self.socket.sendto(data, self._to)
        self.listen(0.0)

    def listen(self, seconds: float) -> None:
        """Read what comes within so many seconds."""
        until = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.0, until - time.monotonic()))
            try:
                self.heard.append(Message.parse(self.socket.recv(65_535)))
            except (TimeoutError, BlockingIOError):
                return

    def answer(self, branch: str, within_s: float = 2.0) -> Message | None:
        """The final answer to the request with this branch."""
        until = time.monotonic() + within_s
        while True:
            for message in self.heard:
                if message.status >= 200 and f"branch={branch}" in message.get("Via"):
                    return message
            if time.monotonic() >= until:
                return None
            self.listen(min(0.05, max(0.001, until - time.monotonic())))

    def close(self, outcome: Outcome) -> None:
        """Count all final answers."""
        final = {
            (message.get("Via"), message.get("CSeq")): message.status
            for message in self.heard
            if message.status >= 200
        }
        outcome.answers.update(map(str, final.values()))
        self.socket.close()


def close_all(ears: Iterable[Ear], outcome: Outcome) -> None:
    """Read what comes late, and count."""
    until = time.monotonic() + LISTENS_ON_S
    for ear in ears:
        ear.listen(max(0.0, until - time.monotonic()))
        ear.close(outcome)


def connected(plan: Plan, host: str | None = None) -> socket.socket | None:
    """A connection from an address, the stranger's unless one is given; None where none is taken."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.settimeout(CONNECTS_S)
    opened.bind((host or plan.stranger, 0))
    try:
        opened.connect(("127.0.0.1", plan.port))
    except OSError:
        opened.close()
        return None
    return opened
