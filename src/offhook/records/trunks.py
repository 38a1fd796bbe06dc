"""Trunks and their states. Passwords are sealed as they are written; what they are is never shown again."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from offhook.call.ip_addresses import Network, read_ip_network
from offhook.call.trunk_input import is_host
from offhook.call.trunk_states import Registration, TrunkState
from offhook.call.trunks import SipTransport, Srtp, Trunk
from offhook.records.database import Database
from offhook.records.sealed_columns import TRUNK_PASSWORD
from offhook.records.trunk_tables import trunk_states, trunks

log = structlog.get_logger()


def _log_ignored(words: str) -> None:
    log.warning("trunk.ignored", reason=words)


class Trunks:
    """The trunks of the installation. Every method may block, and raises RecordsAway."""

    def __init__(self, database: Database, *, on_ignored: Callable[[str], None] = _log_ignored) -> None:
        """`on_ignored` hears, once each, in a sentence, what was found in the rows that nobody may be called by, or call
        from: `trunk add` takes no such thing."""
        self._database = database
        self._on_ignored = on_ignored
        self._ignored: set[str] = set()

    def all(self) -> tuple[Trunk, ...]:
        """All trunks, enabled or not, by priority and name."""
        with self._database.asking() as connection:
            rows = connection.execute(select(trunks).order_by(trunks.c.priority, trunks.c.name)).all()
        return tuple(self._trunk(row) for row in rows if self._has_host(row))

    def named(self, name: str) -> Trunk | None:
        """The trunk of this name."""
        return next((trunk for trunk in self.all() if trunk.name == name), None)

    def add(self, trunk: Trunk, *, now: datetime) -> bool:
        """Keep a new trunk; False where there is one of its name already."""
        fields = self._fields(trunk) | {"date_created": now, "date_updated": now}
        try:
            with self._database.writing() as connection:
                connection.execute(insert(trunks), fields)
        except IntegrityError:
            with self._database.asking() as connection:
                if connection.scalar(select(trunks.c.sid).where(trunks.c.name == trunk.name)) is None:
                    raise
            return False
        return True

    def put(self, trunk: Trunk, *, now: datetime) -> bool:
        """Keep what a trunk is now; False where it is not there any more. Its state is known anew afterwards."""
        fields = self._fields(trunk) | {"date_updated": now}
        sid = fields.pop("sid")
        with self._database.writing() as connection:
            return connection.execute(update(trunks).where(trunks.c.sid == sid), fields).rowcount == 1

    def remove(self, name: str) -> bool:
        """Forget a trunk; False where there is none of this name."""
        with self._database.writing() as connection:
            sid = connection.scalar(select(trunks.c.sid).where(trunks.c.name == name))
            if sid is None:
                return False
            connection.execute(delete(trunk_states).where(trunk_states.c.trunk_sid == sid))
            connection.execute(delete(trunks).where(trunks.c.sid == sid))
        return True

    def states(self) -> dict[str, TrunkState]:
        """What was last told of each trunk, by its sid; nothing of those of which nothing is known."""
        with self._database.asking() as connection:
            rows = connection.execute(select(trunk_states)).all()
        return {row.trunk_sid: _state(row) for row in rows}

    def enabled_with_states(self) -> tuple[tuple[Trunk, TrunkState | None], ...]:
        """Each trunk that is enabled, and what was last told of it."""
        states = self.states()
        return tuple((trunk, states.get(trunk.sid)) for trunk in self.all() if trunk.is_enabled)

    def tell(self, state: TrunkState) -> None:
        """Keep how a trunk does now; nothing is kept of one that is gone."""
        fields = asdict(state)
        sid = fields.pop("trunk_sid")
        with self._database.writing() as connection:
            same = update(trunk_states).where(trunk_states.c.trunk_sid == sid)
            if connection.execute(same, fields).rowcount:
                return
            if connection.scalar(select(trunks.c.sid).where(trunks.c.sid == sid)) is not None:
                connection.execute(insert(trunk_states), {"trunk_sid": sid, **fields})

    def _fields(self, trunk: Trunk) -> dict[str, Any]:
        fields, box = asdict(trunk), self._database.secrets
        fields["inbound"] = ",".join(str(network) for network in trunk.inbound)
        fields["prefixes"] = ",".join(trunk.prefixes)
        if box is not None and trunk.password is not None:
            fields["password"] = box.seal(trunk.password, TRUNK_PASSWORD.place(trunk.sid))
        return fields

    def _trunk(self, row: Row[Any]) -> Trunk:
        fields, box = row._asdict(), self._database.secrets
        del fields["date_created"], fields["date_updated"]
        if box is not None and row.password is not None:
            fields["password"] = box.open(row.password, TRUNK_PASSWORD.place(row.sid))
        fields["transport"], fields["srtp"] = SipTransport(row.transport), Srtp(row.srtp)
        fields["inbound"] = self._networks(row)
        fields["prefixes"] = tuple(text for text in row.prefixes.split(",") if text)
        return Trunk(**fields)

    def _has_host(self, row: Row[Any]) -> bool:
        if is_host(row.host):
            return True
        self._ignore(
            f"the trunk {row.name} is used for nothing, as {row.host!r} is no host: `offhook trunk rm {row.name}` removes it"
        )
        return False

    def _networks(self, row: Row[Any]) -> tuple[Network, ...]:
        try:
            return tuple(read_ip_network(text) for text in row.inbound.split(",") if text)
        except ValueError as error:  # one that holds a comma looks like two: none of them can be relied on
            self._ignore(
                f"the trunk {row.name} takes no calls from its networks, as one is none ({error}): say them anew with "
                f"`offhook trunk add {row.name} --replace`"
            )
            return ()

    def _ignore(self, words: str) -> None:
        if words not in self._ignored:
            self._ignored.add(words)
            self._on_ignored(words)


def _state(row: Row[Any]) -> TrunkState:
    fields = row._asdict()
    fields["registration"] = Registration(row.registration)
    return TrunkState(**fields)
