"""Clients as phones that register and call: what they are checked with, where they registered, and what answers them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sqlalchemy import BigInteger, Row, delete, func, insert, or_, select, type_coerce

from offhook.call.resource_rows import CallingClient, PhoneLogin, RegisteredPlace
from offhook.call.rows import AccountStatus
from offhook.records.columns import EPOCH, MILLISECOND, database_now, storable
from offhook.records.database import Database
from offhook.records.numbers import LEVELS
from offhook.records.resource_tables import applications, client_locations, clients
from offhook.records.sealed_columns import CLIENT_MD5, CLIENT_SHA256
from offhook.records.tables import accounts
from offhook.verbs import Method, Target

_ABOVE = [accounts.alias(f"above_{level}") for level in range(LEVELS + 1)]
_IS_REGISTERED = ~client_locations.c.is_fixed


def _active_clients() -> tuple[Any, tuple[Any, ...]]:
    joined: Any = clients.join(_ABOVE[0], _ABOVE[0].c.sid == clients.c.account_sid)
    for below, above in pairwise(_ABOVE):
        joined = joined.outerjoin(above, above.c.sid == below.c.parent_sid)
    active = AccountStatus.ACTIVE.value
    return joined, (
        clients.c.is_enabled,
        *(or_(each.c.sid.is_(None), each.c.status == active) for each in _ABOVE),
    )


_JOINED, _ARE_ACTIVE = _active_clients()
_CALLING = (
    select(
        clients,
        applications.c.url.label("application_url"),
        applications.c.language.label("application_language"),
        applications.c.method.label("application_method"),
        applications.c.fallback_url.label("application_fallback_url"),
        applications.c.fallback_method.label("application_fallback_method"),
    )
    .select_from(
        _JOINED.outerjoin(
            applications,
            (applications.c.sid == clients.c.voice_application_sid)
            & (applications.c.account_sid == clients.c.account_sid),
        )
    )
    .where(*_ARE_ACTIVE)
)


class Phones:
    """The clients that are enabled, of accounts that are active up to the top. Every method may block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def version(self) -> tuple[int, ...]:
        """Something that differs as soon as `logins` would."""
        changed_at = type_coerce(clients.c.date_updated, BigInteger)
        wanted = select(func.count(), func.max(changed_at), func.sum(changed_at)).select_from(_JOINED)
        with self._database.asking() as connection:
            row = connection.execute(wanted.where(*_ARE_ACTIVE)).one()
        return tuple(int(each or 0) for each in row)

    def logins(self) -> tuple[PhoneLogin, ...]:
        """What each is checked with. Raises SecretKeyWrong."""
        wanted = select(clients.c.sid, clients.c.login, clients.c.ha1_md5, clients.c.ha1_sha256)
        with self._database.asking() as connection:
            rows = connection.execute(wanted.select_from(_JOINED).where(*_ARE_ACTIVE)).all()
        return tuple(self._login(row) for row in rows)

    def calling(self, login: str) -> CallingClient | None:
        """The client with this login, with its application; None where there is none that may call."""
        with self._database.asking() as connection:
            row = connection.execute(_CALLING.where(clients.c.login == storable(login))).one_or_none()
        return _calling(row) if row is not None else None

    def registered(self) -> tuple[RegisteredPlace, ...]:
        """Where phones registered, as far as that still holds."""
        left = (type_coerce(client_locations.c.expires_at, BigInteger) - database_now()).label("left_ms")
        wanted = (
            select(clients.c.login, client_locations.c.contact, left)
            .join(clients, clients.c.sid == client_locations.c.client_sid)
            .where(_IS_REGISTERED, client_locations.c.expires_at > database_now(), clients.c.is_enabled)
        )
        with self._database.asking() as connection:
            return tuple(
                RegisteredPlace(login=row.login, contact=row.contact, seconds=row.left_ms / 1000)
                for row in connection.execute(wanted)
            )

    def keep(self, login: str, places: Sequence[RegisteredPlace]) -> None:
        """These are the places where a client is registered now, and no others; nothing is kept of an unknown one."""
        with self._database.writing() as connection:
            sid = connection.scalar(select(clients.c.sid).where(clients.c.login == storable(login)))
            if sid is None:
                return
            its = client_locations.c.client_sid == sid
            connection.execute(delete(client_locations).where(its, _IS_REGISTERED))
            fixed = set(connection.scalars(select(client_locations.c.contact).where(its)))
            now = connection.scalar(select(database_now())) or 0
            rows = [
                {
                    "client_sid": sid,
                    "contact": place.contact,
                    "is_fixed": False,
                    "expires_at": EPOCH + (now + round(place.seconds * 1000)) * MILLISECOND,
                }
                for place in {each.contact: each for each in places}.values()
                if place.contact not in fixed
            ]
            if rows:
                connection.execute(insert(client_locations), rows)

    def forget_expired(self) -> int:
        """Delete the registrations that hold no more; how many there were."""
        gone = delete(client_locations).where(_IS_REGISTERED, client_locations.c.expires_at <= database_now())
        with self._database.writing() as connection:
            return connection.execute(gone).rowcount

    def _login(self, row: Any) -> PhoneLogin:
        md5, sha256, box = row.ha1_md5, row.ha1_sha256, self._database.secrets
        if box is not None:
            md5 = box.open(md5, CLIENT_MD5.place(row.sid))
            sha256 = box.open(sha256, CLIENT_SHA256.place(row.sid))
        return PhoneLogin(login=row.login, ha1_md5=md5, ha1_sha256=sha256)


def _calling(row: Row[Any]) -> CallingClient:
    url, method = row.voice_url, Method(row.voice_method)
    fallback_url, fallback_method = row.voice_fallback_url, Method(row.voice_fallback_method)
    if row.application_url:
        url = row.application_url
        if row.application_language is not None:
            method = Method(row.application_method or Method.POST)
            fallback_url = row.application_fallback_url
            fallback_method = Method(row.application_fallback_method or Method.POST)
    return CallingClient(
        sid=row.sid,
        account_sid=row.account_sid,
        login=row.login,
        application=Target(url, method) if url else None,
        fallback=Target(fallback_url, fallback_method) if fallback_url else None,
        language=row.application_language if row.application_url else None,
    )
