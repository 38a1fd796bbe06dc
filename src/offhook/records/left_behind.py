"""What workers that died had no time to write: facts from while the database was away, and the beginnings of calls."""

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import structlog

from offhook.records import births
from offhook.records.database import Database
from offhook.records.journal import JournalTaken, LeftBehind, journals, worker_of
from offhook.records.outage import REPLAYED_AT_ONCE
from offhook.records.writer import Writer
from offhook.records.writing import keep

log = structlog.get_logger()


def replay_left_behind(
    database: Database, folder: Path, *, poke: Callable[[], None] = lambda: None
) -> frozenset[str]:
    """Write the facts of all journals in `folder` whose workers are gone, in order, and remove them.

    Before them come the first facts of calls that those had just begun. Returns the workers whose journals are held:
    they live, and will write theirs themselves. `poke` is called when callbacks wait to be sent. Raises RecordsAway;
    what is done again after that does no harm.
    """
    _replay_all(database, journals(folder, births.SUFFIX), poke)
    return _replay_all(database, journals(folder), poke)


def _replay_all(database: Database, paths: Iterable[Path], poke: Callable[[], None]) -> frozenset[str]:
    alive: set[str] = set()
    for path in paths:
        try:
            found = LeftBehind(path)
        except JournalTaken:
            alive.add(worker_of(path))
            continue
        except FileNotFoundError:  # its worker emptied it, or another process did
            continue
        try:
            if _replay(database, found):
                poke()
            found.remove()
        finally:
            found.close()
    return frozenset(alive)


def _replay(database: Database, found: LeftBehind) -> bool:
    if found.author is None:
        return False
    author = found.author
    writer = Writer(worker_id=author.worker_id, instance_id=author.instance_id, fence=author.fence)
    entries, facts, has_callbacks = found.entries(), 0, False
    while batch := list(islice(entries, REPLAYED_AT_ONCE)):
        has_callbacks |= keep(database, writer, batch)
        facts += len(batch)
    if facts:
        log.warning("journal.replayed", worker=author.worker_id, facts=facts)
    return has_callbacks
