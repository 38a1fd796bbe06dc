"""Limits of accounts, and the counts that they are held against.

Calls are counted from their rows: a number that goes up and down is wrong for ever after the first process that
dies in between.
"""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select

from offhook.call.rows import AccountLimits
from offhook.records.columns import Moment
from offhook.records.database import Database
from offhook.records.numbering import insert_for
from offhook.records.tables import account_limits, calls

_FIND = select(account_limits).where(account_limits.c.account_sid == bindparam("account"))
_OTHERS = (calls.c.account_sid == bindparam("account"), calls.c.worker_id != bindparam("worker"))
_RUNNING = select(func.count()).where(*_OTHERS, calls.c.end_time.is_(None))
_BEGUN = select(func.count()).where(*_OTHERS, calls.c.date_created > bindparam("since", type_=Moment))


class Limits:
    """The limits of all accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, account_sid: str) -> AccountLimits:
        """What an account may use."""
        with self._database.asking() as connection:
            row = connection.execute(_FIND, {"account": account_sid}).one_or_none()
        if row is None:
            return AccountLimits()
        return AccountLimits(
            concurrent_calls=row.concurrent_calls,
            calls_per_s=row.calls_per_s,
            requests_per_s=row.requests_per_s,
            destinations=None if row.destinations is None else tuple(row.destinations),
        )

    def set(self, account_sid: str, limits: AccountLimits) -> None:
        """Keep new limits of an account. Raises IntegrityError where there is no such account."""
        with self._database.writing() as connection:
            if limits == AccountLimits():
                connection.execute(delete(account_limits).where(account_limits.c.account_sid == account_sid))
                return
            fields = asdict(limits)
            wanted = insert_for(connection)(account_limits).values(account_sid=account_sid, **fields)
            connection.execute(
                wanted.on_conflict_do_update(index_elements=[account_limits.c.account_sid], set_=fields)
            )


class CallsElsewhere:
    """An account's calls that other workers than this one run."""

    def __init__(self, database: Database, *, worker_id: str) -> None:
        self._database = database
        self._worker_id = worker_id

    def running(self, account_sid: str) -> int:
        """How many run now."""
        with self._database.asking() as connection:
            found = connection.scalar(_RUNNING, {"account": account_sid, "worker": self._worker_id})
        return found or 0

    def begun(self, account_sid: str, since: datetime) -> int:
        """How many began after `since`."""
        wanted = {"account": account_sid, "worker": self._worker_id, "since": since}
        with self._database.asking() as connection:
            found = connection.scalar(_BEGUN, wanted)
        return found or 0
