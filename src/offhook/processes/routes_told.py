"""Applications and accounts as REST changes them: what changes the way of calls is told to the workers at once."""

from collections.abc import Callable
from datetime import datetime

from offhook.call.resource_rows import ApplicationRow
from offhook.call.rows import AccountRow
from offhook.records.accounts import Accounts
from offhook.records.applications import Applications
from offhook.records.database import Database


class ApplicationsTold(Applications):
    """Applications, whose addresses stand for those of the numbers that name them."""

    def __init__(self, database: Database, tell: Callable[[], None]) -> None:
        """`tell` returns when the workers know; it may block."""
        super().__init__(database)
        self._tell = tell

    def update(self, application: ApplicationRow) -> bool:
        """Keep new properties of an application; False where the account does not have it."""
        is_done = super().update(application)
        if is_done:
            self._tell()
        return is_done

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete an application; False where the account does not have it."""
        is_done = super().delete(account_sid, sid)
        if is_done:
            self._tell()
        return is_done


class AccountsTold(Accounts):
    """Accounts, whose numbers answer only while they are active."""

    def __init__(self, database: Database, tell: Callable[[], None]) -> None:
        """`tell` returns when the workers know; it may block."""
        super().__init__(database)
        self._tell = tell

    def update(self, account: AccountRow, *, was: AccountRow | None = None) -> bool:
        """Keep new properties of an account; False where there is none, or it is closed."""
        is_done = super().update(account, was=was)
        if is_done:
            self._tell()
        return is_done

    def close(self, sid: str, *, now: datetime) -> tuple[str, ...]:
        """Close an account and all below it for good; returns the sids of those that were open."""
        closed = super().close(sid, now=now)
        if closed:
            self._tell()
        return closed
