"""`offhook backup` and `offhook restore`: all of it comes back, or nothing is changed."""

import io
import json
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from offhook.call.info import new_id
from offhook.call.rows import AccountRow
from offhook.records import archive, migrate
from offhook.records.archive import ArchiveUnusable
from offhook.records.backup import Installation, back_up, restore
from offhook.records.copying import CopyRefused
from offhook.records.database import Database
from offhook.records.workers import Workers
from tests.records.story import after, finished, gather, notified, record, started, told
from tests.records.test_copying import contents

SOUND = bytes(range(256)) * 5000


@pytest.fixture
def here(database: Database, database_url: str, account: AccountRow, tmp_path: Path) -> Installation:
    """An installation with calls, a recording and a key, whose server runs."""
    for _ in range(3):
        call_id = new_id()
        record(
            database,
            started(account.sid, call_id, callbacks=(told("ringing"),), caller_name="Zoë 😀"),
            *gather(account.sid, call_id, after(1)),
            notified(account.sid, call_id, after(2)),
            finished(account.sid, call_id, after(3)),
        )
    Workers(database).register(
        "worker-1", worker_index=0, address="", sip_address="", call_slots=4, free_slots=4, build="x"
    )
    data = tmp_path / "data"
    sound = data / "recordings" / account.sid / "2026" / "one.wav"
    sound.parent.mkdir(parents=True)
    sound.write_bytes(SOUND)
    (data / "secret.key").write_text("the key\n")
    return Installation(database_url=database_url, data_dir=data)


@pytest.fixture
def there(tmp_path: Path) -> Installation:
    """Where nothing is yet."""
    data = tmp_path / "elsewhere"
    return Installation(database_url=f"sqlite:///{data}/offhook.db", data_dir=data)


@pytest.fixture
def file(here: Installation, tmp_path: Path) -> Path:
    """A backup of `here`."""
    made = tmp_path / "backup.tar.gz"
    back_up(here, made)
    return made


def is_empty(installation: Installation) -> bool:
    """Whether nothing was put there."""
    return not installation.data_dir.exists() or not list(installation.data_dir.iterdir())


def packed(members: dict[str, bytes]) -> bytes:
    """An archive of these files."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return whole.getvalue()


def unpacked(file: Path) -> dict[str, bytes]:
    """The files of an archive."""
    with tarfile.open(file) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def test_all_comes_back_on_another_database(
    here: Installation, there: Installation, account: AccountRow, tmp_path: Path
) -> None:
    file, again = tmp_path / "backup.tar.gz", tmp_path / "again.tar.gz"
    made = back_up(here, file)
    assert restore(there, file) == made
    assert made.tables["calls"] == made.tables["gathers"] == 3
    assert (made.recordings, made.revision) == (1, migrate.head())
    assert (there.recordings / account.sid / "2026" / "one.wav").read_bytes() == SOUND
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    back_up(there, again)
    for name, path in (("one", file), ("two", again)):
        (tmp_path / f"{name}.db").write_bytes(unpacked(path)["offhook.db"])
    assert contents(tmp_path / "one.db") == contents(tmp_path / "two.db")
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_the_key_is_in_it_only_when_asked_for(
    here: Installation, there: Installation, tmp_path: Path
) -> None:
    back_up(here, tmp_path / "without.tar.gz")
    assert set(unpacked(tmp_path / "without.tar.gz")) & {"secret.key"} == set()
    back_up(here, tmp_path / "with.tar.gz", with_secret_key=True)
    restore(there, tmp_path / "with.tar.gz")
    assert there.secret_key.read_text() == "the key\n"
    assert stat.S_IMODE(there.secret_key.stat().st_mode) == 0o600
    here.secret_key.unlink()
    with pytest.raises(ArchiveUnusable, match="OFFHOOK_SECRET_KEY"):
        back_up(here, tmp_path / "none.tar.gz", with_secret_key=True)


def test_nothing_is_overwritten(here: Installation, file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(ArchiveUnusable, match="there already"):
        back_up(here, file)
    assert file.read_bytes() == before


def test_a_database_with_rows_is_not_restored_into(file: Path, there: Installation) -> None:
    restore(there, file)
    database = Database(there.database_url)
    Workers(database).stop("worker-1")
    database.close()
    again = Installation(database_url=there.database_url, data_dir=there.data_dir.parent / "third")
    with pytest.raises(CopyRefused, match="has rows already"):
        restore(again, file)
    assert not again.recordings.exists()


def test_a_running_server_is_not_restored_into(here: Installation, file: Path) -> None:
    with pytest.raises(ArchiveUnusable, match=r"a server runs on .*worker-1"):
        restore(here, file)


def test_recordings_and_keys_are_not_mixed(here: Installation, there: Installation, tmp_path: Path) -> None:
    file = tmp_path / "with.tar.gz"
    back_up(here, file, with_secret_key=True)
    there.recordings.mkdir(parents=True)
    (there.recordings / "theirs.wav").touch()
    with pytest.raises(ArchiveUnusable, match="recordings is there already"):
        restore(there, file)
    (there.recordings / "theirs.wav").unlink()
    there.secret_key.write_text("another key\n")
    with pytest.raises(ArchiveUnusable, match=r"secret\.key is there already"):
        restore(there, file)
    there.secret_key.write_text("the key\n")
    assert restore(there, file).tables["calls"] == 3


def flip(data: bytes, at: int) -> bytes:
    """`data` with one bit the other way round."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: data[: len(data) // 2], id="cut-short"),
        pytest.param(lambda data: data[:-20], id="last-bytes-missing"),
        pytest.param(lambda data: flip(data, len(data) // 2), id="one-bit"),
        pytest.param(lambda data: b"", id="empty"),
        pytest.param(lambda data: b"not an archive" * 100, id="something-else"),
        pytest.param(lambda data: packed({}), id="empty-archive"),
        pytest.param(lambda data: packed({"../../etc/passwd": b"x"}), id="leads-out"),
        pytest.param(lambda data: packed({"/etc/passwd": b"x"}), id="absolute"),
        pytest.param(lambda data: packed({"recordings/../../x": b"x"}), id="leads-out-of-recordings"),
        pytest.param(lambda data: packed({"manifest.json": b"{}"}), id="empty-manifest"),
        pytest.param(lambda data: packed({"manifest.json": b"[1"}), id="broken-manifest"),
    ],
)
def test_a_damaged_backup_changes_nothing(
    damage: Callable[[bytes], bytes], file: Path, there: Installation
) -> None:
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ArchiveUnusable, match=r"backup\.tar\.gz"):
        restore(there, file)
    assert is_empty(there)


def change_manifest(**changes: Any) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()

    return change


def change_a_sound(members: dict[str, bytes]) -> None:
    name = next(name for name in members if name.startswith("recordings/"))
    members[name] = flip(members[name], 7)


def lose_the_rows(members: dict[str, bytes]) -> None:
    manifest = json.loads(members["manifest.json"])
    del manifest["files"]["offhook.db"], members["offhook.db"]
    members["manifest.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(change_a_sound, "is not what the manifest says", id="sound"),
        pytest.param(
            lambda members: members.pop("offhook.db"), "is not what the manifest says", id="no-rows"
        ),
        pytest.param(lose_the_rows, "no offhook.db in it", id="no-rows-and-no-word-of-them"),
        pytest.param(change_manifest(tables={"calls": 99}), "calls has not as many rows", id="counts"),
        pytest.param(change_manifest(revision="9999", version="9.0"), r"Offhook 9\.0.*newer", id="newer"),
        pytest.param(change_manifest(revision="0002"), "not of the revision", id="wrong-revision"),
        pytest.param(change_manifest(format=2, version="9.0"), "form that this version", id="format"),
    ],
)
def test_what_does_not_agree_with_its_manifest_is_refused(
    change: Callable[[dict[str, bytes]], object], words: str, file: Path, there: Installation
) -> None:
    members = unpacked(file)
    change(members)
    file.write_bytes(packed(members))
    with pytest.raises(ArchiveUnusable, match=words):
        restore(there, file)
    assert is_empty(there)


def test_a_backup_that_fails_leaves_no_file(here: Installation, tmp_path: Path) -> None:
    def full(name: str, _done: int, _total: int) -> None:
        if name == archive.RECORDINGS:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        back_up(here, tmp_path / "backup.tar.gz", tell=full)
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == []


def test_a_backup_of_a_busy_server_is_of_one_moment(
    here: Installation, database: Database, account: AccountRow, tmp_path: Path
) -> None:
    is_enough, has_begun = Event(), Event()

    def write() -> None:
        while not is_enough.is_set():
            call_id = new_id()
            record(
                database,
                started(account.sid, call_id),
                *gather(account.sid, call_id),
                notified(account.sid, call_id),
            )
            has_begun.set()

    writer = Thread(target=write)
    writer.start()
    try:
        assert has_begun.wait(60)
        for number in range(3):
            made = back_up(here, tmp_path / f"{number}.tar.gz").tables
            (tmp_path / f"{number}.db").write_bytes(unpacked(tmp_path / f"{number}.tar.gz")["offhook.db"])
            rows = contents(tmp_path / f"{number}.db")
            last = {row[1]: row[2] for row in rows["sequences"]}
            assert last["calls"] == made["calls"] == len(rows["calls"]) > 3
            assert last["notifications"] == made["notifications"]
            assert last["gathers-speech"] <= made["gathers"]
    finally:
        is_enough.set()
        writer.join(60)


def test_an_older_backup_is_brought_up_to_date(file: Path, there: Installation, tmp_path: Path) -> None:
    members = unpacked(file)
    old = tmp_path / "old.db"
    old.write_bytes(members["offhook.db"])
    migrate.downgrade(f"sqlite:///{old}", "0002")
    members["offhook.db"] = old.read_bytes()
    manifest = json.loads(members["manifest.json"])
    size_and_digest = archive._copy(io.BytesIO(members["offhook.db"]), io.BytesIO())
    manifest["files"]["offhook.db"] = dict(zip(("bytes", "sha256"), size_and_digest, strict=True))
    manifest |= {"revision": "0002", "tables": {"calls": 3, "gathers": 3}}
    members["manifest.json"] = json.dumps(manifest).encode()
    file.write_bytes(packed(members))
    assert restore(there, file).revision == "0002"
    assert migrate.current(there.database_url) == migrate.head()
