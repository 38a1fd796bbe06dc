"""Adding a row whose identity was made beforehand: a second time changes nothing."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Table

from offhook.records.numbering import insert_into
from offhook.records.prepared import run_counted


@cache
def _inserting(table: Table, dialect_name: str) -> Any:
    """Made once: to build a statement costs more than to run it."""
    return insert_into(dialect_name)(table).on_conflict_do_nothing(index_elements=[*table.primary_key])


def insert_once(connection: Connection, table: Table, row: dict[str, object]) -> bool:
    """Add a row; False where it is there already, from a try whose success was never heard of."""
    return run_counted(connection, _inserting(table, connection.dialect.name), row) == 1
