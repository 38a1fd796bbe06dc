"""Closing accounts: what they held is given back, what they left behind stays."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from offhook.call.rows import AccountStatus
from offhook.records.resource_tables import channel_identities, client_locations, clients
from offhook.records.tables import accounts, api_keys
from offhook.records.tables import incoming_phone_numbers as numbers


def close_accounts(connection: Connection, sid: str, now: datetime) -> tuple[str, ...]:
    """Close an account and all below it; returns the sids of those that were not closed already."""
    closed = AccountStatus.CLOSED.value
    found = _with_all_below(connection, sid)
    is_open = accounts.c.sid.in_(found), accounts.c.status != closed
    still_open = tuple(connection.scalars(select(accounts.c.sid).where(*is_open)))
    connection.execute(update(accounts).where(*is_open), {"status": closed, "date_updated": now})
    connection.execute(delete(numbers).where(numbers.c.account_sid.in_(found)))
    connection.execute(delete(channel_identities).where(channel_identities.c.account_sid.in_(found)))
    their_clients = select(clients.c.sid).where(clients.c.account_sid.in_(found))
    connection.execute(delete(client_locations).where(client_locations.c.client_sid.in_(their_clients)))
    connection.execute(delete(clients).where(clients.c.account_sid.in_(found)))
    open_keys = api_keys.c.account_sid.in_(found), api_keys.c.date_revoked.is_(None)
    connection.execute(update(api_keys).where(*open_keys), {"date_revoked": now})
    return still_open


def _with_all_below(connection: Connection, sid: str) -> list[str]:
    """The account and every one below it, at whatever depth."""
    found, level = [sid], [sid]
    while level:
        below = connection.scalars(select(accounts.c.sid).where(accounts.c.parent_sid.in_(level)))
        level = [each for each in below if each not in found]
        found += level
    return found
