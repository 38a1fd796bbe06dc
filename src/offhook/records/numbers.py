"""Numbers that can be called."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from offhook.call.listing import NumberFilter, Page
from offhook.call.rows import NumberRow
from offhook.records.database import Database
from offhook.records.listing import alike, counted
from offhook.records.tables import incoming_phone_numbers as numbers
from offhook.verbs import Method

_FIND = select(numbers).where(
    or_(numbers.c.phone_number == bindparam("called"), numbers.c.phone_number == bindparam("other"))
)
_METHODS = [column.name for column in numbers.c if column.name.endswith("_method")]
_FIXED = {"sid", "account_sid", "phone_number", "is_sip", "date_created"}
"""What an update leaves as it was."""


class Numbers:
    """The numbers of all accounts; a number belongs to one account only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, number: NumberRow) -> bool:
        """Keep a new number; False where some account has it already."""
        try:
            with self._database.writing() as connection:
                connection.execute(insert(numbers), asdict(number))
        except IntegrityError:
            with self._database.reading() as connection:
                taken = select(numbers.c.sid).where(numbers.c.phone_number == number.phone_number)
                if connection.scalar(taken) is None:
                    raise
            return False
        return True

    def get(self, account_sid: str, sid: str) -> NumberRow | None:
        """The account's number with this sid."""
        wanted = select(numbers).where(numbers.c.sid == sid, numbers.c.account_sid == account_sid)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _number(row) if row else None

    def update(self, number: NumberRow) -> bool:
        """Keep the new properties of a number; False where the account does not have it.

        Its sid, account, number and date of creation stay.
        """
        change = {name: value for name, value in asdict(number).items() if name not in _FIXED}
        which = update(numbers).where(
            numbers.c.sid == number.sid, numbers.c.account_sid == number.account_sid
        )
        with self._database.writing() as connection:
            return connection.execute(which.values(change)).rowcount == 1

    def delete(self, account_sid: str, sid: str) -> bool:
        """Give the number up; False where the account does not have it."""
        which = delete(numbers).where(numbers.c.sid == sid, numbers.c.account_sid == account_sid)
        with self._database.writing() as connection:
            return connection.execute(which).rowcount == 1

    def page(self, account_sid: str, wanted: NumberFilter, *, offset: int, limit: int) -> Page[NumberRow]:
        """A stretch of the account's numbers, newest first."""
        query = select(numbers).where(numbers.c.account_sid == account_sid)
        if wanted.phone_number is not None:
            query = query.where(alike(numbers.c.phone_number, wanted.phone_number))
        if wanted.friendly_name is not None:
            query = query.where(alike(numbers.c.friendly_name, wanted.friendly_name))
        order = numbers.c.date_created.desc(), numbers.c.sid
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *order, offset=offset, limit=limit)
        return Page(tuple(_number(row) for row in rows), total)

    def find_for_call(self, called: str) -> NumberRow | None:
        """The number that a call to `called` is for: the very same, else the same with or without its `+`."""
        with self._database.asking() as connection:
            rows = connection.execute(_FIND, {"called": called, "other": other_spelling(called)}).all()
        found = [_number(row) for row in rows]
        return min(found, key=lambda number: number.phone_number != called, default=None)

    def all(self, most: int) -> tuple[NumberRow, ...]:
        """The numbers of all accounts, newest first; at most so many."""
        order = numbers.c.date_created.desc(), numbers.c.sid
        with self._database.reading() as connection:
            rows = connection.execute(select(numbers).order_by(*order).limit(most)).all()
        return tuple(_number(row) for row in rows)


def other_spelling(called: str) -> str:
    """A number with its `+` where it has none, and without where it has."""
    return called[1:] if called.startswith("+") else f"+{called}"


def _number(row: Row[Any]) -> NumberRow:
    fields = row._asdict()
    for name in _METHODS:
        fields[name] = Method(fields[name]) if fields[name] else None
    return NumberRow(**fields)
