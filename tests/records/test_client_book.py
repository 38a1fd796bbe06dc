"""What a worker keeps in mind of clients follows the rows, and stays as it is where they cannot be read."""

import shutil
from dataclasses import replace
from pathlib import Path

from offhook.processes.client_book import ClientBook
from offhook.records.clients import Clients
from offhook.records.database import Database
from offhook.records.phones import Phones
from offhook.records.sealing import SecretBox
from offhook.records.secret_keys import SetKeys
from tests.records import story
from tests.records.story import after
from tests.records.test_clients import client


async def test_changes_are_heard_of_at_the_next_look(migrated_file: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'offhook.db')}"
    database = Database(url, secrets=SecretBox(SetKeys("a key of good length")))
    other = Database(url, secrets=SecretBox(SetKeys("quite another key of good length")))
    clients, book = Clients(database), ClientBook(Phones(database))
    assert not book.is_read
    await book.read_now()
    assert (book.is_read, len(book), book.get("ada")) == (True, 0, None)
    ada = client(story.account(database))
    clients.create(ada)
    await book.read_now()
    known = book.get("ada")
    assert known is not None
    assert (len(book), known.ha1_sha256, book.get("Ada")) == (1, "1" * 64, None)
    unreadable = client(story.account(other), "bob")
    Clients(other).create(unreadable)
    clients.update(replace(ada, ha1_md5="2" * 32, date_updated=after(1)))
    await book.read_now()
    assert book.get("ada") == known, "as before, while one cannot be opened"
    clients.delete(unreadable.account_sid, unreadable.sid)
    await book.read_now()
    changed = book.get("ada")
    assert changed is not None
    assert changed.ha1_md5 == "2" * 32
    clients.update(replace(ada, is_enabled=False, date_updated=after(2)))
    await book.read_now()
    assert len(book) == 0
    clients.delete(ada.account_sid, ada.sid)
    database.close()
    other.close()
