"""What sends a notification: `client.WebhookClient` does."""

from typing import Protocol

from offhook.call.exchange import Reply
from offhook.verbs import Request


class Sender(Protocol):
    """Sends requests whose answers are not read."""

    async def send(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """The answer, whatever its status. Raises FetchFailed where there is none."""
