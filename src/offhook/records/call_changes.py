"""Follows the calls of an account: which are new, and which changed their state, since the last look.

A look costs three small queries, however many calls are kept: those that run, those numbered after the last one known, and
those that ran at the last look and do not any more.
"""

from sqlalchemy import select

from offhook.call.info import CallStatus
from offhook.call.rows import CallRow
from offhook.records.calls import call_row
from offhook.records.database import Database
from offhook.records.numbering import Listing, ends
from offhook.records.tables import calls

AT_ONCE = 500
"""How many rows one query asks for."""


class CallChanges:
    """The changes of one account's calls, from the moment it is made."""

    def __init__(self, database: Database, account_sid: str) -> None:
        self._database = database
        self._account_sid = account_sid
        self._states: dict[str, CallStatus] = {}
        """Of the calls that ran at the last look."""
        self._last_seq = self._length()

    def running(self) -> tuple[CallRow, ...]:
        """The calls that run now, oldest first; the beginning of what `look` goes on with."""
        rows = self._running()
        self._states = {row.call_id: row.status for row in rows}
        return rows

    def look(self) -> tuple[CallRow, ...]:
        """The calls that are new or in another state since the last look, in the order of their numbers."""
        seq, before = self._last_seq, self._states
        self._last_seq = max(seq, self._length())
        rows = {row.call_id: row for row in self._running()}
        running = dict.fromkeys(rows)
        rows |= {row.call_id: row for row in self._numbered(seq, self._last_seq)}
        gone = [call_id for call_id in before if call_id not in rows]
        for first in range(0, len(gone), AT_ONCE):
            rows |= {row.call_id: row for row in self._some(gone[first : first + AT_ONCE])}
        self._states = {call_id: rows[call_id].status for call_id in running}
        changed = [row for row in rows.values() if before.get(row.call_id) is not row.status]
        return tuple(sorted(changed, key=lambda row: (row.date_created, row.call_id)))

    def _length(self) -> int:
        with self._database.reading() as connection:
            return ends(connection, self._account_sid, Listing.CALLS)[1]

    def _running(self) -> tuple[CallRow, ...]:
        wanted = select(calls).where(calls.c.account_sid == self._account_sid, calls.c.end_time.is_(None))
        with self._database.asking() as connection:
            return tuple(call_row(row) for row in connection.execute(wanted.order_by(calls.c.seq)))

    def _numbered(self, after: int, last: int) -> tuple[CallRow, ...]:
        wanted = select(calls).where(
            calls.c.account_sid == self._account_sid, calls.c.seq > after, calls.c.seq <= last
        )
        with self._database.asking() as connection:
            return tuple(call_row(row) for row in connection.execute(wanted.order_by(calls.c.seq)))

    def _some(self, call_ids: list[str]) -> tuple[CallRow, ...]:
        wanted = select(calls).where(calls.c.call_id.in_(call_ids))
        with self._database.asking() as connection:
            return tuple(call_row(row) for row in connection.execute(wanted))
