"""What a worker keeps, and what it has to know before it takes calls: opened once the database is there."""

import asyncio
from dataclasses import dataclass

import structlog

from offhook.bootstrap import open_database
from offhook.config import Settings
from offhook.processes.languages import lost_callback
from offhook.processes.poke import Poke
from offhook.processes.waiting import once_there
from offhook.records.accounts import Accounts
from offhook.records.births import Births
from offhook.records.database import Database
from offhook.records.installation import instance_id
from offhook.records.journal import Author, Journal
from offhook.records.left_behind import replay_left_behind
from offhook.records.lost import LostCalls
from offhook.records.recorder import Recorder
from offhook.records.workers import Workers
from offhook.surroundings import Surroundings

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRecords:
    """The database with all that is this worker's in it."""

    database: Database
    recorder: Recorder
    instance_id: str
    first_account_sid: str
    fence: int
    lost_calls: int
    """How many calls of those whose place this worker takes had to be ended."""

    @classmethod
    async def open(
        cls, settings: Settings, surroundings: Surroundings, *, worker_id: str, poke: Poke
    ) -> "WorkerRecords":
        """Wait for the database, and write there what workers that died left behind: first their journals, then the
        ends of the calls of those whose place this worker takes."""
        database = open_database(settings)
        return await once_there(lambda: _open(database, settings, surroundings, worker_id, poke))

    async def close(self) -> None:
        """Write what is left and let go."""
        await asyncio.to_thread(self.recorder.close)
        self.database.close()


def _open(
    database: Database, settings: Settings, surroundings: Surroundings, worker_id: str, poke: Poke
) -> WorkerRecords:
    replay_left_behind(database, settings.journal_folder, poke=poke)
    lost = LostCalls(database, final_callback=lost_callback, poke=poke).close_predecessors(
        worker_index=surroundings.worker_index, except_worker_id=worker_id
    )
    if lost:
        log.warning("worker.closed_lost_calls", calls=lost)
    author = Author(
        worker_id=worker_id, instance_id=instance_id(database), fence=Workers(database).next_fence()
    )
    account, _, _ = Accounts(database).ensure_first(None, None)
    return WorkerRecords(
        database=database,
        recorder=Recorder(
            database,
            worker_id=worker_id,
            instance_id=author.instance_id,
            fence=author.fence,
            journal=Journal(settings.journal_folder, author),
            births=Births(settings.journal_folder, author),
            poke=poke,
        ),
        instance_id=author.instance_id,
        first_account_sid=account.sid,
        fence=author.fence,
        lost_calls=lost,
    )
