"""Forgets what is older than it is to be kept: each hour, a few rows at a time, with a pause for others in between.

An account's days come before those of the settings. What cannot be done because the database is away, or somebody
writes for long, is done in the next round.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import structlog

from offhook.config import Settings
from offhook.records.blanking import Blanking
from offhook.records.database import Database, DatabaseFault
from offhook.records.forgetting import forget_callbacks, forget_conferences, forget_listed, forget_verbs
from offhook.records.keeping import AccountKeeping, Keeping, Kind
from offhook.records.message_forgetting import forget_messages
from offhook.records.numbering import Listing
from offhook.records.recordings_forgetting import blank_transcriptions, forget_recordings

EVERY_S = 3600.0
PAUSE_S = 0.05

log = structlog.get_logger()


def standard_days(settings: Settings) -> Mapping[Kind, int]:
    """The days of the installation."""
    return {
        Kind.RECORDINGS: settings.recordings_keep_days,
        Kind.TRANSCRIPTS: settings.transcripts_keep_days,
        Kind.ROWS: settings.rows_keep_days,
        Kind.CALLBACKS: settings.callback_keep_days,
    }


class Retention:
    """Goes over all accounts. `recordings` is the folder whose folders are named after accounts."""

    def __init__(
        self,
        database: Database,
        *,
        standard: Mapping[Kind, int],
        recordings: Path,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._keeping = AccountKeeping(database, standard)
        self._blanking = Blanking(database)
        self._recordings = recordings
        self._wall_clock = wall_clock

    async def run(self) -> None:
        """A round now and each hour, until cancelled."""
        while True:
            try:
                done = await self.round()
            except (*DatabaseFault, OSError) as error:
                log.warning("retention.put_off", error=str(error))
            else:
                if any(done.values()):
                    log.info("retention.forgotten", **done)
            await asyncio.sleep(EVERY_S)

    async def round(self) -> dict[str, int]:
        """Forget all that is too old by now; returns how much of each kind. Raises RecordsAway."""
        done = dict.fromkeys([kind.value for kind in Kind], 0)
        for account_sid, keeping in (await asyncio.to_thread(self._keeping.of_all)).items():
            for kind, step in self._steps(account_sid, keeping):
                while some := await asyncio.to_thread(step):
                    done[kind.value] += some
                    await asyncio.sleep(PAUSE_S)
        return done

    def _steps(self, account_sid: str, keeping: Keeping) -> list[tuple[Kind, Callable[[], int]]]:
        """What is to be done for an account, each until nothing is left of it."""
        now = self._wall_clock()
        steps: list[tuple[Kind, Callable[[], int]]] = []
        if rows_before := keeping.limit(Kind.ROWS, now):
            steps += [
                (Kind.ROWS, self._forget_listed(listing, account_sid, rows_before)) for listing in Listing
            ]
            steps.append((Kind.ROWS, lambda: forget_verbs(self._database, account_sid, rows_before)))
            steps.append((Kind.ROWS, lambda: forget_conferences(self._database, account_sid, rows_before)))
            steps.append((Kind.ROWS, lambda: forget_messages(self._database, account_sid, rows_before)))
        # A callback tells of a row, and goes no later than it.
        limits = [limit for limit in (keeping.limit(Kind.CALLBACKS, now), rows_before) if limit]
        if limits:
            steps.append((Kind.CALLBACKS, lambda: forget_callbacks(self._database, account_sid, max(limits))))
        if words_before := keeping.limit(Kind.TRANSCRIPTS, now):
            steps.append((Kind.TRANSCRIPTS, lambda: self._blanking.blank(account_sid, words_before)))
            steps.append(
                (Kind.TRANSCRIPTS, lambda: blank_transcriptions(self._database, account_sid, words_before))
            )
        if sounds_before := keeping.limit(Kind.RECORDINGS, now):
            folder = self._recordings / account_sid
            steps.append((Kind.RECORDINGS, self._forget_recordings(account_sid, sounds_before)))
            steps.append((Kind.RECORDINGS, lambda: forget_files(folder, sounds_before)))
        return steps

    def _forget_recordings(self, account_sid: str, before: datetime) -> Callable[[], int]:
        return lambda: forget_recordings(self._database, self._recordings, account_sid, before)

    def _forget_listed(self, listing: Listing, account_sid: str, before: datetime) -> Callable[[], int]:
        return lambda: forget_listed(self._database, listing, account_sid, before)


def forget_files(folder: Path, before: datetime) -> int:
    """Delete the files in a folder, at any depth, that were last written before a moment; returns how many."""
    old = [
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime < before.timestamp()
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
