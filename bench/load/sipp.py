"""One run of sipp: a scenario, how many calls at what rate, and what it saw."""

import csv
import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.load.processes import cpu_s

SCENARIOS = Path(__file__).parent / "scenarios"
MEDIA_PORTS = range(11000, 17000, 100)
"""Where a run may begin to look for audio ports; the next runs begin elsewhere, as ports are let go late."""
POLL_S = 0.1
HARMLESS = "SIPp now prefers looking for pcap files"
GRACE_S = 30.0
"""How long sipp may take longer than it was given before it is killed."""


class SippFailed(RuntimeError):
    """sipp is not installed, or could not begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What sipp shall do."""

    scenario: str
    """A file of `scenarios`, without its extension."""
    host: str
    port: int
    user: str
    """The user part that is dialled."""
    calls: int
    rate: float
    """New calls a second."""
    at_once: int
    """The most calls that may be up."""
    hold_s: float = 0.0
    """How long the scenario pauses, where it does."""
    within_s: float = 120.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What sipp saw."""

    succeeded: int
    failed: int
    retransmissions: int
    delays_ms: dict[int, list[float]]
    """By the scenario's timer."""
    cpu_s: float
    """What sipp itself took."""
    faults: str
    """The beginning of its error log."""


class Sipp:
    """A running sipp."""

    def __init__(self, load: Load, media: Path) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="offhook-bench-sipp-"))
        (self._folder / "media").symlink_to(media.resolve())
        self._deadline = time.monotonic() + load.within_s + GRACE_S
        self._cpu_s = 0.0
        program = shutil.which("sipp")
        if program is None:
            raise SippFailed("sipp is not installed; on Debian: apt-get install sip-tester")
        self._process = subprocess.Popen(
            [program, *_arguments(load)],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "stderr.txt").open("wb"),
        )

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return self._process.poll() is None

    def wait(self, meanwhile: Callable[[], None] | None = None) -> None:
        """Return when it has ended; it is killed when it takes too long. `meanwhile` is done every 0.1 s."""
        while self.is_running:
            self._cpu_s = cpu_s([self._process.pid]) or self._cpu_s
            if meanwhile is not None:
                meanwhile()
            if time.monotonic() > self._deadline:
                self._process.kill()
            time.sleep(POLL_S)

    def end(self) -> None:
        """Kill it if it still runs, and forget its files."""
        if self.is_running:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def outcome(self) -> Outcome:
        """What it saw. Raises SippFailed where it could not begin."""
        rows = self._statistics()
        log = self._folder / "errors.log"
        lines = log.read_text("utf-8", "replace").splitlines()[1:] if log.exists() else []
        faults = "\n".join(line for line in lines if HARMLESS not in line)[:600]
        if not rows or int(rows[-1]["TotalCallCreated"]) == 0:
            said = (self._folder / "stderr.txt").read_text("utf-8", "replace").strip()[-400:]
            raise SippFailed(f"sipp ended with status {self._process.returncode} at once: {said or faults}")
        last = rows[-1]
        return Outcome(
            succeeded=int(last["SuccessfulCall(C)"]),
            failed=int(last["FailedCall(C)"]),
            retransmissions=int(last["Retransmissions(C)"]),
            delays_ms=self._delays(),
            cpu_s=self._cpu_s,
            faults=faults,
        )

    def _statistics(self) -> list[dict[str, str]]:
        path = self._folder / "statistics.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))

    def _delays(self) -> dict[int, list[float]]:
        found: dict[int, list[float]] = {}
        for path in self._folder.glob("*_rtt.csv"):
            for line in path.read_text().splitlines()[1:]:
                fields = line.split(";")
                if len(fields) >= 3:
                    found.setdefault(int(fields[2].strip('"')), []).append(float(fields[1]))
        return found


def _arguments(load: Load) -> list[str]:
    options: dict[str, object] = {
        "-sf": SCENARIOS / f"{load.scenario}.xml",
        "-s": load.user,
        "-i": "127.0.0.1",
        "-p": _free_udp_port(),
        "-mi": "127.0.0.1",
        "-mp": _free_media_port(),
        "-m": load.calls,
        "-r": round(load.rate),
        "-l": load.at_once,
        "-d": round(load.hold_s * 1000),
        "-timer_resol": 1,
        "-stf": "statistics.csv",
        "-fd": 1,
        "-rtt_freq": 1,
        "-error_file": "errors.log",
        "-timeout": f"{round(load.within_s)}s",
        "-max_socket": 20000,
    }
    return [
        f"{load.host}:{load.port}",
        *(str(part) for option in options.items() for part in option),
        *("-nostdin", "-trace_stat", "-trace_rtt", "-trace_err"),
    ]


def _free_media_port() -> int:
    """The first port of a stretch that nobody seems to use."""
    for first in random.sample(MEDIA_PORTS, len(MEDIA_PORTS)):
        if all(_is_free(port) for port in range(first, first + 4)):
            return first
    raise SippFailed(f"no UDP ports are free between {MEDIA_PORTS.start} and {MEDIA_PORTS.stop}")


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sipp(load: Load, media: Path) -> Iterator[Sipp]:
    """A block in which sipp runs; it is gone at its end."""
    running = Sipp(load, media)
    try:
        yield running
    finally:
        running.end()
