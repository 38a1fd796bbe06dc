"""The folder of a run goes with the server, however that ended."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from offhook.run_folder import LOCK, run_folder

HOLDS_ONE = """
from pathlib import Path
from offhook import run_folder
run_folder.MEMORY_FOLDER = Path({parent!r})
with run_folder.run_folder() as folder:
    (folder / "certificates").mkdir()
    (folder / "certificates" / "key.pem").touch()
    print(folder, flush=True)
    input()
"""


@pytest.fixture(autouse=True)
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("offhook.run_folder.MEMORY_FOLDER", tmp_path)
    return tmp_path


def test_it_is_ours_alone_and_gone_at_the_end(parent: Path) -> None:
    with run_folder() as folder:
        assert folder.parent == parent
        assert folder.stat().st_mode & 0o777 == 0o700
        with run_folder() as second:
            assert folder.is_dir()
            assert second != folder
    assert list(parent.iterdir()) == []


def test_what_a_killed_server_leaves_behind_is_taken_away_by_the_next(parent: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS_ONE.format(parent=str(parent))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        left = Path(server.stdout.readline().strip())
        with run_folder():
            assert (left / "certificates" / "key.pem").exists(), "its server runs"
        os.kill(server.pid, signal.SIGKILL)
    with run_folder():
        assert not left.exists()


def test_folders_of_others_are_left_alone(parent: Path) -> None:
    elsewhere = parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / LOCK).touch()
    (parent / "offhook-link").symlink_to(elsewhere)
    (parent / "offhook-without-a-lock").mkdir()
    (parent / "offhook-lock-is-a-link").mkdir()
    (parent / "offhook-lock-is-a-link" / LOCK).symlink_to(elsewhere / LOCK)
    before = set(parent.iterdir())
    with run_folder():
        pass
    assert set(parent.iterdir()) == before
    with (elsewhere / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
