"""Offhook as an operator runs it: `offhook serve` in a process of its own, on free ports of loopback."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

START_S = 120.0
STOP_S = 60.0
WRITTEN_S, LOOK_EVERY_S = 20.0, 0.05
STOPPED, CUT_SHORT = 0, 3
"""How a server ends that is told to stop: without harm to a call, or having ended some."""
RUNNING = ("queued", "ringing", "in-progress")
ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"


PORTS = range(26_000, 32_700)
"""Below the ports that the system gives away by itself: a connection to elsewhere never holds one of them."""
_TURN = itertools.count(os.getpid() * 97, 101)
"""Steps that leave the ports behind each to the workers of a server, which take them in a row."""


def free_port(kind: socket.SocketKind) -> int:
    """One that is free now, and that no other process of a run of tests is likely to look at."""
    while True:
        port = PORTS[next(_TURN) % len(PORTS)]
        with socket.socket(socket.AF_INET, kind) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def free_sip_port() -> int:
    """One that is free over UDP and over TCP, on all addresses."""
    while True:
        port = free_port(socket.SOCK_DGRAM)
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


def free_udp_ports(count: int) -> int:
    """The first of `count` UDP ports in a row that are free now."""
    while True:
        first = free_port(socket.SOCK_DGRAM)
        try:
            for port in range(first, first + count):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                    probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        return first


CLAIMED: dict[str, socket.socket] = {}
"""What keeps each range of audio ports for this run of tests, until its server is stopped or the run ends."""
RANGES = range(15_000, 20_800, 201)
"""Where they begin: below the ports that the system gives away by itself, and beside those of `test_edge`, of `RealWorld` (from 21000 on)
and of the chaos runs (from 24000 on)."""


def rtp_ports() -> str:
    """A range of 200 UDP ports that no other run of tests on this machine has: who claims one binds the port above it."""
    for first in RANGES:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind(("127.0.0.1", first + 200))
        except OSError:
            claim.close()
            continue
        ports = f"{first}-{first + 199}"
        CLAIMED[ports] = claim
        return ports
    raise OSError("no range of audio ports is left for tests")


class Output:
    """What a process prints, line by line, to be waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._is_over = False
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                with self._more:
                    self._lines.append(line)
                    self._more.notify_all()
        with self._more:
            self._is_over = True
            self._more.notify_all()

    @property
    def text(self) -> str:
        with self._more:
            return "".join(self._lines)

    @property
    def mark(self) -> int:
        """Where it stands now, for `until(…, since=mark)`."""
        with self._more:
            return len(self._lines)

    def until(self, text: str, *, since: int = 0, within_s: float = START_S) -> str:
        """The first line with `text` in it; fails when the output ends or the time is up without one."""

        def found() -> str | None:
            return next((line for line in self._lines[since:] if text in line), None)

        with self._more:
            self._more.wait_for(lambda: found() or self._is_over, timeout=within_s)
            line = found()
        assert line is not None, f"{text!r} was not said within {within_s:g} s:\n{self.text[-4000:]}"
        return line


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen[str]
    output: Output
    http_port: int
    sip_port: int
    data_dir: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def account_path(self) -> str:
        return f"/restcomm/2012-04-24/Accounts/{ACCOUNT_SID}"

    def get(self, path: str, **query: str) -> Any:
        """What REST answers under the account, as JSON."""
        answer = httpx2.get(
            self.url + self.account_path + path,
            params=query,
            auth=(ACCOUNT_SID, TOKEN),
            headers={"Accept": "application/json"},
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **form: str) -> httpx2.Response:
        """POST a form to a path under the account."""
        return httpx2.post(
            self.url + self.account_path + path,
            data=form,
            auth=(ACCOUNT_SID, TOKEN),
            headers={"Accept": "application/json"},
            trust_env=False,
        )

    def give_number(self, name: str, voice_url: str, **more: str) -> None:
        """Have calls to `name` answered by the application at `voice_url`."""
        answer = self.post(
            "/IncomingPhoneNumbers", PhoneNumber=name, isSIP="true", VoiceUrl=voice_url, **more
        )
        assert answer.status_code == 200, answer.text

    def calls_to(self, name: str) -> list[dict[str, Any]]:
        return list(self.get("/Calls", To=name)["calls"])

    def call_to(self, name: str) -> dict[str, Any]:
        """The one call to `name`, once its end is written: a caller hears of it a moment before."""
        pause, tries = threading.Event(), int(WRITTEN_S / LOOK_EVERY_S)
        for _ in range(tries):
            calls = self.calls_to(name)
            if calls and calls[0]["status"] not in RUNNING:
                break
            pause.wait(LOOK_EVERY_S)
        [call] = self.calls_to(name)
        return call

    def running_call_to(self, name: str) -> dict[str, Any]:
        """The one call to `name`, once it can be looked up: its far end hears the answer a moment before."""
        pause, tries = threading.Event(), int(WRITTEN_S / LOOK_EVERY_S)
        for _ in range(tries):
            if self.calls_to(name):
                break
            pause.wait(LOOK_EVERY_S)
        [call] = self.calls_to(name)
        return call

    def gathers_of(self, call_sid: str) -> list[dict[str, Any]]:
        return list(self.get("/Gathers/Speech", CallSid=call_sid, Extended="true")["gathers"])

    def notifications_of(self, call_sid: str) -> list[dict[str, Any]]:
        return list(self.get(f"/Calls/{call_sid}/Notifications")["notifications"])

    def children(self) -> dict[str, int]:
        """The process ids of the server's processes, by what they run; of several workers, the last."""
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                command = (entry / "cmdline").read_bytes().split(b"\0")
            except (OSError, ValueError):
                continue
            if parent == self.process.pid and any(command):  # one that is just dead has no words any more
                words = [word.decode() for word in command]
                name = words[words.index("--kind") + 1] if "--kind" in words else words[2].rpartition(".")[2]
                found[name] = int(entry.name)
        return found

    def stop(self) -> int:
        """End it as an operator does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S)


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment of a server for tests; `settings` are OFFHOOK_… without the prefix."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")}
    chosen = {
        "DATA_DIR": str(data_dir),
        "HTTP_PORT": str(free_port(socket.SOCK_STREAM)),
        "SIP_PORT": str(free_sip_port()),
        "ACCOUNT_SID": ACCOUNT_SID,
        "AUTH_TOKEN": TOKEN,
        "DEV": "1",
        **settings,
    }
    return {**clean, **{f"OFFHOOK_{name}": value for name, value in chosen.items()}}


@contextmanager
def running_server(data_dir: Path, **settings: str) -> Iterator[Server]:
    """A block in which a server runs and is ready."""
    own = {} if "RTP_PORTS" in settings else {"RTP_PORTS": rtp_ports()}
    chosen = environment(data_dir, **settings, **own)
    process = subprocess.Popen(
        [sys.executable, "-m", "offhook", "serve"],
        env=chosen,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    server = Server(
        process=process,
        output=Output(process),
        http_port=int(chosen["OFFHOOK_HTTP_PORT"]),
        sip_port=int(chosen["OFFHOOK_SIP_PORT"]),
        data_dir=data_dir,
    )
    try:
        server.output.until("Offhook is ready.")
        yield server
    finally:
        status = server.stop()
        if (claim := CLAIMED.pop(own.get("RTP_PORTS", ""), None)) is not None:
            claim.close()
        assert status in (STOPPED, CUT_SHORT), (
            f"the server ended with {status}:\n{server.output.text[-4000:]}"
        )
