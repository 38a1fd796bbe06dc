"""A server with calls that run, what strangers do to it, and whether anything of that was noticed.

Callers come from 127.0.0.1, who may call, and strangers from an address of this machine's network, who may not; no packet leaves the
machine. What a quiet stretch shows first is the machine's own fault, and that of the callers here.
"""

import asyncio
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

from tests.chaos.faults import processes
from tests.chaos.hostile.plan import Outcome, Plan, Victim
from tests.sip.peer import Message, Peer
from tests.system.server import RUNNING, Server
from tests.webhooks.server import Application, page

NUMBER, REFUSING, STRANGERS = "88400", "88401", "flooded"
LOGIN = "hostile"
DOCUMENT = '<Response><Gather input="dtmf" timeout="600" finishOnKey="#"/></Response>'
REFUSAL = '<Response><Reject reason="rejected"/></Response>'
DECLINED = 603
"""By the application; a library without free slots says 486."""
PROMISED_GAP_S = 0.1
MOST_LINES = {"none": 30, "kamailio": 130}
"""For each attack: of our own, and those of Kamailio about what it cannot read (`processes/edge_log.py`)."""
QUIET_S = 20.0
LEAST_HEARD_S = 5.0
MOST_WAIT_S = 40.0
"""After an attack, until a new call is taken; what a plain worker is still busy with is answered first."""
TRIES = 20


class Trial:
    """One server with its calls. `begin`, `attacked`, `end`; what went wrong is in `faults`."""

    def __init__(
        self,
        server: Server,
        *,
        seconds: float,
        per_s: float,
        edge: str = "none",
        most_gap_s: float = PROMISED_GAP_S,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._server = server
        self._seconds = seconds
        self._per_s = per_s
        self._most_gap_s = most_gap_s
        self._most_lines = MOST_LINES[edge]
        self._say = say
        self._stranger = own_address()
        self._processes = sorted(processes(server.process.pid))
        self._peers: list[Peer] = []
        self.faults: list[str] = []

    async def begin(self, app: Application, calls: int) -> None:
        """Have so many calls run."""
        for number, document in ((NUMBER, DOCUMENT), (REFUSING, REFUSAL)):
            url = app.on(f"/{number}", page(200, document))
            await asyncio.to_thread(self._server.give_number, number, url)
        for place in range(calls):
            self._peers.append(await self._calling(f"+1555020{place:04d}"))

    async def _calling(self, caller: str) -> Peer:
        answer: Message | None = None
        for _ in range(TRIES):  # a server lets so many new calls a second in, and says when to try again
            peer = await Peer.open()
            answer = await peer.invite(NUMBER, self._server.sip_port, caller=caller)
            if answer.status == 200:
                return peer
            await peer.close()
            await asyncio.sleep(min(2.0, float(answer.get("Retry-After") or 1)))
        raise RuntimeError(f"{caller} was not let in: {answer and answer.start}")

    async def quiet(self) -> None:
        """Nothing happens: what the machine and the callers themselves are to blame for."""
        marks, lines = self._marks(), self._server.output.mark
        await asyncio.sleep(self._seconds)
        self._judge("nothing", marks, lines)

    async def attacked(self, *attacks: str) -> None:
        """These attacks, one after the other, and what was noticed of each."""
        plan = Plan(
            attacks=attacks,
            port=self._server.sip_port,
            stranger=self._stranger,
            friend="127.0.0.1",
            refusing=REFUSING,
            login=LOGIN,
            seconds=self._seconds,
            per_s=self._per_s,
            victims=tuple(map(_victim, self._peers)),
        )
        marks, lines = self._marks(), self._server.output.mark
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.chaos.hostile.strangers"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{plan.json()}\n".encode())
        done = 0
        async for line in process.stdout:
            outcome, done = Outcome.read(line.decode()), done + 1
            self.faults += dict.fromkeys(outcome.taken)
            await self._still_serves(outcome.attack)
            await self._heard_on(marks)
            self._judge(outcome.words, marks, lines)
            marks, lines = self._marks(), self._server.output.mark
        if await process.wait() or done != len(attacks):
            self.faults.append(f"only {done} of {len(attacks)} attacks were carried out")

    async def _still_serves(self, attack: str) -> None:
        """A new call is taken: at once, or after so long, as where refused ones still hold slots."""
        began, told = time.monotonic(), ""
        while time.monotonic() - began < MOST_WAIT_S:
            peer = await Peer.open()
            try:
                answer = await peer.invite(REFUSING, self._server.sip_port)
            except TimeoutError:
                break
            finally:
                await peer.close()
            if answer.status == DECLINED:
                waited_s = time.monotonic() - began
                if waited_s > 1:
                    self._say(
                        f"{attack}: a new call was taken after {waited_s:.1f} s; before it was told {told}"
                    )
                return
            told = answer.start.removeprefix("SIP/2.0 ")
            await asyncio.sleep(0.1)
        self.faults.append(f"{attack}: no new call was taken within {MOST_WAIT_S:g} s")

    async def end(self) -> None:
        """Hang up; all rows have to be final, none a stranger's, and the processes the same."""
        for peer in self._peers:
            if peer.over.is_set():
                self.faults.append("a call ended by itself")
            elif (await peer.bye()).status != 200:
                self.faults.append("a call was not there any more when it was hung up")
            await peer.close()
        try:
            async with asyncio.timeout(QUIET_S):
                left = await asyncio.to_thread(self._open_rows)
                while left:
                    await asyncio.sleep(0.2)
                    left = await asyncio.to_thread(self._open_rows)
        except TimeoutError:
            self.faults.append(f"{left} rows are open")
        if known := len(await asyncio.to_thread(self._server.calls_to, STRANGERS)):
            self.faults.append(f"{known} calls of strangers have rows")
        if sorted(processes(self._server.process.pid)) != self._processes:
            self.faults.append("the server has other processes than before")

    def _open_rows(self) -> int:
        rows = [*self._server.calls_to(NUMBER), *self._server.calls_to(REFUSING)]
        return sum(row["status"] in RUNNING for row in rows)

    def _marks(self) -> list[int]:
        return [max(0, len(peer.heard) - 1) for peer in self._peers]

    async def _heard_on(self, marks: list[int]) -> None:
        """Return once each call was heard since then, or was not for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAST_HEARD_S):
                for peer, mark in zip(self._peers, marks, strict=True):
                    await peer.until(lambda: len(peer.heard) > mark + 2)  # noqa: B023

    def _judge(self, what: str, marks: list[int], before: int) -> None:
        lines = self._server.output.mark - before
        gaps = [
            max((later.at - earlier.at for earlier, later in pairwise(peer.heard[mark:])), default=9.9)
            for peer, mark in zip(self._peers, marks, strict=True)
        ]
        self._say(f"{what}: widest gap {1000 * max(gaps):.0f} ms, {lines} lines logged")
        if max(gaps) > self._most_gap_s:
            self.faults.append(f"{what}: a gap of {1000 * max(gaps):.0f} ms")
        if lines > self._most_lines:
            self.faults.append(f"{what}: {lines} lines in the log")


def _victim(peer: Peer) -> Victim:
    dialog, rtp = peer.dialog, peer.remote_rtp
    assert dialog is not None
    assert rtp is not None
    [answer] = [message for message in peer.messages if message.status == 200][:1]
    routes = list(reversed(answer.all("Record-Route")))
    return Victim(dialog.target, dialog.local, dialog.remote, dialog.call_id, routes, rtp)


def own_address() -> str:
    """An address of this machine that is not loopback. Nothing is sent to find it. Raises OSError where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])
