"""What processes cost, from /proc: CPU seconds, memory, descriptors, and how busy the machine is besides."""

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
PR_SET_PDEATHSIG, SIGKILL = 1, 9
SPIN = """
import ctypes, os
ctypes.CDLL(None).prctl(1, 9)
os.nice(19)
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while os.getppid() != 1: pass
"""


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    cpu_ticks: int
    """Its own and those of its children that have ended and were waited for."""


def _stat(pid: int) -> _Stat | None:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return _Stat(int(fields[1]), sum(int(field) for field in fields[11:15]))


def tree(roots: Sequence[int]) -> list[int]:
    """The processes and all their descendants that are alive."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            children.setdefault(stat.parent, []).append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        if (PROC / str(pid)).exists():
            found.append(pid)
        waiting += children.get(pid, [])
    return found


def cpu_s(roots: Sequence[int]) -> float:
    """User and system time of the processes and their descendants so far."""
    return sum(stat.cpu_ticks for pid in tree(roots) if (stat := _stat(pid)) is not None) / TICKS_PER_S


def pss_mb(pids: Sequence[int]) -> float:
    """What processes hold, shared pages divided among those who share them."""
    total_kb = 0
    for pid in pids:
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total_kb += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total_kb / 1024


def descriptors(pids: Sequence[int]) -> int:
    """How many files and sockets processes have open."""
    return sum(len(list((PROC / str(pid) / "fd").iterdir())) for pid in pids if (PROC / str(pid)).exists())


def commands(roots: Sequence[int]) -> dict[int, str]:
    """The command line of each process of a tree."""
    found = {}
    for pid in tree(roots):
        try:
            found[pid] = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
    return found


def machine_busy_s() -> float:
    """CPU seconds that the whole machine has worked, without what ran at the lowest priority."""
    fields = [int(field) for field in (PROC / "stat").read_text().splitlines()[0].split()[1:9]]
    user, _nice, system, _idle, _wait, interrupts, soft_interrupts, steal = fields
    return (user + system + interrupts + soft_interrupts + steal) / TICKS_PER_S


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent between two moments."""

    wall_s: float
    cpu_s: float
    """Of the watched processes."""
    machine_percent: float
    """Of the whole machine: 200 is two cores."""


class Watch:
    """Counts from its making on."""

    def __init__(self, roots: Sequence[int]) -> None:
        self._roots = tuple(roots)
        self._began_at, self._cpu_s, self._busy_s = time.monotonic(), cpu_s(self._roots), machine_busy_s()

    def spent(self) -> Spent:
        """Since then."""
        wall_s = time.monotonic() - self._began_at
        busy_s = machine_busy_s() - self._busy_s
        return Spent(wall_s, cpu_s(self._roots) - self._cpu_s, 100 * busy_s / wall_s)


@contextmanager
def cores_awake() -> Iterator[None]:
    """A block in which no core sleeps between packets, so that quiet and busy runs compare.

    One spinner a core in the scheduler's idle class, which anything else displaces. Without them the same server
    was seen to differ by 1.6 times from run to run.
    """
    spinners = [
        subprocess.Popen([sys.executable, "-c", SPIN], stdin=subprocess.DEVNULL)
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        yield
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()


def end_with_parent() -> None:
    """Have the kernel end this process when the one that started it is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGKILL)
