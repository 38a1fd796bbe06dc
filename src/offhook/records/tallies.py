"""How much there is of what moves, counted in rows: a number that is counted up and down is wrong after the first crash."""

from sqlalchemy import BigInteger, func, select, type_coerce

from offhook.call.info import CallStatus
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.outbox import State
from offhook.records.tables import calls, outbox


class Tallies:
    """Counts rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def running_calls(self) -> dict[str, int]:
        """How many calls are in each state that is not final. Raises RecordsAway."""
        counted = (
            select(calls.c.status, func.count()).where(calls.c.end_time.is_(None)).group_by(calls.c.status)
        )
        with self._database.asking() as connection:
            found = {status: int(count) for status, count in connection.execute(counted)}
        states = (status.value for status in CallStatus if not status.is_final)
        return {state: found.get(state, 0) for state in states}

    def outbox_depth(self) -> dict[str, int]:
        """How many callbacks are in each state but that of those that arrived. Raises RecordsAway."""
        states = [state.value for state in State if state is not State.DONE]
        counted = (
            select(outbox.c.state, func.count()).where(outbox.c.state.in_(states)).group_by(outbox.c.state)
        )
        with self._database.asking() as connection:
            found = {state: int(count) for state, count in connection.execute(counted)}
        return {state: found.get(state, 0) for state in states}

    def outbox_oldest_s(self) -> float:
        """How long ago the oldest callback that waits was made, by the database's clock; 0 without one.

        Raises RecordsAway.
        """
        waiting = outbox.c.state.in_((State.PENDING.value, State.LEASED.value))
        oldest = select(func.min(type_coerce(outbox.c.created, BigInteger)), database_now()).where(waiting)
        with self._database.asking() as connection:
            created_ms, now_ms = connection.execute(oldest).one()
        return 0.0 if created_ms is None else max(0.0, (now_ms - created_ms) / 1000)
