"""Facts on disk while the database is away.

One file a worker, one line a fact, each with a checksum: a line that a crash cut short is known for what it is. The
first line says whose facts these are. A living worker holds a lock on its file, which ends with its process however that
dies; whoever gets the lock of a file that was left behind writes its facts into the database in its stead.
"""

import contextlib
import errno
import fcntl
import json
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from offhook.records.entry import Entry
from offhook.records.fact_codec import decode, encode

SUFFIX = ".journal"

_AS_JSON = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: `json.dumps` would make one for each line."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Whose facts a journal holds; what stands on the calls that are written from it."""

    worker_id: str
    instance_id: str
    fence: int = 0


class JournalTaken(Exception):
    """The journal's worker lives: it writes its facts itself."""


class LockedFile:
    """A file of lines that belongs to one living process, and says in its first line whose facts it holds."""

    def __init__(self, path: Path, author: Author) -> None:
        """Made under a name that nobody looks for, so that nobody finds it before it is locked. Raises OSError."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = path.with_suffix(".new")
        self._file = made.open("w+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            first = _line(asdict(author))
            self._write(first, is_settled=True)
            made.rename(path)
            _settle(path.parent)
        except OSError:
            self._file.close()
            made.unlink(missing_ok=True)
            raise
        self._first_bytes = len(first)
        self.size = len(first)

    def append(self, lines: bytes, *, is_settled: bool) -> None:
        """Add lines, all of them or none; `is_settled` returns once they are on the disk. Raises OSError."""
        try:
            self._write(lines, is_settled=is_settled)
        except OSError:
            with contextlib.suppress(OSError):
                self._cut(self.size)
            raise
        self.size += len(lines)

    def empty(self) -> None:
        """Take all lines out but the first."""
        with contextlib.suppress(OSError):
            self._cut(self._first_bytes)
            self.size = self._first_bytes

    def remove(self) -> None:
        """There is nothing in it that anybody needs."""
        self.path.unlink(missing_ok=True)
        self._file.close()

    def close(self) -> None:
        """Let go of the file, which stays."""
        self._file.close()

    def _write(self, content: bytes, *, is_settled: bool) -> None:
        if self._file.write(content) != len(content):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if is_settled:
            os.fsync(self._file.fileno())

    def _cut(self, size: int) -> None:
        self._file.truncate(size)
        self._file.seek(size)


class Journal:
    """The journal of one worker. There is no file while there is nothing in it. For one thread."""

    def __init__(self, folder: Path, author: Author) -> None:
        self.author = author
        self._path = folder / f"{author.worker_id}{SUFFIX}"
        self._file: LockedFile | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return self._file is None

    def append(self, entries: Sequence[Entry]) -> None:
        """Keep facts; they are on the disk when this returns. Raises OSError, and then none of them is kept."""
        if self._file is None:
            self._file = LockedFile(self._path, self.author)
        self._file.append(b"".join(map(line_of, entries)), is_settled=True)

    def entries(self) -> Iterator[Entry]:
        """All that was appended, in order."""
        if self._file is not None:
            yield from _entries(self._path)

    def clear(self) -> None:
        """All of it is in the database."""
        if self._file is not None:
            self._file.remove()
            self._file = None

    def close(self) -> None:
        """Let go of the file. What is in it stays."""
        if self._file is not None:
            self._file.close()
            self._file = None


class LeftBehind:
    """A file whose worker is gone, held for as long as this is open. Raises JournalTaken, OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("rb")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise JournalTaken(path.name) from error
        first = next(_lines(path), None)
        self.author = Author(**first) if first is not None else None
        """None for a file in which nothing can be read."""

    def entries(self) -> Iterator[Entry]:
        """Its facts, in order."""
        return _entries(self._path)

    def remove(self) -> None:
        """All of it is in the database."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()


def worker_of(path: Path) -> str:
    """The worker whose file lies at `path`."""
    return path.stem


def journals(folder: Path, suffix: str = SUFFIX) -> list[Path]:
    """The journals in a folder, or other files of that kind, oldest first."""
    found: list[tuple[float, Path]] = []
    for path in folder.glob(f"*{suffix}"):
        with contextlib.suppress(FileNotFoundError):  # it was emptied just now
            found.append((path.stat().st_mtime, path))
    return [path for _, path in sorted(found)]


def line_of(entry: Entry) -> bytes:
    """A fact as a line of a file."""
    return _line({"id": entry.id, **encode(entry.fact)})


def _line(content: dict[str, Any]) -> bytes:
    text = _AS_JSON(content).encode("ascii")
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """What the file's lines say, up to one that is damaged: nothing was promised about what lies behind it."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            checksum, _, text = line.rstrip(b"\n").partition(b" ")
            if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(text):
                log.warning("journal.damaged", journal=path.name, line=number, why="cut short or altered")
                return
            yield json.loads(text)


def _entries(path: Path) -> Iterator[Entry]:
    lines = _lines(path)
    next(lines, None)
    for number, content in enumerate(lines, 2):
        try:
            yield Entry(decode(content), content["id"])
        except (KeyError, TypeError, ValueError) as error:
            log.error("journal.unreadable_fact", journal=path.name, line=number, error=repr(error))


def _settle(folder: Path) -> None:
    """Have the folder's new entry on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
