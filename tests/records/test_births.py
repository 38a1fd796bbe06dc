"""A call whose process is killed in its first moment has a row all the same, and only one."""

import signal
import subprocess
import sys
from pathlib import Path

from offhook.call.info import CallStatus, new_id
from offhook.call.listing import CallFilter
from offhook.call.rows import AccountRow
from offhook.processes.reaper import Reaper
from offhook.records.births import ENOUGH_BYTES, Births
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.journal import Author
from offhook.records.left_behind import replay_left_behind
from offhook.records.recorder import Recorder
from tests.records.story import INSTANCE, after, finished, started, told
from tests.records.test_outage import register, silent_for

BEGIN_AND_DIE = """
import os, signal, sys
from pathlib import Path
from offhook.records.births import Births
from offhook.records.database import Database
from offhook.records.journal import Author
from offhook.records.recorder import Recorder
from tests.records.story import INSTANCE, started, told

url, folder, account_sid, call_id = sys.argv[1:]
author = Author(worker_id="killed", instance_id=INSTANCE, fence=1)
recorder = Recorder(Database(url), worker_id="killed", instance_id=INSTANCE, fence=1, births=Births(Path(folder), author))
recorder.emit(started(account_sid, call_id, callbacks=(told("ringing"),), if_lost=told("failed")))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_call_that_had_just_begun_is_found_and_closed(
    database: Database, database_url: str, account: AccountRow, tmp_path: Path
) -> None:
    register(database, "killed")
    call_id, folder = new_id(), tmp_path / "journal"
    arguments = [sys.executable, "-c", BEGIN_AND_DIE, database_url, str(folder), account.sid, call_id]
    assert subprocess.run(arguments, check=False).returncode == -signal.SIGKILL
    assert [path.suffix for path in folder.iterdir()] == [".births"]

    silent_for(database, "killed", 60)
    assert Reaper(database, folder, poke=lambda: None, lease_s=-1.0).look() == 1

    (call,) = Calls(database).page(account.sid, CallFilter(), offset=0, limit=10).rows
    assert (call.call_id, call.status) == (call_id, CallStatus.FAILED)
    assert call.reason == "worker_lost: worker killed is gone"
    assert list(folder.iterdir()) == []


def test_the_file_stays_small_and_goes_with_its_worker(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    author = Author(worker_id="w", instance_id=INSTANCE)
    recorder = Recorder(
        database, worker_id="w", instance_id=INSTANCE, births=Births(tmp_path / "journal", author)
    )
    (path,) = (tmp_path / "journal").iterdir()
    largest = 0
    for _ in range(400):
        call_id = new_id()
        recorder.emit(started(account.sid, call_id, after(0), callbacks=(told("ringing"),)))
        recorder.emit(finished(account.sid, call_id, after(1)))
        largest = max(largest, path.stat().st_size)
    assert recorder.close()
    assert list((tmp_path / "journal").iterdir()) == []
    assert largest > 0
    assert Calls(database).page(account.sid, CallFilter(), offset=0, limit=1).total == 400


def test_what_was_written_is_not_written_again(
    database: Database, account: AccountRow, tmp_path: Path
) -> None:
    author, call_id = Author(worker_id="w", instance_id=INSTANCE), new_id()
    births = Births(tmp_path / "journal", author)
    recorder = Recorder(database, worker_id="w", instance_id=INSTANCE, births=births)
    recorder.emit(started(account.sid, call_id, callbacks=(told("ringing"),)))
    recorder.emit(finished(account.sid, call_id, after(1), callbacks=(told("completed"),)))
    (path,) = (tmp_path / "journal").iterdir()
    noted = path.read_bytes()
    assert recorder.close()
    path.write_bytes(noted)
    replay_left_behind(database, tmp_path / "journal")
    page = Calls(database).page(account.sid, CallFilter(), offset=0, limit=10)
    assert [call.status for call in page.rows] == [CallStatus.COMPLETED]
    assert len(noted) < ENOUGH_BYTES
