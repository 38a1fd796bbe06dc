"""Callers: SIPp, at a steady rate, each call from a number of its own, in processes that end by themselves."""

import asyncio
import re
import signal
import time
from asyncio.subprocess import DEVNULL, Process, create_subprocess_exec
from collections.abc import Sequence
from pathlib import Path

from tests.system.server import free_udp_ports

SCENARIO = Path(__file__).parent / "caller.xml"
AT_ONCE = 200
LINGER_S = 60
"""How long the last calls may take after the last one began."""
GIVE_UP_S = 5.0


class Callers:
    """As many crowds as there are SIP ports to call."""

    def __init__(self, folder: Path, *, number: str) -> None:
        self._folder = folder
        self._number = number
        self._crowds: list[Process] = []
        self._over_at = 0.0

    async def begin(self, sip_ports: Sequence[int], *, calls_each: int, rate_each: float) -> None:
        """Have so many calls made to each port, so many new ones a second."""
        self._over_at = time.monotonic() + calls_each / rate_each + LINGER_S
        for index, port in enumerate(sip_ports):
            folder = self._folder / f"callers-{index}"
            folder.mkdir()
            arguments = {
                "-sf": SCENARIO,
                "-s": self._number,
                "-key": f"run crowd{index}",
                "-i": "127.0.0.1",
                "-m": calls_each,
                "-r": rate_each,
                "-l": AT_ONCE,
                "-mp": free_udp_ports(4),
                "-p": free_udp_ports(1),
                "-log_file": "heard.log",
                "-trace_logs": "",
                "-nostdin": "",
            }
            words = [word for name, value in arguments.items() for word in (name, *str(value).split())]
            self._crowds.append(
                await create_subprocess_exec(
                    "sipp",
                    *words,
                    f"127.0.0.1:{port}",
                    cwd=folder,
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    stderr=DEVNULL,
                )
            )

    async def over(self) -> None:
        """Return when all have ended. Who still waits for an answer that will never come is told to give up."""
        waits = [asyncio.create_task(crowd.wait()) for crowd in self._crowds]
        for patience_s in (max(0.0, self._over_at - time.monotonic()), GIVE_UP_S, GIVE_UP_S):
            _, waiting = await asyncio.wait(waits, timeout=patience_s)
            if not waiting:
                return
            for crowd in self._crowds:
                if crowd.returncode is None:
                    crowd.send_signal(signal.SIGUSR1)  # the first lets calls end, the second does not
        self.end()
        await asyncio.wait(waits)

    def end(self) -> None:
        """End those that still run."""
        for crowd in self._crowds:
            if crowd.returncode is None:
                crowd.kill()

    def silent(self) -> list[str]:
        """The crowds of which nobody heard anything: they could not even begin."""
        logs = (folder / "heard.log" for folder in sorted(self._folder.glob("callers-*")))
        return [log.parent.name for log in logs if not log.exists() or not log.stat().st_size]

    def heard(self) -> dict[str, set[str]]:
        """The numbers of those who heard it ring, and of those who were answered."""
        found: dict[str, set[str]] = {"rang": set(), "answered": set()}
        for log in self._folder.glob("callers-*/heard.log"):
            for what, number in re.findall(r"(rang|answered) (\S+)", log.read_text(errors="replace")):
                found[what].add(number)
        return found
