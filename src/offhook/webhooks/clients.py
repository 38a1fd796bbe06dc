"""Which client asks for which account: what the operator trusts with the inner network, and everybody else.

The operator's first account may reach what OFFHOOK_WEBHOOK_ALLOW and OFFHOOK_DEV open. Other accounts are strangers in
the house: they reach public addresses, whatever is set. The two have nothing in common, no connection and no look-up
of a name, so nothing that the one opened is ever used for the other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from offhook.call.exchange import Reply
from offhook.call.signing import Keys, Pairs
from offhook.interpreter.stream_ports import StreamLine
from offhook.verbs import Request
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.tokens import KnownTokens


class AccountClient:
    """Asks and tells the applications of one account. Fills `interpreter.ports.Fetch`, `sender.Sender` and
    `stream_ports.StreamLines`."""

    def __init__(
        self,
        client: WebhookClient,
        tokens: KnownTokens,
        account_sid: str,
        *,
        parent_tokens: KnownTokens | None = None,
    ) -> None:
        """`parent_tokens` knows, by the account's sid, the tokens of the one that owns it."""
        self._client = client
        self._tokens = tokens
        self._account_sid = account_sid
        self._parent_tokens = parent_tokens

    async def fetch(self, request: Request, headers: Pairs = ()) -> Reply:
        """The answer to a request for verbs, which is signed; any 2xx. Raises FetchFailed."""
        return await self._client.fetch(request, headers, keys=await self._keys(request.signature))

    async def media(self, url: str, known: Reply | None = None) -> Reply:
        """A sound file, which is asked for without a signature; as `WebhookClient.media`."""
        return await self._client.media(url, known)

    async def send(self, request: Request, headers: Pairs = ()) -> Reply:
        """The answer to a notification, which is signed, whatever its status. Raises FetchFailed where there is none."""
        return await self._client.send(request, headers, keys=await self._keys(request.signature))

    @asynccontextmanager
    async def line(self, url: str, signature: str) -> AsyncIterator[StreamLine]:
        """A block with an open line to a ws or wss URL; the request for it is signed. Raises StreamBroke."""
        async with self._client.line(url, signature, keys=await self._keys(signature)) as line:
            yield line

    async def _keys(self, signature: str) -> Keys:
        own = await self._tokens.of(self._account_sid)
        # Our own signature, which all requests have, does not need them.
        if not signature or self._parent_tokens is None:
            return Keys(own)
        return Keys(own, await self._parent_tokens.of(self._account_sid))


class Clients:
    """The clients of one process: one for the first account, one for all others, one for the demonstration."""

    def __init__(
        self,
        *,
        first_account_sid: str,
        trusted: WebhookClient,
        strict: WebhookClient,
        demonstration: WebhookClient | None = None,
        tokens: KnownTokens,
        parent_tokens: KnownTokens | None = None,
    ) -> None:
        """`demonstration` is the only one that may reach the application of that name. `parent_tokens` knows, by an
        account's sid, the tokens of the one that owns it."""
        self._first_account_sid = first_account_sid
        self._trusted = trusted
        self._strict = strict
        self._demonstration = demonstration
        self._tokens = tokens
        self._parent_tokens = parent_tokens

    def is_trusted(self, account_sid: str) -> bool:
        """Whether the account may reach the operator's own network; what it fetched there is not for others."""
        return account_sid == self._first_account_sid

    def of(self, account_sid: str) -> AccountClient:
        """The client for an account."""
        client = self._trusted if self.is_trusted(account_sid) else self._strict
        return AccountClient(client, self._tokens, account_sid, parent_tokens=self._parent_tokens)

    def for_demonstration(self, account_sid: str) -> AccountClient:
        """The client for the demonstration, where there is one, for a call of this account."""
        assert self._demonstration is not None, "nobody asks a demonstration that is not there"
        return AccountClient(self._demonstration, self._tokens, account_sid)

    async def close(self) -> None:
        """Close all connections; nothing may be used after."""
        for tokens in (self._tokens, self._parent_tokens):
            if tokens is not None:
                await tokens.close()
        for client in (self._trusted, self._strict, self._demonstration):
            if client is not None:
                await client.close()
