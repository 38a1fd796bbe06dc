"""A process that keeps dying is started again ever less often; one that cannot start ends the server."""

import asyncio
import itertools
from pathlib import Path

import pytest

from offhook.control import CONFIGURATION_FAULT
from offhook.supervisor import Program, State, Supervisor

TELL_THE_TIME = """
import socket, sys, time
socket.socket(type=socket.SOCK_DGRAM).sendto(str(time.monotonic()).encode(), ("127.0.0.1", int(sys.argv[1])))
sys.exit(3)
"""


class Diary(asyncio.DatagramProtocol):
    """When a process was born, each time."""

    def __init__(self) -> None:
        self.births: asyncio.Queue[float] = asyncio.Queue()

    def datagram_received(self, data: bytes, _addr: tuple[str, int]) -> None:
        self.births.put_nowait(float(data))


async def test_a_process_that_dies_while_starting_makes_no_storm() -> None:
    transport, diary = await asyncio.get_running_loop().create_datagram_endpoint(
        Diary, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    dying = Program(name="worker-0", kind="worker", arguments=("-c", TELL_THE_TIME, str(port)))
    supervisor = Supervisor([dying], on_ready=lambda _: None)
    running = asyncio.create_task(supervisor.run())
    async with asyncio.timeout(60):
        births = [await diary.births.get() for _ in range(5)]
        supervisor.stop()
        assert await running == 0
    transport.close()
    pauses = [after - before for before, after in itertools.pairwise(births)]
    assert pauses[3] > 2 * pauses[0] > 0.2
    assert supervisor.children[0].restarts >= 4


READY_THEN_IN_USE_THEN_READY = """
import os, pathlib, socket, sys, time
lives = pathlib.Path(sys.argv[1])
lives.write_text(lives.read_text() + ".")
life = len(lives.read_text())
if life == 2:
    sys.exit(int(sys.argv[2]))
control = socket.socket(fileno=int(os.environ["OFFHOOK_CONTROL_FD"]))
control.sendall(b'{"ready": true}\\n')
if life == 1:
    sys.exit(1)
control.recv(100)
"""


async def test_one_that_finds_its_port_in_use_beside_others_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lives := tmp_path / "lives").write_text("")
    arguments = ("-c", READY_THEN_IN_USE_THEN_READY, str(lives), str(CONFIGURATION_FAULT))
    supervisor = Supervisor(
        [Program(name="worker-0", kind="worker", arguments=arguments)], on_ready=lambda _: None
    )
    running = asyncio.create_task(supervisor.run())
    [worker] = supervisor.children
    async with asyncio.timeout(60):
        while not (worker.restarts == 2 and worker.state is State.READY):
            assert not running.done()
            await asyncio.sleep(0.02)
        supervisor.stop()
        assert await running == 0
    lives.write_text("")
    monkeypatch.setattr("offhook.supervisor.OVERLAP_S", 0.0)
    again = Supervisor(
        [Program(name="worker-0", kind="worker", arguments=arguments)], on_ready=lambda _: None
    )
    async with asyncio.timeout(60):
        assert await again.run() == 1


async def test_a_process_that_cannot_start_ends_the_server(capfd: pytest.CaptureFixture[str]) -> None:
    words = "import sys; sys.stderr.write('the port is in use'); sys.exit(int(sys.argv[1]))"
    hopeless = Program(name="api", kind="api", arguments=("-c", words, str(CONFIGURATION_FAULT)))
    async with asyncio.timeout(60):
        assert await Supervisor([hopeless], on_ready=lambda _: None).run() == 1
    assert capfd.readouterr().err == "the port is in use"
