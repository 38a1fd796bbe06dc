"""While the database is away: facts go to the journal, and are written in order once it is back.

Whether it is back is found out on a thread of its own, as a server that takes connections and answers nobody would hold
up the facts meanwhile.
"""

import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice

import structlog

from offhook.call.errors import RecordsAway
from offhook.records.database import Database
from offhook.records.entry import Entry
from offhook.records.journal import Journal
from offhook.records.writer import Writer
from offhook.records.writing import keep

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
REPLAYED_AT_ONCE = 64

log = structlog.get_logger()


class Outage:
    """Knows whether the database is away. All but `goes_on` is for the recorder's thread alone."""

    def __init__(
        self, database: Database, writer: Writer, journal: Journal | None, *, poke: Callable[[], None]
    ) -> None:
        self._database = database
        self._writer = writer
        self._journal = journal
        self._poke = poke
        self._probe: threading.Thread | None = None
        self._is_back = threading.Event()
        self._is_over = threading.Event()
        self._replayed = 0
        self._began_at = 0.0
        self._pause_s = FIRST_PAUSE_S
        self.goes_on = False
        """Whether facts go to the journal now."""

    def begin(self, away: RecordsAway) -> None:
        """The database could not be written."""
        log.warning("records.away", error=str(away))
        self.goes_on = True
        self._began_at = time.monotonic()
        self._pause_s = FIRST_PAUSE_S
        self._look_out()

    def keep(self, entries: Sequence[Entry], is_given_up: threading.Event) -> None:
        """Bring facts onto the disk, and all of the journal into the database where that is back.

        Where the disk takes nothing either, returns once one of the two does, or `is_given_up`.
        """
        while not self._journalled(entries):
            if self._is_back.is_set() and self._replay() and self._written(entries):
                return
            if is_given_up.wait(LONGEST_PAUSE_S if self._journal else FIRST_PAUSE_S):
                log.error(
                    "facts.lost", facts=len(entries), why="neither the database nor the disk takes them"
                )
                return
        if self._is_back.is_set():
            self._replay()

    def leave(self) -> None:
        """The process ends. What is in the journal is written by whoever finds it."""
        self._is_over.set()
        if self.goes_on and self._journal is not None:
            if self._is_back.is_set():
                self._replay()
            self._journal.close()

    def _journalled(self, entries: Sequence[Entry]) -> bool:
        if not entries:
            return True
        if self._journal is None:
            return False
        try:
            self._journal.append(entries)
        except OSError as error:
            log.error("journal.unwritable", facts=len(entries), error=str(error))
            return False
        return True

    def _written(self, entries: Sequence[Entry]) -> bool:
        """Facts that never saw the journal."""
        try:
            if keep(self._database, self._writer, entries):
                self._poke()
        except RecordsAway as away:
            self.begin(away)
            return False
        return True

    def _replay(self) -> bool:
        """Write the journal's facts; True when all are in the database and it is there for the next ones."""
        has_callbacks = False
        try:
            if self._journal is not None:
                waiting = islice(self._journal.entries(), self._replayed, None)
                while batch := list(islice(waiting, REPLAYED_AT_ONCE)):
                    has_callbacks |= keep(self._database, self._writer, batch)
                    self._replayed += len(batch)
                self._journal.clear()
        except RecordsAway:
            self._look_out()
            return False
        finally:
            if has_callbacks:
                self._poke()
        log.warning("records.back", away_s=round(time.monotonic() - self._began_at, 1), facts=self._replayed)
        self._replayed = 0
        self.goes_on = False
        return True

    def _look_out(self) -> None:
        """Have somebody look for the database until it is back."""
        self._is_back.clear()
        self._probe = threading.Thread(target=self._look, name="records-probe", daemon=True)
        self._probe.start()

    def _look(self) -> None:
        while not self._is_over.wait(self._pause_s):
            if self._database.takes_changes():
                self._is_back.set()
                return
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
