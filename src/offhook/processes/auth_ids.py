"""The Auth IDs that applications are told: `AccountRow.auth_id` (`MA` and 18 letters or digits, made with the account) of a
call's account, and of the account that owns it, or that account itself where nobody does.

The same id signs in over REST, as the sid does (`records.accounts.Accounts.find`).
"""

import asyncio

from offhook.call.errors import RecordsAway
from offhook.records.accounts import Accounts


class AuthIds:
    """What was learnt of accounts; an Auth ID never changes."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._owners: dict[str, str] = {}
        self._own: dict[str, str] = {}

    def of(self, account_sid: str) -> str:
        """The Auth ID of this account; its sid, which signs in as well, where that was not learnt."""
        return self._own.get(account_sid, account_sid)

    def of_owner(self, account_sid: str) -> str:
        """The Auth ID of the account that owns this one; its sid, which signs in as well, where that was not learnt."""
        return self._owners.get(account_sid, account_sid)

    async def learn(self, account_sid: str) -> None:
        """Look an account and its owner up, the first time; where the database is away, the next time tries again."""
        if account_sid in self._owners:
            return
        try:
            found = await asyncio.to_thread(self._look_up, account_sid)
        except RecordsAway:
            return
        if found is not None:
            self._own[account_sid], self._owners[account_sid] = found

    def _look_up(self, account_sid: str) -> tuple[str, str] | None:
        account = self._accounts.get(account_sid)
        if account is None:
            return None
        owner = self._accounts.get(account.parent_sid) if account.parent_sid is not None else account
        return account.auth_id, (owner or account).auth_id
