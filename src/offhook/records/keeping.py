"""How many days things are kept: what the installation says, and what an account has instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select

from offhook.records.database import Database
from offhook.records.numbering import insert_for
from offhook.records.tables import account_keeping, accounts

FOR_EVER = 0
MOST_DAYS = 36_500


class Kind(StrEnum):
    """What is kept for days of its own."""

    RECORDINGS = "recordings"
    """Sound files."""
    TRANSCRIPTS = "transcripts"
    """What callers said and pressed; the rows it stood in are kept without it."""
    ROWS = "rows"
    """Calls with their timelines, gathers, notifications and callbacks."""
    CALLBACKS = "callbacks"
    """Callbacks that were delivered or given up."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Days for each kind; FOR_EVER for no end."""

    days: Mapping[Kind, int]

    def limit(self, kind: Kind, now: datetime) -> datetime | None:
        """What is older than this moment is forgotten; None where nothing is."""
        days = self.days[kind]
        return None if days == FOR_EVER else now - timedelta(days=days)


class AccountKeeping:
    """What accounts have instead of the days of the installation, which are `standard`."""

    def __init__(self, database: Database, standard: Mapping[Kind, int]) -> None:
        self._database = database
        self._standard = standard

    def of_all(self) -> dict[str, Keeping]:
        """How long things are kept for each account there is."""
        with self._database.reading() as connection:
            days = {sid: dict(self._standard) for sid in connection.scalars(select(accounts.c.sid))}
            for row in connection.execute(select(account_keeping)):
                if row.account_sid in days and row.kind in [*Kind]:
                    days[row.account_sid][Kind(row.kind)] = row.days
        return {sid: Keeping(its_days) for sid, its_days in days.items()}

    def own(self, account_sid: str) -> dict[Kind, int]:
        """What an account has of its own."""
        wanted = select(account_keeping).where(account_keeping.c.account_sid == account_sid)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return {Kind(row.kind): row.days for row in rows if row.kind in [*Kind]}

    def put(self, account_sid: str, days: Mapping[Kind, int | None]) -> bool:
        """Give an account days of its own, or with None those of the installation; False for no such account."""
        with self._database.writing() as connection:
            if not connection.scalar(select(accounts.c.sid).where(accounts.c.sid == account_sid)):
                return False
            for kind, its_days in days.items():
                of_kind = account_keeping.c.account_sid == account_sid, account_keeping.c.kind == kind.value
                if its_days is None:
                    connection.execute(delete(account_keeping).where(*of_kind))
                    continue
                row = insert_for(connection)(account_keeping).values(
                    account_sid=account_sid, kind=kind.value, days=its_days
                )
                key = [account_keeping.c.account_sid, account_keeping.c.kind]
                connection.execute(row.on_conflict_do_update(index_elements=key, set_={"days": its_days}))
        return True
