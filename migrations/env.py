"""Runs migrations: on the connection that Offhook hands over, or on `alembic -x url=…`."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection

from offhook.records.all_tables import metadata
from offhook.records.columns import Moment, Words
from offhook.records.database import Database


def plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """How a column's type stands in a new migration, which must not depend on our own types."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Words):
        return "sa.Text()"
    return False


def run(connection: Connection) -> None:
    """Run what was asked for, inside the connection's transaction."""
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, render_item=plain_type
    )
    with context.begin_transaction():
        context.run_migrations()


def run_from_command_line() -> None:
    """Run on the database that `-x url=…` names."""
    url = context.get_x_argument(as_dictionary=True).get("url")
    if not url:
        raise SystemExit("name the database: alembic -x url=sqlite:///scratch.db …")
    database = Database(url, foreign_keys=False)
    try:
        with database.writing() as connection:
            run(connection)
    finally:
        database.close()


given = context.config.attributes.get("connection")
if isinstance(given, Connection):
    run(given)
else:
    run_from_command_line()
