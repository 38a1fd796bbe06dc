"""A speech process as its supervisor runs it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_S = 20.0


@dataclass(frozen=True, slots=True)
class SpeechProcess:
    """A running one."""

    path: Path
    """Its socket."""
    process: subprocess.Popen[bytes]
    control: socket.socket

    def kill(self) -> None:
        """Let it die without warning."""
        self.process.kill()
        self.process.wait(START_S)

    def ask_to_stop(self) -> int:
        """Tell it to stop; its exit status."""
        self.control.sendall(json.dumps({"stop": True}).encode() + b"\n")
        return self.process.wait(START_S)

    def vanish_above(self) -> int:
        """Close the control channel, as a dying supervisor does; its exit status."""
        self.control.close()
        return self.process.wait(START_S)

    def interrupt(self) -> None:
        """Send the signals that a terminal sends to the whole group."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self.process.send_signal(number)


@contextmanager
def speech_process(kind: str, path: Path, *arguments: str) -> Iterator[SpeechProcess]:
    """A block in which a speech process runs and accepts connections."""
    ours, theirs = socket.socketpair()
    ours.settimeout(START_S)
    with ours:
        with theirs:
            process = subprocess.Popen(
                (
                    *(sys.executable, "-m", "offhook.vendors.embedded.server"),
                    *("--kind", kind, "--socket", str(path), *arguments),
                ),
                env={**os.environ, "OFFHOOK_CONTROL_FD": str(theirs.fileno())},
                pass_fds=(theirs.fileno(),),
            )
        try:
            assert json.loads(ours.recv(100)) == {"ready": True}
            yield SpeechProcess(path, process, ours)
        finally:
            ours.close()
            process.wait(START_S)
