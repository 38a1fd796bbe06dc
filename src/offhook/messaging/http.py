"""Messages through a gateway over HTTP: one POST a message, to a URL of the operator's.

What comes back, receipts and incoming messages, is posted to a door of REST.
"""

import asyncio
from typing import Any, Literal

import httpx2

from offhook.call.messages import UNKNOWN_ERROR, MessageRow
from offhook.messaging.port import SEND_S, Inbox, SendingFailed, Sent

Format = Literal["json", "form"]
PASSING_4XX = (408, 425, 429)
"""Request Timeout, Too Early, Too Many Requests."""
HEAD_CHARS = 300
REFERENCES = ("id", "reference", "message_id", "messageId", "sid")
"""Members of an answer in which gateways name a message, in this order."""
REFUSALS = ("failed", "rejected", "undelivered")
"""States in an answer that say no."""


class HttpMessages:
    """Fills `port.MessageProvider`."""

    name = "http"

    def __init__(
        self, url: str, *, token: str | None = None, format: Format = "json", timeout_s: float = SEND_S
    ) -> None:
        """`token` is sent as `Authorization: Bearer …`."""
        self._url = url
        self._format = format
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.AsyncClient(timeout=timeout_s, headers=headers, trust_env=False)

    async def run(self, inbox: Inbox) -> None:
        """What comes in comes to REST; the connections are closed at the end."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._client.aclose()

    async def send(self, message: MessageRow) -> Sent:
        """Post a message. Raises SendingFailed; an answer of 4xx is final, but for those that ask for patience."""
        fields = _fields(message)
        headers = {"Idempotency-Key": message.message_id}
        try:
            if self._format == "json":
                answer = await self._client.post(self._url, json=fields, headers=headers)
            else:
                answer = await self._client.post(self._url, data=fields, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
            words = str(fault) or type(fault).__name__
            raise SendingFailed(
                f"the gateway could not be reached: {words}", retryable=True, code=UNKNOWN_ERROR
            ) from fault
        return _sent(answer)


def _fields(message: MessageRow) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": message.message_id,
        "channel": message.channel,
        "from": message.from_,
        "to": message.to,
        "body": message.body,
    }
    if message.encoding:
        fields["encoding"] = message.encoding
    if message.media:
        fields["media"] = list(message.media)
    return fields


def _sent(answer: httpx2.Response) -> Sent:
    told = _told(answer)
    if not answer.is_success:
        status, head = answer.status_code, " ".join(answer.text[:HEAD_CHARS].split())
        raise SendingFailed(
            f"the gateway answered {status}{f': {head}' if head else ''}",
            retryable=status >= 500 or status in PASSING_4XX,
            code=UNKNOWN_ERROR,
        )
    if str(told.get("status", "")).lower() in REFUSALS:
        why = str(told.get("error") or told.get("message") or "it gave no reason")[:HEAD_CHARS]
        raise SendingFailed(f"the gateway refused the message: {why}", retryable=False, code=UNKNOWN_ERROR)
    reference = next((str(told[name]) for name in REFERENCES if told.get(name)), None)
    return Sent(reference=reference)


def _told(answer: httpx2.Response) -> dict[str, Any]:
    """The members of an answer that is a JSON object; nothing of any other."""
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
