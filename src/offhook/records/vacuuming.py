"""Makes sure that what was deleted is gone from the database's own files too.

On SQLite the file is written anew and its log emptied. PostgreSQL is asked to free what is dead; it overwrites freed
space as it needs it, which nobody can ask it to do at once without stopping everybody.
"""

from threading import Event

from offhook.call.errors import RecordsAway
from offhook.records.all_tables import metadata
from offhook.records.database import Database

TRIES = 6
PAUSE_S = 1.0


def vacuum(database: Database) -> list[str]:
    """Clear the files; returns what may still be in them, and why. Costs time and disk space as large as the database."""
    with database.asking() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
    return _vacuum_sqlite(database) if is_sqlite else _vacuum_postgresql(database)


def _vacuum_sqlite(database: Database) -> list[str]:
    why = ""
    for attempt in range(TRIES):
        if attempt:
            Event().wait(PAUSE_S)
        try:
            with database.asking() as connection:
                connection.exec_driver_sql(
                    "PRAGMA temp_store = DEFAULT"
                )  # a copy of all of it is not for the memory
                connection.exec_driver_sql("VACUUM")
                is_busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
        except RecordsAway as error:
            why = str(error)
        else:
            if not is_busy:
                return []
            why = "somebody reads it"
    return [
        f"the database's files could not be cleared ({why}): old bytes may stand in their unused parts until this "
        "command is run once more, best while the server is stopped"
    ]


def _vacuum_postgresql(database: Database) -> list[str]:
    with database.asking() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        for table in metadata.sorted_tables:
            connection.exec_driver_sql(f"VACUUM {table.name}")
    return [
        "PostgreSQL overwrites freed space only as it needs it (`VACUUM FULL` does it at once, and locks the tables), "
        "and keeps write-ahead logs and archives of its own"
    ]
