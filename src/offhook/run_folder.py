"""The folder of a run: what the processes of one server share, with secrets in it. It is taken away at the end, and what a server left
behind that was killed is taken away by the next."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY_FOLDER = Path("/dev/shm")
PREFIX, LOCK = "offhook-", "lock"


@contextmanager
def run_folder() -> Iterator[Path]:
    """A block in which there is one. Sounds are played from it, so it lies in memory where that is possible; only we may look
    into it. Raises OSError."""
    parent = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else Path(tempfile.gettempdir())
    _clear_away(parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with (folder / "fresh").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "fresh").rename(folder / LOCK)  # nobody finds it before it is ours
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_away(parent: Path) -> None:
    """Take away folders of our own whose server has ended: its lock went with it, however it ended."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            with open(os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW), "rb+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
