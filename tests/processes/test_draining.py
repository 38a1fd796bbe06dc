"""How a server ends that still has calls: what is said meanwhile, and the exit status."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from offhook.call.errors import RecordsAway
from offhook.draining import CUT_SHORT, Draining
from offhook.processes.drain import drain
from offhook.supervisor import Program, Supervisor

WORKER = """
import asyncio, os, signal, sys
from offhook.control import ControlChannel

async def work(calls, ended, dies):
    control = await ControlChannel.open()
    os.kill(os.getpid(), signal.SIGHUP)  # all hear it whose terminal closes
    control.tell(ready=True)
    await control.until_stopped()
    control.tell(calls=calls, left_s=60.0)
    if calls and ended:
        await control.until_stopped()
    if not dies:
        control.tell(ended=ended)
    control.close()

asyncio.run(work(*map(int, sys.argv[1:])))
"""


def worker(index: int, *, calls: int, ended: int = 0, dies: bool = False) -> Program:
    """A worker with `calls` calls: `ended` of them outlast the first signal; or it dies with them."""
    arguments = ("-c", WORKER, str(calls), str(ended), str(int(dies)))
    return Program(name=f"worker-{index}", kind="worker", arguments=arguments)


async def stopped(
    *programs: Program, again_once: Callable[[], bool] | None = None, by: signal.Signals = signal.SIGTERM
) -> int:
    """Run a supervisor until all is ready, and stop it as an operator does, a second time `again_once` something
    holds; its exit status."""
    ready = asyncio.Event()
    supervisor = Supervisor(programs, on_ready=lambda _: ready.set())
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(60):
        await ready.wait()
        os.kill(os.getpid(), by)
        if again_once is not None:
            while not again_once():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            os.kill(os.getpid(), signal.SIGTERM)
        return await running


async def test_calls_that_end_by_themselves_are_no_harm(capfd: pytest.CaptureFixture[str]) -> None:
    assert await stopped(worker(0, calls=0), worker(1, calls=2)) == 0
    assert capfd.readouterr().err.endswith("offhook: stopped; no running call was cut short\n")


async def test_calls_that_had_to_be_ended_are_told_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def says_so() -> bool:
        said.append(capfd.readouterr().err)
        return "stopping: 3 running calls (worker-1 3), 60 s left; a second signal ends them now" in "".join(
            said
        )

    programs = worker(0, calls=0), worker(1, calls=3, ended=2)
    assert await stopped(*programs, again_once=says_so) == CUT_SHORT
    assert capfd.readouterr().err.endswith("offhook: stopped; 2 running calls had to be ended\n")


async def test_a_terminal_that_closes_stops_it_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests themselves may run without a terminal
    try:
        assert await stopped(worker(0, calls=2), by=signal.SIGHUP) == 0
    finally:
        signal.signal(signal.SIGHUP, before)
    assert capfd.readouterr().err.endswith("offhook: stopped; no running call was cut short\n")


async def test_who_runs_without_a_terminal_hears_of_none() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    kept: list[object] = []

    def looked() -> bool:
        kept.append(signal.getsignal(signal.SIGHUP))
        return True

    try:
        await stopped(worker(0, calls=0), again_once=looked)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert kept == [signal.SIG_IGN]


async def test_calls_of_a_worker_that_dies_while_draining_were_cut_short() -> None:
    assert await stopped(worker(0, calls=4, dies=True)) == CUT_SHORT


def test_who_runs_what_is_kept_by_name() -> None:
    draining = Draining()
    draining.take("worker-0", {"calls": 2, "left_s": 30.4})
    draining.take("worker-1", {"calls": 1, "left_s": 30.4})
    draining.take("voice", {"ready": True})
    assert draining.running == 3
    assert "3 running calls (worker-0 2, worker-1 1), 30 s left" in draining.progress()
    draining.take("worker-0", {"ended": 0})
    draining.gone("worker-0")
    assert (draining.running, draining.ended) == (1, 0)
    draining.gone("worker-1")
    assert (draining.running, draining.ended) == (0, 1)
    assert draining.outcome() == "stopped; 1 running call had to be ended"


@dataclass
class Runs:
    """Calls that end when they are told to."""

    count: int
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def finished(self) -> None:
        await self.over.wait()
        self.count = 0


@dataclass
class Control:
    """A supervisor that says stop again when it is told to."""

    told: list[dict[str, object]] = field(default_factory=list)
    again: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, **message: object) -> None:
        self.told.append(message)

    async def until_stopped(self) -> None:
        await self.again.wait()


async def nobody_listens() -> None:
    raise RecordsAway("the database is away")


async def test_a_database_that_is_away_does_not_cut_calls_short() -> None:
    runs, control = Runs(1), Control()
    asyncio.get_running_loop().call_later(0.3, runs.over.set)
    assert await drain(runs, seconds=60, control=control, close=nobody_listens) == 0
    assert control.told[-1] == {"ended": 0}


async def test_the_time_is_over_at_its_end() -> None:
    control = Control()
    assert await drain(Runs(2), seconds=0.2, control=control, close=nobody_listens) == 2
    assert control.told[0] == {"calls": 2, "left_s": 0.2}
    assert control.told[-1] == {"ended": 2}


async def test_without_patience_nobody_is_waited_for() -> None:
    control = Control()
    assert await drain(Runs(2), seconds=0, control=control, close=nobody_listens) == 2
    assert control.told == [{"ended": 2}]
