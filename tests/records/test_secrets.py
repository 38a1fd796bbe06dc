"""Secrets at rest: what is sealed opens in its place and with its key only, and no copy of the database shows it."""

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from offhook.call.rows import AccountRow
from offhook.call.trunks import Trunk
from offhook.records.accounts import Accounts
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.sealed_columns import any_sealed, replace_lost, seal_all
from offhook.records.sealing import SecretBox, is_sealed, place
from offhook.records.secret_keys import Key, KeyFile, SecretKeyWrong, SetKeys, key_from, new_key_text
from offhook.records.trunks import Trunks
from tests.records import story
from tests.records.story import NOON

CANARY = "canary-7f3a91-token"
KEYS = [key_from("first key, with enough letters"), key_from(new_key_text())]


class Ring:
    """Keys that a test changes."""

    def __init__(self, *keys: Key) -> None:
        self.keys = keys

    def read(self) -> tuple[Key, ...]:
        """The keys."""
        return self.keys

    def why_wrong(self) -> str:
        """What is wrong."""
        return "it is not in the ring"


texts = st.text(st.characters(codec="utf-8"), max_size=200)


@given(texts, texts, texts)
def test_what_is_sealed_opens_in_its_place_only(secret: str, row: str, elsewhere: str) -> None:
    box, where = SecretBox(Ring(*KEYS)), place("accounts", row, "auth_token")
    sealed = box.seal(secret, where)
    assert is_sealed(sealed)
    assert len(secret) < 8 or secret not in sealed
    assert box.open(sealed, where) == secret
    assert box.seal(secret, where) != sealed
    if elsewhere != row:
        with pytest.raises(SecretKeyWrong, match="moved here from another row"):
            box.open(sealed, place("accounts", elsewhere, "auth_token"))


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_sealed_value_that_was_changed_does_not_open(noise: bytes, data: st.DataObject) -> None:
    box, where = SecretBox(Ring(KEYS[0])), place("accounts", "AC1", "auth_token")
    sealed = box.seal("secret", where)
    at = data.draw(st.integers(len("$aes256gcm$01234567$"), len(sealed) - 5))
    changed = sealed[:at] + ("A" if sealed[at] != "A" else "B") + sealed[at + 1 :]
    for broken in (changed, sealed[:at], sealed + noise.hex()):
        with pytest.raises(SecretKeyWrong):
            box.open(broken, where)


@given(texts.filter(lambda text: not is_sealed(text)))
def test_what_was_written_before_there_were_seals_is_given_back(plain: str) -> None:
    assert SecretBox(Ring(KEYS[0])).open(plain, "accounts/AC1/auth_token") == plain


def test_a_key_is_the_same_wherever_it_is_read() -> None:
    random = new_key_text()
    assert key_from(random) == key_from(f" {random}\n")
    assert key_from("a text of some length") == key_from("a text of some length")
    assert (
        len({key_from(written).secret for written in (random, new_key_text(), "one text", "other text")}) == 4
    )
    assert key_from(random).secret.hex() not in repr(key_from(random))


def test_a_value_under_a_newer_key_is_opened_without_a_restart() -> None:
    ring = Ring(KEYS[0])
    running = SecretBox(ring)
    running.open(running.seal("old", "here"), "here")
    newer = SecretBox(Ring(KEYS[1], KEYS[0])).seal("new", "here")
    with pytest.raises(SecretKeyWrong, match="not in the ring"):
        running.open(newer, "here")
    ring.keys = (KEYS[1], KEYS[0])
    assert running.open(newer, "here") == "new"


def test_the_key_file_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "secret.key")
    with pytest.raises(SecretKeyWrong, match="OFFHOOK_SECRET_KEY"):
        file.read()
    file.make()
    keys = file.read()
    file.make()
    assert file.read() == keys
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    file.take_over(new_key_text())
    assert file.read()[1:] == keys
    file.drop_all_but(1)
    assert len(file.read()) == 1
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    made = KeyFile(tmp_path / "secret.key")
    made.make()
    return made


@pytest.fixture
def sealing(database_url: str, file: KeyFile) -> Iterator[Database]:
    """A database that seals."""
    database = Database(database_url, secrets=SecretBox(file))
    yield database
    database.close()


def kept_tokens(database: Database) -> list[str]:
    with database.reading() as connection:
        return [
            row.auth_token for row in connection.execute(text("SELECT auth_token FROM accounts ORDER BY sid"))
        ]


def test_a_token_is_sealed_as_it_is_written_and_plain_as_it_is_read(sealing: Database) -> None:
    made = story.account(sealing, auth_token=CANARY)
    assert Accounts(sealing).get(made.sid) == Accounts(sealing).find(made.auth_id) == made
    assert Accounts(sealing).all() == (made,)
    assert Accounts(sealing).ensure_first(made.sid, "second token", now=NOON)[1] == "second token"
    assert all(is_sealed(kept) for kept in kept_tokens(sealing))
    renewed = Accounts(sealing).get(made.sid)
    assert renewed is not None
    assert renewed.auth_token == "second token"


def test_open_tokens_are_sealed_where_they_lie(database: Database, sealing: Database) -> None:
    made = [story.account(database, auth_token=f"{CANARY}-{count}") for count in range(3)]
    assert not any_sealed(database)
    assert seal_all(sealing, _box(sealing), only_open=True) == 3
    assert any_sealed(database)
    assert all(is_sealed(kept) for kept in kept_tokens(database))
    assert {row.auth_token for row in Accounts(sealing).all()} == {row.auth_token for row in made}
    assert seal_all(sealing, _box(sealing), only_open=True) == 0


def test_no_copy_of_the_database_holds_a_token(
    sealing: Database, database_url: str, tmp_path: Path, database_kind: str
) -> None:
    plain = Database(database_url)
    story.account(plain, auth_token=f"{CANARY}-before")
    plain.close()
    story.account(sealing, auth_token=f"{CANARY}-after")
    seal_all(sealing, _box(sealing), only_open=True)
    with sealing.reading() as connection:
        rows = connection.execute(text("SELECT * FROM accounts")).all()
        assert len(rows) == 2
        assert CANARY not in repr(rows)
    if database_kind == "sqlite":
        files = [path for path in tmp_path.iterdir() if path.name.startswith("offhook.db")]
        assert files
        assert not any(CANARY.encode() in path.read_bytes() for path in files)
        with closing(sqlite3.connect(tmp_path / "offhook.db")) as connection:
            assert CANARY not in "".join(connection.iterdump())


def test_rotation_reseals_everything_and_a_running_server_goes_on(
    sealing: Database, database_url: str, file: KeyFile
) -> None:
    made = story.account(sealing, auth_token=CANARY)
    before = kept_tokens(sealing)
    running = Database(database_url, secrets=SecretBox(file))
    assert Accounts(running).get(made.sid) == made
    file.take_over(new_key_text())
    assert seal_all(sealing, _box(sealing)) == 1
    file.drop_all_but(2)
    assert kept_tokens(sealing) != before
    assert Accounts(running).get(made.sid) == made
    late = story.account(running, auth_token="written by the running one")
    assert Accounts(sealing).get(late.sid) == late
    assert seal_all(sealing, _box(sealing)) == 0
    accounts = Accounts(running)
    assert accounts.find("nobody") is None
    for _ in range(3):
        file.take_over(new_key_text())
        seal_all(sealing, _box(sealing))
        file.drop_all_but(2)
        assert accounts.find(late.sid) == late
        assert accounts.find("nobody") is None
    running.close()


def test_a_wrong_key_says_which_setting_and_changes_nothing(
    database: Database, database_url: str, sealing: Database
) -> None:
    story.account(sealing, auth_token=CANARY)
    before = kept_tokens(sealing)
    wrong = Database(database_url, secrets=SecretBox(SetKeys("another key of good length")))
    lying_open = story.account(database, auth_token="open")
    with pytest.raises(SecretKeyWrong, match="OFFHOOK_SECRET_KEY is not the key"):
        seal_all(wrong, _box(wrong))
    with pytest.raises(SecretKeyWrong, match="OFFHOOK_SECRET_KEY_PREVIOUS"):
        Accounts(wrong).all()
    assert sorted(kept_tokens(sealing)) == sorted([*before, lying_open.auth_token])
    wrong.close()


def test_a_set_key_follows_another_that_is_still_known(database_url: str) -> None:
    old, new = "the old key is long", "the new key is longer"
    first = Database(database_url, secrets=SecretBox(SetKeys(old)))
    made: AccountRow = story.account(first, auth_token=CANARY)
    both = Database(database_url, secrets=SecretBox(SetKeys(new, (old,))))
    assert Accounts(both).get(made.sid) == made
    assert seal_all(both, _box(both)) == 1
    alone = Database(database_url, secrets=SecretBox(SetKeys(new)))
    assert Accounts(alone).get(made.sid) == made
    with pytest.raises(SecretKeyWrong):
        Accounts(first).get(made.sid)
    for each in (first, both, alone):
        each.close()


def test_where_the_key_is_lost_for_good_accounts_get_new_tokens(
    database_url: str, sealing: Database, tmp_path: Path
) -> None:
    lost = story.account(sealing, auth_token=CANARY)
    found = KeyFile(tmp_path / "found.key")
    found.make()
    again = Database(database_url, secrets=SecretBox(found))
    kept = story.account(again, auth_token="sealed with the new key")
    assert replace_lost(again, _box(again)) == (lost.sid,)
    assert replace_lost(again, _box(again)) == ()
    renewed = Accounts(again).get(lost.sid)
    assert renewed is not None
    assert len(renewed.auth_token) == 64
    assert Accounts(again).get(kept.sid) == kept
    again.close()


def test_a_token_is_renewed(sealing: Database) -> None:
    made = story.account(sealing, auth_token=CANARY)
    token = Accounts(sealing).renew_token(made.sid, now=story.after(5))
    kept = Accounts(sealing).get(made.sid)
    assert kept is not None
    assert (kept.auth_token, kept.date_updated) == (token, story.after(5))
    assert Accounts(sealing).renew_token("AC" + "0" * 32, now=NOON) is None


def _box(database: Database) -> SecretBox:
    assert database.secrets is not None
    return database.secrets


def test_a_trunk_whose_password_is_lost_has_none_and_is_never_given_one(
    database_url: str, sealing: Database, tmp_path: Path
) -> None:
    carrier = Trunk(sid="TK1", name="carrier", host="sip.example.com", username="desk", password=CANARY)
    Trunks(sealing).add(carrier, now=EPOCH)
    found = KeyFile(tmp_path / "found.key")
    found.make()
    again = Database(database_url, secrets=SecretBox(found))
    assert replace_lost(again, _box(again)) == ("TK1",)
    assert Trunks(again).all() == (replace(carrier, password=None),)
    assert Trunks(again).all()[0].credentials is None
    again.close()
