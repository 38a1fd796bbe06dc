"""Who is measured: Offhook, the floor, or another server; and what all of them need around them."""

import json
import re
import resource
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.server import Server, free_port, running_server

from bench.load.media import make_media
from bench.load.processes import commands, tree

START_S = 20.0
DIED = "ended with status"
WARNING = re.compile(r"\[(?:warning|error|critical) *\] (\S+)")
DESCRIPTORS = 65_536
RTP_PORTS = "20000-25999"
FLOOR_RTP_PORT = 26_000
MENU, MENU_WITH_STATUS, PLAY, FORK = "menu", "menu-status", "play", "fork"
BARGE_KEY, BARGE_SPEECH, PARK = "barge-key", "barge-speech", "park"
"""The user parts that are dialled."""


class ContenderDied(RuntimeError):
    """A server under load is gone."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server under load."""

    name: str
    host: str
    port: int
    roots: tuple[int, ...]
    """Its processes; their descendants belong to it."""

    def must_live(self) -> None:
        """Raises ContenderDied where none of its processes is alive."""
        if not tree(self.roots):
            raise ContenderDied(f"{self.name} is not running any more, so there is nothing to measure")

    def workers(self) -> list[int]:
        """The processes that hold calls; all of them where they cannot be told apart."""
        found = [
            pid for pid, command in commands(self.roots).items() if "offhook.processes.worker" in command
        ]
        return found or tree(self.roots)


@dataclass(frozen=True, slots=True)
class Helper:
    """A process of the bench that is not counted."""

    port: int

    @property
    def url(self) -> str:
        """Where it answers HTTP."""
        return f"http://127.0.0.1:{self.port}"

    def counted(self, *, reset: bool = False) -> dict[str, int]:
        """What it counted since the last reset."""
        with urllib.request.urlopen(f"{self.url}/{'reset' if reset else 'stats'}", timeout=10) as answer:
            return {str(name): int(count) for name, count in json.loads(answer.read()).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A server that was started by somebody else."""

    host: str
    port: int
    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the load runs share."""

    application: Helper
    sink: Helper
    media: Path
    other: Other | None
    """Measured in the place of Offhook."""
    deaths: list[str] = field(default_factory=list)
    """What the supervisor said of processes of Offhook that died under load."""
    warnings: Counter[str] = field(default_factory=Counter)
    """How often Offhook's log has which warning or error."""


def raise_descriptor_limit() -> None:
    """Let this process and its children open enough files for hundreds of calls."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


@contextmanager
def stage(*, other: Other | None, application_port: int = 0, sink_port: int = 0) -> Iterator[Stage]:
    """A block with the application, the sink and the sounds; ports of 0 are any free ones."""
    raise_descriptor_limit()
    with tempfile.TemporaryDirectory(prefix="offhook-bench-media-") as folder, ExitStack() as stack:
        media = Path(folder)
        make_media(media)
        application = stack.enter_context(
            _process("application", "--port", str(application_port), "--media", folder)
        )
        sink = stack.enter_context(_process("sink", "--port", str(sink_port)))
        yield Stage(
            application=Helper(application[1]),
            sink=Helper(sink[1]),
            media=media,
            other=other,
        )


@contextmanager
def offhook(
    around: Stage, settings: Mapping[str, str] | None = None, *, data: Path | None = None
) -> Iterator[tuple[Contender, Server]]:
    """A block with a server that has the numbers of the bench, fresh unless `data` is the folder of its database.
    `settings` are OFFHOOK_… without the prefix."""
    chosen = {
        "RTP_PORTS": RTP_PORTS,
        "LOG_LEVEL": "warning",
        "DEMO": "0",
        # Parked callers of the flood send no audio, and stay for minutes.
        "MEDIA_TIMEOUT_S": "0",
        **(settings or {}),
    }
    with (
        tempfile.TemporaryDirectory(prefix="offhook-bench-data-") as folder,
        running_server(data or Path(folder), **chosen) as server,
    ):
        give_numbers(server, around.application.url)
        try:
            yield Contender("offhook", "127.0.0.1", server.sip_port, (server.process.pid,)), server
        finally:
            lines = server.output.text.splitlines()
            around.deaths.extend(line for line in lines if DIED in line)
            around.warnings.update(found[1] for line in lines if (found := WARNING.search(line)))


def give_numbers(server: Server, application: str) -> None:
    """Have the numbers of the bench answered by its application."""
    server.give_number(MENU, f"{application}/menu.xml")
    server.give_number(MENU_WITH_STATUS, f"{application}/menu.xml", StatusCallback=f"{application}/status")
    for name in (PLAY, FORK, BARGE_KEY, BARGE_SPEECH, PARK):
        server.give_number(name, f"{application}/{name}.xml")


@contextmanager
def floor(around: Stage) -> Iterator[Contender]:
    """A block with the floor."""
    sip_port = free_port(socket.SOCK_DGRAM)
    arguments = (
        *("--sip-port", str(sip_port), "--rtp-port", str(FLOOR_RTP_PORT)),
        *("--application", around.application.url, "--sink", f"127.0.0.1:{around.sink.port}"),
        *("--media", str(around.media)),
    )
    with _process("floor", *arguments) as (pid, port):
        yield Contender("floor", "127.0.0.1", port, (pid,))


@contextmanager
def contenders(around: Stage, settings: Mapping[str, str] | None = None) -> Iterator[list[Contender]]:
    """A block with all that are compared: Offhook, or the other server in its place, and the floor."""
    with ExitStack() as stack:
        if around.other is not None:
            first = Contender("other", around.other.host, around.other.port, around.other.roots)
        else:
            first, _ = stack.enter_context(offhook(around, settings))
        yield [first, stack.enter_context(floor(around))]


@contextmanager
def _process(module: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """A block with a process of `bench.load`; its pid and the port that it says."""
    process = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-W", "ignore", "-m", f"bench.load.{module}", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process.pid, _said_port(process, module)
    finally:
        if process.poll() is not None:
            print(f"the bench's {module} had ended with status {process.returncode}", file=sys.stderr)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _said_port(process: subprocess.Popen[str], module: str) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return int(line.split()[1])
    raise RuntimeError(f"the bench's {module} did not start; it ended with status {process.wait(START_S)}")
