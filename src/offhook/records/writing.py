"""Writes a batch of facts: all that can be written, whatever is wrong with one of them."""

from collections.abc import Sequence

import structlog

from offhook.call.errors import RecordsAway
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.writer import Writer

log = structlog.get_logger()


def keep(database: Database, writer: Writer, entries: Sequence[Entry]) -> bool:
    """Write all entries that can be written; returns whether callbacks wait to be sent.

    In one transaction, or one for each where something is wrong with one of them. Raises RecordsAway; to write the same
    entries again then does no harm, whatever had been written of them.
    """
    if not entries:
        return False
    try:
        with database.writing() as connection:
            return writer.write(connection, entries)
    except RecordsAway:
        raise
    except Exception as error:
        if len(entries) > 1:
            kept = [keep(database, writer, [entry]) for entry in entries]
            return any(kept)
        fact = entries[0].fact
        log.error("fact.unwritable", fact=type(fact).__name__, error=str(error), exc_info=error)
        return False
