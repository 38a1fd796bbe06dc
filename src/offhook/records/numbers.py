"""Numbers that can be called."""

from dataclasses import asdict
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from offhook.call.listing import NumberFilter, Page
from offhook.call.number_kinds import kinds_of
from offhook.call.number_patterns import matches
from offhook.call.rows import AccountStatus, NumberRow, RecordAll
from offhook.records.columns import storable
from offhook.records.database import Database
from offhook.records.listing import alike, counted
from offhook.records.resource_tables import applications
from offhook.records.tables import accounts
from offhook.records.tables import incoming_phone_numbers as numbers
from offhook.verbs import Method

LEVELS = 3
"""How many accounts may stand above one."""
_METHODS = [column.name for column in numbers.c if column.name.endswith("_method")]
_FIXED = {"sid", "account_sid", "phone_number", "is_sip", "is_pattern", "date_created"}
"""What an update leaves as it was."""
_NEWEST_FIRST = numbers.c.date_created.desc(), numbers.c.sid


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
        wanted = select(numbers).where(numbers.c.sid == storable(sid), numbers.c.account_sid == account_sid)
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _number(row) if row else None

    def named(self, *spellings: str) -> NumberRow | None:
        """The number that is spelled in one of these ways, whose account ever it belongs to; the first spelling first."""
        wanted = select(numbers).where(numbers.c.phone_number.in_([storable(text) for text in spellings]))
        with self._database.reading() as connection:
            found = {row.phone_number: row for row in connection.execute(wanted)}
        return next((_number(found[text]) for text in spellings if text in found), None)

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
        which = delete(numbers).where(numbers.c.sid == storable(sid), numbers.c.account_sid == account_sid)
        with self._database.writing() as connection:
            return connection.execute(which).rowcount == 1

    def page(self, account_sid: str, wanted: NumberFilter, *, offset: int, limit: int) -> Page[NumberRow]:
        """A stretch of the account's numbers, newest first or as `wanted` sorts them."""
        query = select(numbers).where(numbers.c.account_sid == account_sid)
        if wanted.phone_number is not None:
            query = query.where(alike(numbers.c.phone_number, wanted.phone_number))
        if wanted.friendly_name is not None:
            query = query.where(alike(numbers.c.friendly_name, wanted.friendly_name))
        order = _order(wanted)
        with self._database.reading() as connection:
            if wanted.kind is None:
                rows, total = counted(connection, query, *order, offset=offset, limit=limit)
                return Page(tuple(_number(row) for row in rows), total)
            every = connection.execute(query.where(~numbers.c.is_sip).order_by(*order)).all()
        # Numbering plans are not for a database to know, so those of a kind are picked here.
        alike_kind = [row for row in every if wanted.kind in kinds_of(row.phone_number)]
        return Page(tuple(_number(row) for row in alike_kind[offset : offset + limit]), len(alike_kind))

    def count_patterns(self, account_sid: str) -> int:
        """How many of the account's numbers are patterns."""
        wanted = select(func.count()).where(numbers.c.is_pattern, numbers.c.account_sid == account_sid)
        with self._database.asking() as connection:
            return connection.scalar(wanted) or 0

    def find_for_call(self, called: str) -> NumberRow | None:
        """The number that a call to `called` is for: the very same, else the same with or without its `+`, else the
        longest pattern that stands for it.

        Where it names applications, its addresses are theirs; where it says nothing of recording, its account's
        word counts. Numbers of accounts that are not active, or stand below one that is not, are as if they were
        not there.
        """
        other = other_spelling(called)
        with self._database.asking() as connection:
            rows = connection.execute(_FIND, {"called": called, "other": other}).all()
            if not rows:
                patterns = connection.execute(_PATTERNS).all()
                sid = next((sid for sid, pattern in patterns if stands_for(pattern, called)), None)
                rows = connection.execute(_FIND_BY_SID, {"sid": sid}).all() if sid else []
        found = [_routed(row) for row in rows]
        return min(found, key=lambda number: number.phone_number != called, default=None)

    def all(self, most: int) -> tuple[NumberRow, ...]:
        """The numbers of all accounts as calls find them, newest first; at most so many."""
        with self._database.reading() as connection:
            rows = connection.execute(_ROUTED.order_by(*_NEWEST_FIRST).limit(most)).all()
        return tuple(_routed(row) for row in rows)


def other_spelling(called: str) -> str:
    """A number with its `+` where it has none, and without where it has."""
    return called[1:] if called.startswith("+") else f"+{called}"


def stands_for(pattern: str, called: str) -> bool:
    """Whether a pattern stands for a called number, with or without its `+`."""
    return matches(pattern, called) or matches(pattern, other_spelling(called))


def _order(wanted: NumberFilter) -> tuple[Any, ...]:
    if wanted.sort_by is None:
        return _NEWEST_FIRST
    column = numbers.c[wanted.sort_by]
    return column.desc() if wanted.is_reversed else column, numbers.c.sid


_PURPOSES = ("voice", "sms", "ussd", "refer")
_APPLICATIONS = {purpose: applications.alias(f"{purpose}_application") for purpose in _PURPOSES}
_ABOVE = [accounts.alias(f"level_{level}") for level in range(LEVELS + 1)]


def _routed_numbers() -> Any:
    """Numbers with the addresses of their applications, of accounts that are active up to the top."""
    joined: Any = numbers
    for purpose, application in _APPLICATIONS.items():
        is_named = application.c.sid == numbers.c[f"{purpose}_application_sid"]
        is_own = application.c.account_sid == numbers.c.account_sid
        joined = joined.outerjoin(application, is_named & is_own)
    joined = joined.join(_ABOVE[0], _ABOVE[0].c.sid == numbers.c.account_sid)
    for below, above in pairwise(_ABOVE):
        joined = joined.outerjoin(above, above.c.sid == below.c.parent_sid)
    active = AccountStatus.ACTIVE.value
    return joined, [or_(above.c.sid.is_(None), above.c.status == active) for above in _ABOVE]


_JOINED, _ARE_ACTIVE = _routed_numbers()
_URLS = [_APPLICATIONS[purpose].c.url.label(f"application_{purpose}_url") for purpose in _PURPOSES]
_OF_ACCOUNT = _ABOVE[0].c.record_all.label("account_record_all")
_OF_LANGUAGE = {
    "language": "language",
    "method": "voice_method",
    "fallback_url": "voice_fallback_url",
    "fallback_method": "voice_fallback_method",
    "status_callback": "status_callback",
    "status_callback_method": "status_callback_method",
}
"""What an application with a language of its own brings besides its address, and in whose place of the number's."""
_LANGUAGE = [_APPLICATIONS["voice"].c[name].label(f"application_{name}") for name in _OF_LANGUAGE]
_ROUTED = select(numbers, *_URLS, *_LANGUAGE, _OF_ACCOUNT).select_from(_JOINED).where(*_ARE_ACTIVE)
_FIND = _ROUTED.where(
    or_(numbers.c.phone_number == bindparam("called"), numbers.c.phone_number == bindparam("other"))
)
_FIND_BY_SID = _ROUTED.where(numbers.c.sid == bindparam("sid"))
_PATTERNS = (
    select(numbers.c.sid, numbers.c.phone_number)
    .select_from(_JOINED)
    .where(numbers.c.is_pattern, *_ARE_ACTIVE)
    .order_by(func.length(numbers.c.phone_number).desc(), numbers.c.date_created, numbers.c.sid)
)


def _routed(row: Row[Any]) -> NumberRow:
    """A number whose applications' addresses stand in place of its own, recorded as its account says unless it does."""
    fields = row._asdict()
    for purpose in _PURPOSES:
        url = fields.pop(f"application_{purpose}_url")
        if url:
            fields[f"{purpose}_url"] = url
    brought = {own: fields.pop(f"application_{name}") for name, own in _OF_LANGUAGE.items()}
    if brought["language"] is not None:
        methods = {name: value or Method.POST for name, value in brought.items() if name in _METHODS}
        fields |= brought | methods
    account_record_all = fields.pop("account_record_all")
    fields["record_all"] = fields["record_all"] or account_record_all
    return _from_fields(fields)


def _number(row: Row[Any]) -> NumberRow:
    return _from_fields(row._asdict())


def _from_fields(fields: dict[str, Any]) -> NumberRow:
    for name in _METHODS:
        fields[name] = Method(fields[name]) if fields[name] else None
    fields["record_all"] = RecordAll(fields["record_all"]) if fields["record_all"] else None
    return NumberRow(**fields)
