"""Adding a row whose identity was made beforehand: a second time changes nothing."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table

from offhook.records.numbering import insert_into


@cache
def _inserting(table: Table, dialect_name: str) -> Any:
    """Made once: to build a statement costs more than to run it."""
    new = insert_into(dialect_name)(table).on_conflict_do_nothing(index_elements=[*table.primary_key])
    return new.execution_options(preserve_rowcount=True)


def insert_once(connection: Connection, table: Table, row: dict[str, object]) -> bool:
    """Add a row; False where it is there already, from a try whose success was never heard of."""
    return connection.execute(_inserting(table, connection.dialect.name), row).rowcount == 1
