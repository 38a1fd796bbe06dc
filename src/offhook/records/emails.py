"""E-mails, as customers write and read them and as they are sent: taken by lease, at least once each."""

from dataclasses import asdict

from sqlalchemy import ColumnElement, Connection, Update, bindparam, select, update

from offhook.call.listing import Page
from offhook.call.messages import EmailFilter, EmailReport, EmailRow, EmailStatus
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.inserting import insert_once
from offhook.records.listing import alike, counted
from offhook.records.message_rows import email_row
from offhook.records.resource_tables import emails

_WAITING = (EmailStatus.QUEUED.value, EmailStatus.SENDING.value)


class Emails:
    """The e-mails of all accounts, each seen by its account. Raises RecordsAway."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, email: EmailRow) -> None:
        """Keep a new e-mail, which is sent soon."""
        with self._database.writing() as connection:
            keep_email(connection, email)

    def get(self, account_sid: str, email_id: str) -> EmailRow | None:
        """The account's e-mail with this id."""
        wanted = select(emails).where(emails.c.email_id == email_id, emails.c.account_sid == account_sid)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return email_row(row) if row else None

    def page(self, account_sid: str, wanted: EmailFilter, *, offset: int, limit: int) -> Page[EmailRow]:
        """A stretch of the account's e-mails, newest first."""
        query = select(emails).where(emails.c.account_sid == account_sid, *_conditions(wanted))
        order = (emails.c.date_created.desc(), emails.c.email_id)
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *order, offset=offset, limit=limit)
        return Page(tuple(email_row(row) for row in rows), total)

    def take(self, limit: int, lease_s: float) -> tuple[EmailRow, ...]:
        """Up to `limit` e-mails that are due, for nobody else during `lease_s` seconds, oldest first."""
        with self._database.writing() as connection:
            taken = connection.execute(_TAKE, {"most": limit, "lease_ms": round(lease_s * 1000)}).all()
        return tuple(sorted((email_row(row) for row in taken), key=lambda email: email.date_created))

    def report(self, report: EmailReport) -> None:
        """What came of an e-mail that was taken. Too late a report is passed over, unless it was sent."""
        email = report.email
        change = {
            "status": report.status,
            "error_code": report.error_code,
            "error_message": report.error_message,
            "date_updated": report.at,
            "next_at": report.again_at,
            "date_sent": report.at if report.status is EmailStatus.SENT else None,
        }
        which = [emails.c.email_id == email.email_id, emails.c.status.in_(_WAITING)]
        if report.status is not EmailStatus.SENT:
            which.append(emails.c.next_at == email.next_at)
        with self._database.writing() as connection:
            connection.execute(update(emails).where(*which).values(change))


def keep_email(connection: Connection, email: EmailRow) -> None:
    """Add an e-mail, unless it is there already."""
    insert_once(connection, emails, asdict(email))


def _conditions(wanted: EmailFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    for text, column in (
        (wanted.from_, emails.c.from_),
        (wanted.to, emails.c.to),
        (wanted.subject, emails.c.subject),
    ):
        if text is not None:
            conditions.append(alike(column, text))
    if wanted.status is not None:
        conditions.append(emails.c.status == wanted.status.value)
    if wanted.created_from is not None:
        conditions.append(emails.c.date_created >= wanted.created_from)
    if wanted.created_before is not None:
        conditions.append(emails.c.date_created < wanted.created_before)
    return conditions


def _take() -> Update:
    # Not a subquery: PostgreSQL may evaluate one more than once, and then takes more than `most`.
    due = (
        select(emails.c.email_id)
        .where(emails.c.status.in_(_WAITING), emails.c.next_at <= database_now())
        .order_by(emails.c.next_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    return (
        update(emails)
        .where(emails.c.email_id.in_(select(due.c.email_id)))
        .values(
            status=EmailStatus.SENDING.value,
            next_at=database_now() + bindparam("lease_ms"),
            attempt=emails.c.attempt + 1,
        )
        .returning(emails)
    )


_TAKE = _take()
