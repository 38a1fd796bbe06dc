"""A process that hangs is found by its silence, killed, and started again; one that is only busy is left alone."""

import asyncio
import os
import signal

import pytest

from offhook.heartbeat import PING_EVERY_S, Heartbeat
from offhook.supervisor import Program, State, Supervisor

ANSWERING = """
import asyncio
from offhook.control import ControlChannel

async def main():
    control = await ControlChannel.open()
    control.tell(ready=True)
    await control.until_stopped()

asyncio.run(main())
"""
HANGING = """
import asyncio, time
from offhook.control import ControlChannel

async def main():
    control = await ControlChannel.open()
    control.tell(ready=True)
    asyncio.get_running_loop().call_later(0.1, lambda: time.sleep(300))
    await control.until_stopped()

asyncio.run(main())
"""


def looks(heartbeat: Heartbeat, times: list[float], *, answering_until: float) -> list[float]:
    """When a process that answers until then is found too silent."""
    found = []
    for at in times:
        if heartbeat.is_too_silent(at=at):
            found.append(at)
        if at <= answering_until:
            heartbeat.answers()
    return found


def each_second(count: int) -> list[float]:
    return [1000 + PING_EVERY_S * number for number in range(count)]


def test_who_answers_is_never_too_silent() -> None:
    assert looks(Heartbeat(4), each_second(100), answering_until=2000) == []


def test_who_falls_silent_is_found_soon_after_the_bound() -> None:
    assert looks(Heartbeat(4), each_second(20), answering_until=1010)[0] == 1016


def test_no_bound_is_no_judgement() -> None:
    assert looks(Heartbeat(0), each_second(100), answering_until=1000) == []


def test_whoever_was_held_up_with_the_supervisor_is_not_judged_by_it() -> None:
    before, after = each_second(10), [1100.0, 1101, 1102, 1103, 1104, 1105]
    assert looks(Heartbeat(4), [*before, *after], answering_until=1008) == [1105]


async def run_until_restarted(supervisor: Supervisor, *, restarts: int) -> None:
    """Run it until a child was restarted so often and is ready, then stop it."""
    running = asyncio.create_task(supervisor.run())
    child = supervisor.children[0]
    while child.restarts < restarts or child.state is not State.READY:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    supervisor.stop()
    await running


@pytest.mark.parametrize("kind", ["worker", "voice"])
async def test_a_process_that_hangs_is_killed_and_started_again(
    kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    hanging = Program(name="some-process", kind=kind, arguments=("-c", HANGING), watchdog_s=1.0, stop_s=0.5)
    async with asyncio.timeout(60):
        await run_until_restarted(Supervisor([hanging], on_ready=lambda _: None), restarts=1)
    said = capfd.readouterr().err
    assert "some-process has not answered for 1 s; killing it" in said
    assert "some-process ended with status -9" in said
    assert "some-process is ready again" in said


async def test_one_that_stands_still_is_killed_and_others_live_on() -> None:
    still, other = (
        Program(name=name, kind="worker", arguments=("-c", ANSWERING), watchdog_s=longest_s)
        for name, longest_s in (("still", 1.0), ("other", 10.0))
    )

    def stop_the_first(running: Supervisor) -> None:
        pid = running.children[0].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)

    supervisor = Supervisor([still, other], on_ready=stop_the_first)
    async with asyncio.timeout(60):
        await run_until_restarted(supervisor, restarts=1)
    assert [child.restarts for child in supervisor.children] == [1, 0]


async def test_without_a_watchdog_it_is_left_alone() -> None:
    """For as long as another one takes to be found twice."""
    left, found = (
        Program(name=name, kind="worker", arguments=("-c", HANGING), watchdog_s=longest_s, stop_s=0.5)
        for name, longest_s in (("left", 0.0), ("found", 0.5))
    )
    supervisor = Supervisor([found, left], on_ready=lambda _: None)
    async with asyncio.timeout(60):
        await run_until_restarted(supervisor, restarts=2)
    assert supervisor.children[1].restarts == 0
