"""Limits and API keys are kept as they were set, and calls are counted from their rows."""

import hashlib

import pytest
from sqlalchemy.exc import IntegrityError

from offhook.call.info import CallStatus, new_id
from offhook.call.rows import AccountLimits, AccountRow
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.database import Database
from offhook.records.limits import CallsElsewhere, Limits
from offhook.records.recorder import Recorder
from tests.records import story
from tests.records.story import INSTANCE, NOON, after, started


def test_without_limits_nothing_is_limited(database: Database, account: AccountRow) -> None:
    limits = Limits(database).get(account.sid)
    assert limits == AccountLimits()
    assert not limits.holds_calls


def test_limits_are_kept_changed_and_cleared(database: Database, account: AccountRow) -> None:
    limits = Limits(database)
    first = AccountLimits(
        concurrent_calls=10, calls_per_s=0.5, requests_per_s=50, destinations=("+49", "+43")
    )
    for wanted in (first, AccountLimits(destinations=()), AccountLimits(concurrent_calls=0), AccountLimits()):
        limits.set(account.sid, wanted)
        assert limits.get(account.sid) == wanted
    with pytest.raises(IntegrityError):
        limits.set("AC" + "0" * 32, first)


def test_calls_of_other_workers_are_counted_from_their_rows(database: Database, account: AccountRow) -> None:
    other = story.account(database)
    with_worker = {name: new_id() for name in ("here", "there")}
    for worker, sid, ends in [
        ("there", account.sid, False),
        ("there", account.sid, False),
        ("there", account.sid, True),
        ("there", other.sid, False),
        ("here", account.sid, False),
    ]:
        recorder = Recorder(database, worker_id=with_worker[worker], instance_id=INSTANCE)
        call_id = new_id()
        recorder.emit(started(sid, call_id, NOON))
        if ends:
            recorder.emit(story.finished(sid, call_id, after(1), status=CallStatus.COMPLETED))
        assert recorder.close()
    elsewhere = CallsElsewhere(database, worker_id=with_worker["here"])
    assert elsewhere.running(account.sid) == 2
    assert elsewhere.begun(account.sid, after(-1)) == 3
    assert elsewhere.begun(account.sid, after(60)) == 0
    assert elsewhere.running(story.account(database).sid) == 0


def test_of_an_api_key_only_a_digest_is_kept(database: Database, account: AccountRow) -> None:
    keys = ApiKeys(database)
    made, secret = keys.add(account.sid, "ci", now=NOON)
    assert keys.find(made.key_id) == made
    assert made.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert len(secret) >= 43
    assert secret not in repr(made)
    assert keys.find("SK" + "0" * 32) is None
    assert keys.find("\x00\ud800") is None


def test_a_key_is_revoked_once_and_stays_listed(database: Database, account: AccountRow) -> None:
    keys = ApiKeys(database)
    first, _ = keys.add(account.sid, "first", now=NOON)
    second, _ = keys.add(account.sid, "second", now=after(1))
    keys.add(story.account(database).sid, "other", now=NOON)
    assert keys.revoke(first.key_id, now=after(2))
    assert not keys.revoke(first.key_id, now=after(3))
    assert [(key.friendly_name, key.date_revoked) for key in keys.of_account(account.sid)] == [
        ("first", after(2)),
        ("second", None),
    ]
    assert second.date_revoked is None


def test_a_password_is_kept_as_argon2id(database: Database, account: AccountRow) -> None:
    accounts = Accounts(database)
    assert accounts.set_password(account.sid, "correct horse battery", now=after(1))
    kept = accounts.get(account.sid)
    assert kept is not None
    assert kept.password_hash is not None
    assert kept.password_hash.startswith("$argon2id$")
    assert accounts.is_password("correct horse battery", kept.password_hash)
    assert not accounts.is_password("correct horse", kept.password_hash)
    assert accounts.set_password(account.sid, None, now=after(2))
    bare = accounts.get(account.sid)
    assert bare is not None
    assert bare.password_hash is None
    assert not accounts.is_password("nobody has this password", None)
    assert not accounts.set_password("AC" + "0" * 32, "correct horse battery", now=after(3))
