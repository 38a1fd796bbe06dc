"""A backup in one file: a tar packed with gzip, the same for every database and readable without Offhook.

    offhook.db        all rows, in SQLite, whatever the database is
    recordings/…      as they lie in the data folder
    secret.key        only where it was asked for
    manifest.json     version, revision, rows of each table, size and SHA-256 of each file

It is written under another name and gets its own when it is whole, so there is never half a backup. It is read into a
folder and looked over to the last byte before anything is done with it.
"""

import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from offhook.call.errors import OffhookError

FORMAT = 1
DATABASE, RECORDINGS, SECRET_KEY, MANIFEST = "offhook.db", "recordings", "secret.key", "manifest.json"
_CHUNK = 1 << 20
_MOST_MANIFEST_BYTES = 256 << 20
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, KeyError, TypeError)


class ArchiveUnusable(OffhookError):
    """A backup cannot be made or read; the message says why."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an archive."""

    version: str
    """The version of Offhook that made it."""
    revision: str
    """Of the database's structure."""
    tables: dict[str, int]
    """Rows by table."""
    made_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    format: int = FORMAT
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Size in bytes and SHA-256 of each file, by its name in the archive."""

    @property
    def recordings(self) -> int:
        """How many files are recordings."""
        return sum(1 for name in self.files if name.startswith(f"{RECORDINGS}/"))


class ArchiveWriter:
    """Adds files to an archive that is being made."""

    def __init__(self, tar: tarfile.TarFile, scratch: Path) -> None:
        self._tar = tar
        self._scratch = scratch
        self._files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> bool:
        """Add a file as it is now, though it may be growing; False for one that is gone."""
        copy = self._scratch / "adding"
        try:
            with path.open("rb") as source, copy.open("wb") as target:
                size, digest = _copy(source, target)
        except FileNotFoundError:
            return False
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(path.stat().st_mtime) if path.exists() else 0
        with copy.open("rb") as source:
            self._tar.addfile(info, source)
        self._files[name] = {"bytes": size, "sha256": digest}
        return True

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest, which says what else was added."""
        manifest.files.update(self._files)
        text = json.dumps(asdict(manifest), indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size, info.mode = len(text), 0o600
        self._tar.addfile(info, io.BytesIO(text))


@contextmanager
def writing_archive(file: Path, scratch: Path) -> Iterator[ArchiveWriter]:
    """A block that makes `file`; `scratch` is an empty folder beside it. Nothing is left of one that raises."""
    unfinished = scratch / "archive"
    with _new_file(unfinished) as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=6, format=tarfile.PAX_FORMAT) as tar:
            yield ArchiveWriter(tar, scratch)
        raw.flush()
        os.fsync(raw.fileno())
    unfinished.replace(file)


def read_archive(file: Path, into: Path) -> Manifest:
    """Unpack an archive into an empty folder and compare all of it with its manifest. Raises ArchiveUnusable."""
    if not file.is_file():
        raise ArchiveUnusable(f"there is no file {file}")
    try:
        found = _unpack(file, into)
        with (into / MANIFEST).open("rb") as source:
            manifest = Manifest(**json.loads(source.read(_MOST_MANIFEST_BYTES)))
    except FileNotFoundError:
        raise ArchiveUnusable(
            f"{file} is no backup of Offhook, or its end is missing: it has no manifest"
        ) from None
    except _DAMAGE as error:
        raise ArchiveUnusable(f"{file} is damaged, or no backup of Offhook: {error}") from None
    if manifest.format != FORMAT:
        raise ArchiveUnusable(
            f"{file} was made by Offhook {manifest.version}, in a form that this version does not know"
        )
    del found[MANIFEST]
    wrong = sorted(
        name for name in found.keys() | manifest.files.keys() if found.get(name) != manifest.files.get(name)
    )
    if wrong:
        raise ArchiveUnusable(
            f"{file} is damaged: {wrong[0]} is not what the manifest says"
            + (f", nor are {len(wrong) - 1} others" if len(wrong) > 1 else "")
        )
    if DATABASE not in found:
        raise ArchiveUnusable(f"{file} has no {DATABASE} in it")
    return manifest


def _unpack(file: Path, into: Path) -> dict[str, dict[str, Any]]:
    """Write all files of an archive into a folder; returns their sizes and digests."""
    found: dict[str, dict[str, Any]] = {}
    with tarfile.open(file, mode="r:gz") as tar:
        for member in tar:
            source = tar.extractfile(member) if member.isreg() else None
            if source is None or not _is_known(member.name) or member.name in found:
                raise ArchiveUnusable(f"{file} is no backup of Offhook: it holds {member.name!r}")
            target = into / member.name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _new_file(target) as written:
                size, digest = _copy(source, written)
            found[member.name] = {"bytes": size, "sha256": digest}
    return found


def _is_known(name: str) -> bool:
    path = PurePosixPath(name)
    is_recording = len(path.parts) > 1 and path.parts[0] == RECORDINGS and ".." not in path.parts
    return name in (DATABASE, SECRET_KEY, MANIFEST) or (is_recording and str(path) == name)


def _new_file(path: Path) -> BinaryIO:
    """A file that its owner alone may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _copy(source: Any, target: BinaryIO) -> tuple[int, str]:
    """Copy to the end; returns how many bytes that were, and their SHA-256."""
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()
