"""Clients: phones of an account's own. What their passwords are checked with is sealed as it is written."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from offhook.call.phone_addresses import called_again
from offhook.call.resource_rows import ClientRow
from offhook.records.columns import database_now, storable
from offhook.records.database import Database
from offhook.records.resource_tables import client_locations, clients
from offhook.records.sealed_columns import CLIENT_MD5, CLIENT_SHA256
from offhook.verbs import Method

_FIXED = {"sid", "account_sid", "login", "date_created"}
_SEALED = (CLIENT_MD5, CLIENT_SHA256)
_IS_FIXED_LOCATION = and_(client_locations.c.client_sid == clients.c.sid, client_locations.c.is_fixed)
_WITH_CONTACT = select(clients, client_locations.c.contact).select_from(
    clients.outerjoin(client_locations, _IS_FIXED_LOCATION)
)


class Clients:
    """The clients of all accounts; one client in the installation has a login."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_account(self, account_sid: str) -> tuple[ClientRow, ...]:
        """The account's clients, oldest first."""
        wanted = _WITH_CONTACT.where(clients.c.account_sid == account_sid)
        with self._database.reading() as connection:
            rows = connection.execute(wanted.order_by(clients.c.date_created, clients.c.sid)).all()
        return tuple(self._client(row) for row in rows)

    def get(self, account_sid: str, sid: str) -> ClientRow | None:
        """The account's client with this sid."""
        wanted = _WITH_CONTACT.where(clients.c.sid == storable(sid), clients.c.account_sid == account_sid)
        return self._one(wanted)

    def find_by_login(self, login: str) -> ClientRow | None:
        """The client with this login, enabled or not, whose account ever it belongs to."""
        return self._one(_WITH_CONTACT.where(clients.c.login == storable(login)))

    def locations(self, account_sid: str, login: str) -> tuple[str, ...]:
        """Where the account's client can be reached now: SIP URIs, what registered last first, a fixed one at the end.

        None where there is no such client, or it is not enabled.
        """
        is_there = or_(
            client_locations.c.expires_at.is_(None), client_locations.c.expires_at > database_now()
        )
        wanted = (
            select(client_locations.c.contact, client_locations.c.is_fixed)
            .join(clients, clients.c.sid == client_locations.c.client_sid)
            .where(clients.c.account_sid == account_sid, clients.c.login == storable(login))
            .where(clients.c.is_enabled, is_there)
        )
        last_first = client_locations.c.expires_at.desc()
        order = client_locations.c.is_fixed, last_first, client_locations.c.contact
        with self._database.asking() as connection:
            rows = connection.execute(wanted.order_by(*order)).all()
        found = (row.contact if row.is_fixed else called_again(row.contact) for row in rows)
        return tuple(dict.fromkeys(contact for contact in found if contact is not None))

    def create(self, client: ClientRow) -> bool:
        """Keep a new client; False where some account has its login already."""
        try:
            with self._database.writing() as connection:
                connection.execute(insert(clients), self._fields(client))
                _keep_contact(connection, client)
        except IntegrityError:
            if self.find_by_login(client.login) is None:
                raise
            return False
        return True

    def update(self, client: ClientRow) -> bool:
        """Keep new properties of a client; False where the account does not have it. Its login stays."""
        change = {name: value for name, value in self._fields(client).items() if name not in _FIXED}
        which = update(clients).where(
            clients.c.sid == client.sid, clients.c.account_sid == client.account_sid
        )
        with self._database.writing() as connection:
            if connection.execute(which.values(change)).rowcount != 1:
                return False
            _keep_contact(connection, client)
        return True

    def delete(self, account_sid: str, sid: str) -> bool:
        """Delete a client and where it is; False where the account does not have it."""
        own = clients.c.sid == storable(sid), clients.c.account_sid == account_sid
        with self._database.writing() as connection:
            if connection.scalar(select(clients.c.sid).where(*own)) is None:
                return False
            connection.execute(delete(client_locations).where(client_locations.c.client_sid == sid))
            return connection.execute(delete(clients).where(*own)).rowcount == 1

    def _one(self, wanted: Any) -> ClientRow | None:
        with self._database.asking() as connection:
            row = connection.execute(wanted).one_or_none()
        return self._client(row) if row else None

    def _fields(self, client: ClientRow) -> dict[str, Any]:
        fields, box = asdict(client), self._database.secrets
        del fields["contact"]
        if box is not None:
            for column in _SEALED:
                name = column.secret.name
                fields[name] = box.seal(fields[name], column.place(client.sid))
        return fields

    def _client(self, row: Row[Any]) -> ClientRow:
        fields, box = row._asdict(), self._database.secrets
        for name in ("voice_method", "voice_fallback_method"):
            fields[name] = Method(fields[name])
        if box is not None:
            for column in _SEALED:
                name = column.secret.name
                fields[name] = box.open(fields[name], column.place(row.sid))
        return ClientRow(**fields)


def _keep_contact(connection: Connection, client: ClientRow) -> None:
    """The fixed location as the client has it now, in place of the one before."""
    its = client_locations.c.client_sid == client.sid
    connection.execute(delete(client_locations).where(its, client_locations.c.is_fixed))
    if client.contact is None:
        return
    connection.execute(delete(client_locations).where(its, client_locations.c.contact == client.contact))
    fixed = {"client_sid": client.sid, "contact": client.contact, "is_fixed": True, "expires_at": None}
    connection.execute(insert(client_locations), fixed)
