"""Makes a backup of an installation, which may be running, and brings one back into an empty one."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from offhook import __version__
from offhook.records import archive, migrate
from offhook.records.archive import ArchiveUnusable, Manifest
from offhook.records.copying import Tell, copy, count_rows, running_workers
from offhook.records.database import Database, shown_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What is backed up and restored."""

    database_url: str
    data_dir: Path

    @property
    def recordings(self) -> Path:
        """The folder of recordings."""
        return self.data_dir / archive.RECORDINGS

    @property
    def secret_key(self) -> Path:
        """The file of the key that secrets in the database are sealed with."""
        return self.data_dir / archive.SECRET_KEY


def back_up(
    installation: Installation, file: Path, *, with_secret_key: bool = False, tell: Tell | None = None
) -> Manifest:
    """Write a backup to `file`, as things are at one moment.

    Raises ArchiveUnusable, CopyRefused, RecordsAway or OSError, and leaves no file then.
    """
    if file.exists():
        raise ArchiveUnusable(f"{file} is there already, and nothing is ever overwritten: name another file")
    if not file.absolute().parent.is_dir():
        raise ArchiveUnusable(f"there is no folder {file.absolute().parent}")
    if with_secret_key and not installation.secret_key.is_file():
        raise ArchiveUnusable(
            f"there is no {installation.secret_key}: the key is in OFFHOOK_SECRET_KEY, or none was made yet"
        )
    with TemporaryDirectory(dir=file.absolute().parent, prefix=f".{file.name}.") as folder:
        scratch = Path(folder)
        rows = scratch / archive.DATABASE
        copied = copy(
            installation.database_url, f"sqlite:///{rows.absolute()}", while_running=True, tell=tell
        )
        with closing(sqlite3.connect(rows)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, without others beside it
        manifest = Manifest(version=__version__, revision=migrate.head(), tables=copied.rows)
        with archive.writing_archive(file, scratch) as writer:
            writer.add(archive.DATABASE, rows)
            for number, path in enumerate(sounds := _files(installation.recordings), 1):
                writer.add(
                    f"{archive.RECORDINGS}/{path.relative_to(installation.recordings).as_posix()}", path
                )
                if tell is not None:
                    tell(archive.RECORDINGS, number, len(sounds))
            if with_secret_key:
                writer.add(archive.SECRET_KEY, installation.secret_key)
            writer.finish(manifest)
    return manifest


def restore(installation: Installation, file: Path, *, tell: Tell | None = None) -> Manifest:
    """Bring a backup back into an installation that is empty and does not run.

    The whole backup is looked over first. Raises ArchiveUnusable, CopyRefused, RecordsAway or OSError, and has changed
    nothing then.
    """
    installation.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_running(installation.database_url)
    with TemporaryDirectory(dir=installation.data_dir, prefix=".restore.") as folder:
        scratch = Path(folder)
        manifest = archive.read_archive(file, scratch)
        url = f"sqlite:///{(scratch / archive.DATABASE).absolute()}"
        _check_rows(url, manifest, file)
        with _put_in_place(installation, scratch):
            copy(url, installation.database_url, while_running=True, tell=tell)
    return manifest


def _refuse_running(url: str) -> None:
    file = make_url(url).database
    if url.startswith("sqlite") and not (file and Path(file).is_file()):
        return
    if migrate.current(url) == migrate.head() and (running := running_workers(url)):
        raise ArchiveUnusable(f"a server runs on {shown_url(url)} (worker {running[0]}): stop it first")


def _check_rows(url: str, manifest: Manifest, file: Path) -> None:
    """Bring the rows of a backup up to date, and count them. Raises ArchiveUnusable."""
    if not migrate.is_known(manifest.revision):
        raise ArchiveUnusable(
            f"{file} was made by Offhook {manifest.version}, which is newer than this one ({__version__}): upgrade first"
        )
    if migrate.current(url) != manifest.revision:
        raise ArchiveUnusable(f"{file} is damaged: its rows are not of the revision that the manifest says")
    migrate.upgrade(url)
    database = Database(url)
    try:
        with database.reading() as connection:
            counts = count_rows(connection)
    finally:
        database.close()
    if wrong := [name for name, rows in manifest.tables.items() if counts.get(name) != rows]:
        raise ArchiveUnusable(f"{file} is damaged: {wrong[0]} has not as many rows as the manifest says")


@contextmanager
def _put_in_place(installation: Installation, scratch: Path) -> Iterator[None]:
    """A block before which recordings and key are where they belong; they are taken away again when it raises."""
    pairs = (
        (scratch / archive.RECORDINGS, installation.recordings),
        (scratch / archive.SECRET_KEY, installation.secret_key),
    )
    coming = [(source, target) for source, target in pairs if source.exists()]
    for source, target in coming:
        if target.is_dir() and not _files(target):
            shutil.rmtree(target)
        if target.exists() and not (target.is_file() and target.read_bytes() == source.read_bytes()):
            raise ArchiveUnusable(
                f"{target} is there already, and nothing is ever mixed or overwritten: move it away first"
            )
    coming = [(source, target) for source, target in coming if not target.exists()]
    for source, target in coming:
        source.replace(target)
    try:
        yield
    except BaseException:
        for source, target in coming:
            target.replace(source)
        raise


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
