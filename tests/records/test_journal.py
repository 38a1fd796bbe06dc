"""What is written down while the database is away is what was told, whatever a crash did to the file."""

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offhook.call.facts import Fact
from offhook.call.info import new_id
from offhook.records.entry import Entry
from offhook.records.fact_codec import decode, encode
from offhook.records.journal import Author, Journal, JournalTaken, LeftBehind, journals, worker_of
from tests.records.story import after, finished, notified, started, told

AUTHOR = Author(worker_id="worker-7", instance_id="i" * 32, fence=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)

st.register_type_strategy(object, JSON)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    kind = draw(st.sampled_from(get_args(Fact)))
    drawn: Fact = draw(st.from_type(kind))
    return drawn


@given(fact=facts())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
def test_a_fact_is_read_as_it_was_written(fact: Fact) -> None:
    assert decode(encode(fact)) == fact


def entries(count: int) -> list[Entry]:
    return [Entry(started("AC1", new_id(), after(number)), new_id()) for number in range(count)]


def test_a_journal_gives_back_what_was_appended_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", AUTHOR)
    kept = [
        *entries(3),
        Entry(notified("AC1", "c" * 32, message="ü\ud800\x00"), new_id()),
        Entry(finished("AC1", "c" * 32, after(9), callbacks=(told("completed"),)), new_id()),
    ]
    journal.append(kept[:2])
    journal.append(kept[2:])
    assert list(journal.entries()) == kept
    assert journals(tmp_path / "journal") == [tmp_path / "journal" / "worker-7.journal"]
    journal.close()


def test_nothing_is_there_before_the_first_fact_and_after_the_last(tmp_path: Path) -> None:
    journal = Journal(tmp_path, AUTHOR)
    assert journal.is_empty
    assert journals(tmp_path) == []
    journal.append(entries(1))
    assert not journal.is_empty
    journal.clear()
    assert journal.is_empty
    assert list(tmp_path.iterdir()) == []


def test_a_living_workers_journal_is_not_to_be_had(tmp_path: Path) -> None:
    journal = Journal(tmp_path, AUTHOR)
    kept = entries(2)
    journal.append(kept)
    (path,) = journals(tmp_path)
    assert worker_of(path) == "worker-7"
    with pytest.raises(JournalTaken):
        LeftBehind(path)
    journal.close()
    found = LeftBehind(path)
    assert found.author == AUTHOR
    assert list(found.entries()) == kept
    found.remove()
    found.close()
    assert journals(tmp_path) == []


@given(cut=st.integers(min_value=0, max_value=10_000), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_a_file_that_was_cut_short_gives_all_whole_facts(
    tmp_path: Path, cut: int, data: st.DataObject
) -> None:
    folder = tmp_path / new_id()
    journal = Journal(folder, AUTHOR)
    kept = entries(5)
    journal.append(kept)
    journal.close()
    (path,) = journals(folder)
    size = path.stat().st_size
    os.truncate(path, size - cut % size)
    whole_lines = path.read_bytes().count(b"\n")
    found = LeftBehind(path)
    assert list(found.entries()) == kept[: max(0, whole_lines - 1)]
    assert (found.author is None) == (whole_lines == 0)
    found.close()


def test_an_altered_line_ends_what_is_believed(tmp_path: Path) -> None:
    journal = Journal(tmp_path, AUTHOR)
    kept = entries(4)
    journal.append(kept)
    journal.close()
    (path,) = journals(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"CallStarted"', b'"CallStopped"')
    path.write_bytes(b"".join(lines))
    found = LeftBehind(path)
    assert list(found.entries()) == kept[:2]
    found.close()


FILL_THE_DISK = """
import resource, signal, sys
from pathlib import Path
from offhook.records.journal import Journal
from tests.records.test_journal import AUTHOR, entries

journal = Journal(Path(sys.argv[1]), AUTHOR)
journal.append(entries(2))
(path,) = Path(sys.argv[1]).iterdir()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 100, hard))
try:
    journal.append(entries(3))
except OSError as error:
    print(error.errno, len(list(journal.entries())))
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
journal.append(entries(1))
print(len(list(journal.entries())))
"""


def test_a_disk_that_is_full_keeps_all_of_a_batch_or_nothing(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(tmp_path)], capture_output=True, text=True, check=True
    )
    (number, kept), (kept_at_last,) = (line.split() for line in said.stdout.splitlines())
    assert int(number) in (errno.EFBIG, errno.ENOSPC)
    assert (kept, kept_at_last) == ("2", "3")
