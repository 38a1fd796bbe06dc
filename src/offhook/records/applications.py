"""Applications: addresses that several numbers and clients share."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, delete, insert, or_, select, update

from offhook.call.resource_rows import ApplicationKind, ApplicationRow, NumberOfApplication
from offhook.records.columns import storable
from offhook.records.database import Database
from offhook.records.resource_tables import applications, clients
from offhook.records.tables import incoming_phone_numbers as numbers
from offhook.verbs import Method

_FIXED = {"sid", "account_sid", "date_created"}
_NAMED_BY = (
    numbers.c.voice_application_sid,
    numbers.c.sms_application_sid,
    numbers.c.ussd_application_sid,
    numbers.c.refer_application_sid,
)


class Applications:
    """The applications of all accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_account(self, account_sid: str) -> tuple[ApplicationRow, ...]:
        """The account's applications, oldest first."""
        wanted = select(applications).where(applications.c.account_sid == account_sid)
        with self._database.reading() as connection:
            order = applications.c.date_created, applications.c.sid
            return tuple(_application(row) for row in connection.execute(wanted.order_by(*order)))

    def numbers_of(self, account_sid: str) -> tuple[NumberOfApplication, ...]:
        """The account's numbers that name some application, oldest first."""
        columns = [numbers.c.sid, numbers.c.friendly_name, numbers.c.phone_number, *_NAMED_BY]
        wanted = select(*columns).where(
            numbers.c.account_sid == account_sid, or_(*(name.is_not(None) for name in _NAMED_BY))
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(numbers.c.date_created, numbers.c.sid)).all()
        return tuple(NumberOfApplication(**row._asdict()) for row in rows)

    def get(self, account_sid: str, sid: str) -> ApplicationRow | None:
        """The account's application with this sid."""
        wanted = select(applications).where(
            applications.c.sid == storable(sid), applications.c.account_sid == account_sid
        )
        with self._database.asking() as connection:
            row = connection.execute(wanted).one_or_none()
        return _application(row) if row else None

    def create(self, application: ApplicationRow) -> None:
        """Keep a new application. Raises IntegrityError without such an account."""
        with self._database.writing() as connection:
            connection.execute(insert(applications), asdict(application))

    def update(self, application: ApplicationRow) -> bool:
        """Keep new properties of an application; False where the account does not have it."""
        change = {name: value for name, value in asdict(application).items() if name not in _FIXED}
        which = update(applications).where(
            applications.c.sid == application.sid, applications.c.account_sid == application.account_sid
        )
        with self._database.writing() as connection:
            return connection.execute(which.values(change)).rowcount == 1

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete an application; False where the account does not have it.

        Numbers and clients that named it lose it, and go by their own addresses.
        """
        which = delete(applications).where(
            applications.c.sid == storable(sid), applications.c.account_sid == account_sid
        )
        with self._database.writing() as connection:
            if connection.execute(which).rowcount != 1:
                return False
            for column in (*_NAMED_BY, clients.c.voice_application_sid):
                table = column.table
                losing = update(table).where(table.c.account_sid == account_sid, column == sid)
                connection.execute(losing, {column.name: None})
        return True


def _application(row: Row[Any]) -> ApplicationRow:
    fields = row._asdict()
    fields["kind"] = ApplicationKind(row.kind)
    for name in ("method", "fallback_method", "status_callback_method"):
        fields[name] = Method(fields[name]) if fields[name] else None
    return ApplicationRow(**fields)
