"""Dispatchers die at any moment and applications answer badly: every callback arrives, in order, under one id."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from pydantic import SecretStr

from offhook.bootstrap import open_database
from offhook.call.facts import Fact
from offhook.call.info import CallStatus, new_id
from offhook.config import Settings
from offhook.control import CONTROL_FD
from offhook.records import migrate
from offhook.records.accounts import Accounts
from offhook.records.callbacks import CallbackFilter, Callbacks
from offhook.records.outbox import State
from offhook.records.secret_keys import new_key_text
from offhook.surroundings import CLUSTER_SECRET, RUN_DIR
from offhook.verbs import Request, Target
from tests.records.story import finished, progressed, record, started
from tests.webhooks.server import Application, Connection, Received, application, never, page

SECRET_KEY = new_key_text()
CALLS = 100
STATES = ("ringing", "in-progress", "completed")
KILLED_AFTER = (40, 90, 140)
"""So many requests each time."""
MOST_DOUBLED = 12
"""Callbacks that were on their way, or had arrived and were not reported, when a dispatcher was killed."""
PATIENCE_S = 30.0
"""How long a callback that fails holds back those after it."""


class DispatcherProcess:
    """The real process, with the test at the supervisor's end of its channel."""

    def __init__(self, folder: Path) -> None:
        self._ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            "OFFHOOK_DATA_DIR": str(folder),
            "OFFHOOK_WEBHOOK_ALLOW": "127.0.0.0/8",
            "OFFHOOK_WEBHOOK_RESPONSE_S": "0.5",
            "OFFHOOK_WEBHOOK_TOTAL_S": "0.5",
            "OFFHOOK_LOG_LEVEL": "error",
            "OFFHOOK_SECRET_KEY": SECRET_KEY,
            RUN_DIR: str(folder),
            CLUSTER_SECRET: "secret",
            CONTROL_FD: str(theirs.fileno()),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "offhook.processes.dispatcher"],
            env=environment,
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        self._process.send_signal(signal.SIGKILL)
        assert self._process.wait(20) == -signal.SIGKILL
        self._ours.close()

    def end(self) -> int:
        """Tell it to stop; the exit status."""
        with self._ours:
            self._ours.sendall(json.dumps({"stop": True}).encode() + b"\n")
            return self._process.wait(60)


class Ledger:
    """An application that takes seven of ten callbacks, and writes down which."""

    def __init__(self) -> None:
        self._moods = Random(20261121)
        self.began_at = datetime.now(UTC)
        self.requests = 0
        self.taken: list[tuple[str, int, str, float]] = []
        """Call, place in its queue, id, seconds since the beginning."""
        self._changed = asyncio.Condition()

    async def __call__(self, received: Received, connection: Connection) -> None:
        self.requests += 1
        mood = self._moods.random()
        await asyncio.sleep(0.02)
        if mood < 0.1:
            await page(500)(received, connection)
        elif mood < 0.2:
            connection.reset()
        elif mood < 0.3:
            await never(received, connection)
        else:
            said = dict(received.form)
            after_s = (datetime.now(UTC) - self.began_at).total_seconds()
            id = received.header("x-offhook-delivery") or ""
            self.taken.append((said["Call"], int(said["Seq"]), id, after_s))
            await page(200)(received, connection)
        async with self._changed:
            self._changed.notify_all()

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Whether it came to hold."""
        try:
            async with self._changed, asyncio.timeout(within_s):
                await self._changed.wait_for(condition)
        except TimeoutError:
            return False
        return True

    @property
    def distinct(self) -> set[tuple[str, int]]:
        """The callbacks that were taken at least once."""
        return {(call, seq) for call, seq, _, _ in self.taken}


def story_of_a_call(account_sid: str, url: str) -> tuple[Fact, ...]:
    call_id, at = new_id(), datetime.now(UTC)

    def told(seq: int) -> Request:
        return Request(Target(url), (("Call", call_id), ("Seq", str(seq)), ("State", STATES[seq - 1])))

    return (
        started(account_sid, call_id, at, callbacks=(told(1),)),
        progressed(account_sid, call_id, at, CallStatus.IN_PROGRESS, told(2)),
        finished(account_sid, call_id, at, callbacks=(told(3),)),
    )


async def deliver_all(folder: Path, callbacks: Callbacks, ledger: Ledger) -> None:
    """Kill the dispatcher again and again, then let the last one come to its end."""
    for count in KILLED_AFTER:
        dispatcher = DispatcherProcess(folder)
        assert await ledger.until(lambda count=count: ledger.requests >= count, 60.0)  # type: ignore[misc]
        await asyncio.to_thread(dispatcher.kill)
    dispatcher = DispatcherProcess(folder)
    try:
        async with asyncio.timeout(150.0):
            while not await ledger.until(lambda: len(ledger.distinct) == CALLS * len(STATES), 1.0):
                # The times between attempts are tested elsewhere.
                for row in callbacks.newest(CallbackFilter(state=State.PENDING), limit=500):
                    if row.attempts:
                        callbacks.replay(row.id)
    finally:
        assert await asyncio.to_thread(dispatcher.end) == 0


async def test_nothing_is_lost_doubled_under_another_id_or_out_of_order(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None, secret_key=SecretStr(SECRET_KEY))
    migrate.upgrade(settings.resolved_database_url)
    database = open_database(settings)
    account, _, _ = Accounts(database).ensure_first(None, None)
    ledger = Ledger()
    app: Application
    async with application() as app:
        url = app.on("/status", ledger)
        facts = [fact for _ in range(CALLS) for fact in story_of_a_call(account.sid, url)]
        await asyncio.to_thread(record, database, *facts)
        await deliver_all(tmp_path, Callbacks(database), ledger)
    counts = Callbacks(database).counts()
    database.close()

    assert counts == {State.PENDING: 0, State.LEASED: 0, State.DONE: CALLS * len(STATES), State.DEAD: 0}
    ids = {(call, seq): id for call, seq, id, _ in ledger.taken}
    assert len(ids) == len(set(ids.values())) == CALLS * len(STATES)
    assert all(ids[call, seq] == id for call, seq, id, _ in ledger.taken)
    doubled = sum(count - 1 for count in Counter(id for _, _, id, _ in ledger.taken).values())
    assert doubled <= MOST_DOUBLED * len(KILLED_AFTER)
    assert out_of_order(ledger) == []


def out_of_order(ledger: Ledger) -> list[tuple[str, int]]:
    """Callbacks that were taken before one that comes before them and that was young enough to be waited for."""
    first_at: dict[tuple[str, int], float] = {}
    for call, seq, _, after_s in ledger.taken:
        first_at.setdefault((call, seq), after_s)
    return [
        (call, seq)
        for (call, seq), after_s in first_at.items()
        if seq > 1 and after_s < PATIENCE_S and first_at[call, seq - 1] > after_s
    ]
