"""Column types and the clock that rows are judged by, the same on SQLite and PostgreSQL."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import TypeDecorator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Moment(TypeDecorator[datetime]):
    """A moment with a time zone, kept as whole milliseconds since 1970 in UTC. A naive one is refused."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Milliseconds since 1970; what is finer is cut off."""
        return None if value is None else (value - EPOCH) // MILLISECOND

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """The moment, in UTC."""
        return None if value is None else EPOCH + value * MILLISECOND


class Words(TypeDecorator[str]):
    """Text from outside. What a database cannot keep (NUL, half a surrogate pair) becomes U+FFFD.

    The same holds for a text that is compared with the column, so no query fails for its spelling.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """The text as every database can keep it."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """`text` with U+FFFD for each character that cannot be kept."""
    return _UNSTORABLE.sub("\ufffd", text)


def changes(row: object, was: object | None, names: Iterable[str]) -> dict[str, Any]:
    """The fields of these names that differ from what the row `was`; all of them where that is not known."""
    return {
        name: getattr(row, name) for name in names if was is None or getattr(row, name) != getattr(was, name)
    }


class database_now(FunctionElement[int]):
    """The database's own time in milliseconds since 1970, by which leases are judged wherever a process runs."""

    type = BigInteger()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(_element: database_now, _compiler: Any, **_options: Any) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)"


@compiles(database_now, "postgresql")
def _postgresql_now(_element: database_now, _compiler: Any, **_options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
