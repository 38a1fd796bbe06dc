"""The first facts of calls, noted at once: a call that a dying process had just begun is not forgotten.

Facts wait for a few milliseconds to be written together; a process that is killed meanwhile takes them along. For what
happens later in a call that does no harm, as whoever finds its row closes it; but a call without a row would never end for
those who heard it ring. So its beginning is written into a file first, without waiting for the disk: it outlives the
process, and only a power cut takes it along. The file is emptied whenever all in it is in the tables or the journal.
"""

import threading
from pathlib import Path

import structlog

from offhook.records.entry import Entry
from offhook.records.journal import Author, LockedFile, line_of

SUFFIX = ".births"
ENOUGH_BYTES = 64_000
"""Beyond, the file is emptied as soon as it can be."""

log = structlog.get_logger()


class Births:
    """The file of one worker, there as long as the worker is. Safe to use from two threads."""

    def __init__(self, folder: Path, author: Author) -> None:
        """Raises OSError."""
        self._file = LockedFile(folder / f"{author.worker_id}{SUFFIX}", author)
        self._lock = threading.Lock()
        self._unwritten = 0
        self._is_failing = False

    def note(self, entry: Entry) -> None:
        """Keep a call's first fact. A disk that takes nothing is told of once, and keeps nobody from calling."""
        line = line_of(entry)
        with self._lock:
            self._unwritten += 1
            try:
                self._file.append(line, is_settled=False)
                self._is_failing = False
            except OSError as error:
                if not self._is_failing:
                    log.error("births.unwritable", error=str(error))
                self._is_failing = True

    def written(self, count: int) -> None:
        """So many of those that were noted have been written elsewhere."""
        if not count:
            return
        with self._lock:
            self._unwritten -= count
            if not self._unwritten and self._file.size > ENOUGH_BYTES:
                self._file.empty()

    def close(self) -> None:
        """The worker ends; what is not written yet stays for whoever finds it."""
        with self._lock:
            if self._unwritten:
                self._file.close()
            else:
                self._file.remove()
