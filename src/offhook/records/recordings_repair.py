"""Recordings that were cut off because their worker died: made whole by their size, and closed.

They end `failed`, with what was written until then. Run it only once what the dead worker's journal tells is written.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Row, delete, select, update

from offhook.call.voice_rows import RecordingStatus
from offhook.records.database import Database
from offhook.records.recordings import file_in, remove_files
from offhook.records.tables import workers
from offhook.records.voice_tables import recordings
from offhook.speech.wav import HEADER_BYTES, WavUnusable, repair_wav, sides_of

log = structlog.get_logger()

WORKER_LOST = "worker_lost"
MOST = 100
"""How many at a time."""


class RecordingsRepair:
    """Repairs what workers that are gone left unfinished. `folder` is the folder of all recordings."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def repair(self) -> int:
        """Close some; returns how many, 0 when none is left. Blocks for as long as the files are long. Raises RecordsAway."""
        rows = self._cut_off()
        for row in rows:
            seconds, size_bytes, reason = self._mend(row)
            self._close(row, seconds, size_bytes, reason)
            log.warning("recording.repaired", recording_id=row.recording_id, seconds=seconds, why=reason)
        return len(rows)

    def _cut_off(self) -> Sequence[Row[Any]]:
        living = select(workers.c.worker_id).where(workers.c.stopped_at.is_(None))
        wanted = select(recordings).where(
            recordings.c.status == RecordingStatus.IN_PROGRESS.value, recordings.c.worker_id.not_in(living)
        )
        with self._database.reading() as connection:
            return connection.execute(wanted.order_by(recordings.c.date_created).limit(MOST)).all()

    def _mend(self, row: Row[Any]) -> tuple[float, int, str]:
        """Make the file whole; returns its seconds and bytes, and why the recording ended."""
        lost = f"{WORKER_LOST}: worker {row.worker_id} is gone"
        path = file_in(self._folder, row.file)
        if path is None or not any(file.is_file() for file in (path, *sides_of(path))):
            return 0.0, 0, f"{lost}, and there is no file"
        try:
            seconds = repair_wav(path)
            return seconds, path.stat().st_size, lost
        except WavUnusable as unusable:
            size_bytes = path.stat().st_size if path.is_file() else 0
            # Cut off before its header was written: nothing can have been in it.
            return 0.0, 0 if size_bytes <= HEADER_BYTES else size_bytes, f"{lost}: {unusable}"
        except OSError as error:
            return 0.0, 0, f"{lost}, and its file cannot be read: {error.strerror or error}"

    def _close(self, row: Row[Any], seconds: float, size_bytes: int, reason: str) -> None:
        which = (
            recordings.c.recording_id == row.recording_id,
            recordings.c.status == RecordingStatus.IN_PROGRESS.value,
        )
        path = file_in(self._folder, row.file)
        is_empty = not seconds and path is not None and path.is_file() and size_bytes <= HEADER_BYTES
        closed = {
            "status": RecordingStatus.FAILED.value,
            "reason": reason,
            "duration_s": seconds,
            "size_bytes": size_bytes,
            "date_updated": max(row.date_updated, datetime.now(UTC)),
        }
        with self._database.writing() as connection:
            connection.execute(
                delete(recordings).where(*which)
                if is_empty
                else update(recordings).where(*which).values(closed)
            )
        if is_empty:
            remove_files(self._folder, (row.file,))
