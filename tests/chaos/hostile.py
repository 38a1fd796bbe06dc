"""`python -m tests.chaos.hostile`: strangers flood a server while calls run, and send into them; then it is looked whether anything
was noticed.

Callers come from 127.0.0.1, who may call, and strangers from an address of this machine's network, who may not; no packet leaves the
machine. What a quiet stretch shows first is the machine's own fault, and that of the callers here.
"""

import argparse
import asyncio
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from itertools import pairwise
from pathlib import Path

from tests.chaos.faults import processes
from tests.sip.flooder import KINDS
from tests.sip.peer import Peer
from tests.sip.stranger import Stranger
from tests.system.server import RUNNING, Server, free_udp_ports, running_server
from tests.webhooks.server import application, page

NUMBER = "hostile"
PROMISED_GAP_S = 0.1
MOST_LINES_PER_FLOOD = 30
QUIET_S = 20.0
DOCUMENT = '<Response><Gather input="dtmf" timeout="600" finishOnKey="#"/></Response>'
STRANGER_HZ = 1300


class Trial:
    """One server with its calls, and what strangers do to it."""

    def __init__(
        self, server: Server, stranger: str, *, seconds: float, per_s: float, say: Callable[[str], None]
    ) -> None:
        self._server = server
        self._stranger = stranger
        self._seconds = seconds
        self._per_s = per_s
        self._say = say
        self.peers: list[Peer] = []
        self.faults: list[str] = []

    async def begin(self, calls: int) -> None:
        """Have so many calls run."""
        for number in range(calls):
            peer = await Peer.open()
            self.peers.append(peer)
            answer = await peer.invite(NUMBER, self._server.sip_port, caller=f"+1555020{number:04d}")
            if answer.status != 200:
                raise RuntimeError(
                    f"call {number} was answered {answer.status}: {self._server.output.text[-2000:]}"
                )

    async def quiet(self) -> None:
        """Nothing happens: what the machine and the callers themselves are to blame for."""
        lines_before, marks = self._server.output.mark, self._marks()
        await asyncio.sleep(self._seconds)
        self._judge("nothing", marks, self._server.output.mark - lines_before)

    async def flood(self, kind: str) -> None:
        """A flood of one kind, and what the calls noticed of it."""
        lines_before, marks = self._server.output.mark, self._marks()
        words = (str(self._server.sip_port), self._stranger, kind, str(self._seconds), str(self._per_s))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.sip.flooder", *words, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        self._judge(f"{int(said)} of {kind}", marks, self._server.output.mark - lines_before)

    async def audio(self) -> None:
        """A stranger's audio into each call, from each of two hosts."""
        lines_before, marks = self._server.output.mark, self._marks()
        strangers = [await Stranger.open(host) for host in (self._stranger, "127.0.0.1")]
        await asyncio.gather(
            *(
                stranger.speak(peer.remote_rtp, STRANGER_HZ, round(self._seconds * 50), per_s=50)
                for stranger in strangers
                for peer in self.peers
                if peer.remote_rtp is not None
            )
        )
        if any(stranger.came_back for stranger in strangers):
            self.faults.append("audio was sent to a stranger")
        for stranger in strangers:
            stranger.close()
        self._judge("audio of strangers", marks, self._server.output.mark - lines_before)

    async def end(self) -> None:
        """Hang up; all rows have to be final."""
        for peer in self.peers:
            if peer.over.is_set():
                self.faults.append("a call ended by itself")
            elif (await peer.bye()).status != 200:
                self.faults.append("a call was not there any more when it was hung up")
            await peer.close()
        async with asyncio.timeout(QUIET_S):
            rows = await asyncio.to_thread(self._server.calls_to, NUMBER)
            while any(row["status"] in RUNNING for row in rows):
                await asyncio.sleep(0.2)
                rows = await asyncio.to_thread(self._server.calls_to, NUMBER)
        known = len(await asyncio.to_thread(self._server.calls_to, "flooded"))
        if known:
            self.faults.append(f"{known} calls of strangers have rows")

    def _marks(self) -> list[int]:
        return [len(peer.heard) for peer in self.peers]

    def _judge(self, what: str, marks: list[int], lines: int) -> None:
        gaps = [
            max((later.at - earlier.at for earlier, later in pairwise(peer.heard[mark:])), default=9.9)
            for peer, mark in zip(self.peers, marks, strict=True)
        ]
        self._say(f"{what}: widest gap {1000 * max(gaps):.0f} ms, {lines} lines logged")
        if max(gaps) > PROMISED_GAP_S:
            self.faults.append(f"{what}: a gap of {1000 * max(gaps):.0f} ms")
        if lines > MOST_LINES_PER_FLOOD:
            self.faults.append(f"{what}: {lines} lines in the log")


def own_address() -> str:
    """An address of this machine that is not loopback. Nothing is sent to find it. Raises OSError where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


async def run(calls: int, seconds: float, per_s: float, say: Callable[[str], None]) -> list[str]:
    """What went wrong, in words."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="offhook-hostile-")))
        server = stack.enter_context(
            running_server(
                folder, SIP_ALLOW="127.0.0.1/32", SIP_PORT=str(free_udp_ports(1)), LOG_LEVEL="info"
            )
        )
        async with AsyncExitStack() as applications:
            app = await applications.enter_async_context(application())
            await asyncio.to_thread(server.give_number, NUMBER, app.on("/voice", page(200, DOCUMENT)))
            trial = Trial(server, own_address(), seconds=seconds, per_s=per_s, say=say)
            before = sorted(processes(server.process.pid))
            await trial.begin(calls)
            await trial.quiet()
            for kind in KINDS:
                await trial.flood(kind)
            await trial.audio()
            await trial.end()
            if sorted(processes(server.process.pid)) != before:
                trial.faults.append("the server has other processes than before")
            return trial.faults


def main() -> int:
    """The exit status: 0 where nobody noticed anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.hostile", description=__doc__)
    parser.add_argument("--calls", type=int, default=20, help="calls that run meanwhile (default: 20)")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="how long each flood is (default: 10, at most 60)"
    )
    parser.add_argument(
        "--rate", type=float, default=2000.0, help="packets a second of a flood (default: 2000)"
    )
    chosen = parser.parse_args()
    faults = asyncio.run(
        run(chosen.calls, min(chosen.seconds, 60.0), chosen.rate, lambda text: print(text, flush=True))
    )
    for fault in faults:
        print(f"NOTICED  {fault}")
    print("nobody noticed anything" if not faults else f"{len(faults)} things were noticed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
