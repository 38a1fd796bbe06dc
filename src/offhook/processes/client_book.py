"""The clients as they are now, with what their passwords are checked with: looked for again every 2 s, so that a change needs no restart."""

import asyncio

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.resource_rows import PhoneLogin
from offhook.records.phones import Phones
from offhook.records.secret_keys import SecretKeyWrong

log = structlog.get_logger()

LOOK_EVERY_S = 2.0


class ClientBook:
    """Knows all clients that may call. `get` and the lengths may be asked by any thread; all else belongs to the event loop."""

    def __init__(self, records: Phones) -> None:
        self._records = records
        self._version: tuple[int, ...] | None = None
        self._why_unread = ""
        self._logins: dict[str, PhoneLogin] = {}
        self.is_read = False
        """Whether it is known who there is."""

    def __len__(self) -> int:
        return len(self._logins)

    def get(self, login: str) -> PhoneLogin | None:
        """What the client with a login is checked with; None where there is none that may call."""
        return self._logins.get(login)

    async def keep(self) -> None:
        """Look for changes every so often, until cancelled."""
        while True:
            await self.read_now()
            await asyncio.sleep(LOOK_EVERY_S)

    async def read_now(self) -> None:
        """Look for changes; where the database is away, all stays as it is."""
        try:
            version = await asyncio.to_thread(self._records.version)
            if version == self._version:
                return
            found = await asyncio.to_thread(self._records.logins)
        except RecordsAway:
            return
        except SecretKeyWrong as wrong:
            if str(wrong) != self._why_unread:
                log.error("clients.not_read", reason=str(wrong), effect="those known before go on")
            self._why_unread, self.is_read = str(wrong), True
            return
        self._logins = {each.login: each for each in found}
        self._why_unread, self._version, self.is_read = "", version, True
