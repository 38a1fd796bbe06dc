"""The auth tokens that requests are signed with, remembered for some seconds.

A look-up asks the database, which may be slow, or away. A call must not wait for it: once an account's tokens are known,
older ones serve while newer ones are long in coming.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.signing import Tokens

LookUp = Callable[[str], Tokens]
"""The tokens of an account, the current one first. May block, and may raise RecordsAway."""

KEPT_S = 10.0
PATIENCE_S = 0.25
"""How long newer tokens are waited for when older ones are known."""
MOST_ACCOUNTS = 10_000

log = structlog.get_logger()


class KnownTokens:
    """The tokens of all accounts that were asked for lately."""

    def __init__(self, look_up: LookUp, *, kept_s: float = KEPT_S, patience_s: float = PATIENCE_S) -> None:
        """`kept_s`: for how long nobody is asked again."""
        self._look_up = look_up
        self._kept_s = kept_s
        self._patience_s = patience_s
        self._known: OrderedDict[str, tuple[float, Tokens]] = OrderedDict()
        """Until when they count, and the tokens; those that were looked up longest ago first."""
        self._asking: dict[str, asyncio.Task[Tokens]] = {}

    async def of(self, account_sid: str) -> Tokens:
        """The account's tokens; none where it has none, or where they never could be looked up."""
        known = self._known.get(account_sid)
        if known is not None and asyncio.get_running_loop().time() < known[0]:
            return known[1]
        asking = self._asking.get(account_sid)
        if asking is None:
            asking = self._asking[account_sid] = asyncio.create_task(self._ask(account_sid), name="tokens")
        await asyncio.wait((asking,), timeout=self._patience_s if known is not None else None)
        if asking.done():
            return asking.result()
        assert known is not None
        return known[1]

    async def close(self) -> None:
        """Let what is being looked up come to its end."""
        if self._asking:
            await asyncio.wait(tuple(self._asking.values()))

    async def _ask(self, account_sid: str) -> Tokens:
        try:
            tokens = await asyncio.to_thread(self._look_up, account_sid)
        except RecordsAway as away:
            known = self._known.get(account_sid)
            tokens = known[1] if known is not None else ()
            log.warning("tokens.not_looked_up", account_sid=account_sid, known=bool(tokens), why=str(away))
        finally:
            del self._asking[account_sid]
        self._known.pop(account_sid, None)
        self._known[account_sid] = asyncio.get_running_loop().time() + self._kept_s, tokens
        if len(self._known) > MOST_ACCOUNTS:
            self._known.popitem(last=False)
        return tokens
