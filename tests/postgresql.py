"""A real PostgreSQL for tests, from Debian's package: on loopback, in a folder of its own, gone with the test run.

with running_postgresql() as server:
    url = server.create("calls")      # a new empty database
    server.stop_now()                 # dies as in a crash; connections break
    server.start_again()              # at the same address, with the same data
    server.suspend()                  # takes connections and answers nobody, as a machine that hangs
    server.resume()
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import psycopg
from psycopg import sql

START_WITHIN_S = 60.0
BINARIES = "/usr/lib/postgresql"
SUPERUSER = "postgres"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "10min",
}
# The shell ends the server when its own input does: when this process asks for it, and when it dies.
_KEPT = '"$@" & server=$!; read -r _; kill -QUIT $server; kill -CONT $server; wait $server'


class PostgresqlServer:
    """A server whose life is in the hands of a test."""

    def __init__(self, folder: Path, owner: str | None) -> None:
        self.port = _free_port()
        self._data = folder / "data"
        self._log = folder / "log"
        self._folder = folder
        self._owner = owner
        self._shell: subprocess.Popen[bytes] | None = None

    def url(self, name: str = "postgres") -> str:
        """The URL of the database `name`, there or not."""
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, *, template: str = "template1") -> str:
        """Create the database `name`, as a copy of `template`, which nobody may be using; returns its URL."""
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._do(words.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        """Delete the database `name` and cut off who still uses it."""
        self._do(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop_now(self) -> None:
        """End the server as a crash does: nobody is waited for. Does nothing for one that does not run."""
        if self._shell is None:
            return
        assert self._shell.stdin
        self.resume()  # what stands still cannot end
        self._shell.stdin.close()
        self._shell.wait(START_WITHIN_S)
        self._shell = None

    def start_again(self) -> None:
        """Start the server where it was; returns when it takes connections. Does nothing for one that runs."""
        if self._shell is not None:
            return
        command = [_binary("postgres"), "-D", str(self._data), "-p", str(self.port), "-k", str(self._folder)]
        command += [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", _KEPT, "sh", *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                user=self._owner,
                group=self._owner,
                extra_groups=[] if self._owner else None,
                start_new_session=True,  # Ctrl-C at the tests is none of its business
            )
        self._wait_until_ready()

    def suspend(self) -> None:
        """Stop all its processes where they stand, until `resume`."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let suspended processes go on."""
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def _pids(self) -> list[int]:
        """The server's first process and those that it started, one for each connection among them."""
        first = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]

    def _do(self, words: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(words)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_WITHIN_S
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                assert self._shell is not None
                if self._shell.poll() is not None or time.monotonic() > deadline:
                    log = self._log.read_text(errors="replace")[-2000:]
                    raise AssertionError(f"PostgreSQL does not start: {error}\n{log}") from error
                Event().wait(0.05)


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    """A server of its own, running; it and its data are gone after the block."""
    owner = SUPERUSER if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="offhook-postgresql-"))
    try:
        if owner is not None:
            _give_to(owner, folder)
        how = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        subprocess.run(
            [_binary("initdb"), "-D", str(folder / "data"), *how],
            user=owner,
            group=owner,
            extra_groups=[] if owner else None,
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        server = PostgresqlServer(folder, owner)
        try:
            server.start_again()
            yield server
        finally:
            server.stop_now()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary(name: str) -> str:
    found = sorted(Path(BINARIES).glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    assert found, f"no {name} under {BINARIES}: install Debian's package `postgresql` (make test does)"
    return str(found[-1])


def _give_to(owner: str, folder: Path) -> None:
    entry = pwd.getpwnam(owner)
    os.chown(folder, entry.pw_uid, entry.pw_gid)


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port: int = server.getsockname()[1]
        return port
