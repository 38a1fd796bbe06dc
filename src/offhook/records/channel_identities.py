"""Names that accounts have on channels of messages."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from offhook.call.listing import Page
from offhook.call.message_parties import NUMBER_CHANNELS
from offhook.call.messages import ChannelIdentityRow
from offhook.records.columns import storable
from offhook.records.database import Database
from offhook.records.listing import counted
from offhook.records.numbers import other_spelling
from offhook.records.resource_tables import channel_identities as identities
from offhook.records.tables import incoming_phone_numbers as numbers
from offhook.verbs import Method

_CHANGEABLE = ("friendly_name", "message_url", "message_method", "date_updated")


class ChannelIdentities:
    """The identities of all accounts; on its channel an identity belongs to one account only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, identity: ChannelIdentityRow) -> bool:
        """Keep a new identity; False where some account has it already, or another one has the number that it is."""
        try:
            with self._database.writing() as connection:
                if _is_anothers_number(connection, identity):
                    return False
                connection.execute(insert(identities), asdict(identity))
        except IntegrityError:
            with self._database.reading() as connection:
                if identity_of(connection, identity.channel, identity.identity) is None:
                    raise
            return False
        return True

    def get(self, account_sid: str, sid: str) -> ChannelIdentityRow | None:
        """The account's identity with this sid."""
        wanted = select(identities).where(*_own(account_sid, sid))
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        return _identity(row) if row else None

    def update(self, identity: ChannelIdentityRow) -> bool:
        """Keep the new name and application of an identity; False where the account does not have it."""
        change = {name: value for name, value in asdict(identity).items() if name in _CHANGEABLE}
        which = update(identities).where(
            identities.c.sid == identity.sid, identities.c.account_sid == identity.account_sid
        )
        with self._database.writing() as connection:
            return connection.execute(which.values(change)).rowcount == 1

    def delete(self, account_sid: str, sid: str) -> bool:
        """Give the identity up; False where the account does not have it."""
        which = delete(identities).where(*_own(account_sid, sid))
        with self._database.writing() as connection:
            return connection.execute(which).rowcount == 1

    def page(
        self, account_sid: str, channel: str | None, *, offset: int, limit: int
    ) -> Page[ChannelIdentityRow]:
        """A stretch of the account's identities, on one channel or all, newest first."""
        query = select(identities).where(identities.c.account_sid == account_sid)
        if channel is not None:
            query = query.where(identities.c.channel == storable(channel))
        order = (identities.c.date_created.desc(), identities.c.sid)
        with self._database.reading() as connection:
            rows, total = counted(connection, query, *order, offset=offset, limit=limit)
        return Page(tuple(_identity(row) for row in rows), total)


def identity_of(connection: Connection, channel: str, identity: str) -> ChannelIdentityRow | None:
    """Whoever is called so on a channel."""
    wanted = select(identities).where(identities.c.channel == channel, identities.c.identity == identity)
    row = connection.execute(wanted).one_or_none()
    return _identity(row) if row else None


def _is_anothers_number(connection: Connection, identity: ChannelIdentityRow) -> bool:
    spelled = (identity.identity, other_spelling(identity.identity))
    is_anothers = numbers.c.phone_number.in_(spelled), numbers.c.account_sid != identity.account_sid
    return (
        identity.channel in NUMBER_CHANNELS
        and connection.execute(select(numbers.c.sid).where(*is_anothers).limit(1)).first() is not None
    )


def _own(account_sid: str, sid: str) -> tuple[Any, ...]:
    return identities.c.sid == storable(sid), identities.c.account_sid == account_sid


def _identity(row: Row[Any]) -> ChannelIdentityRow:
    fields = row._asdict()
    fields["message_method"] = Method(row.message_method)
    return ChannelIdentityRow(**fields)
