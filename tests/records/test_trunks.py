"""Trunks are kept with their passwords sealed, and how they do with them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from offhook.call.trunk_input import read_network
from offhook.call.trunk_states import Registration, TrunkState
from offhook.call.trunks import SipTransport, Srtp, Trunk
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.sealed_columns import seal_all
from offhook.records.sealing import SecretBox
from offhook.records.secret_keys import KeyFile
from offhook.records.trunk_tables import trunks as table
from offhook.records.trunks import Trunks

CARRIER = Trunk(
    sid="TK1",
    name="carrier",
    host="sip.example.com",
    port=5061,
    transport=SipTransport.TLS,
    username="desk",
    password="open sesame",
    registers=True,
    inbound=(read_network("192.0.2.0/24"), read_network("2001:db8::/32")),
    prefixes=("+49", "0049"),
    caller_id="e164",
    priority=3,
    srtp=Srtp.REQUIRED,
)
PBX = Trunk(sid="TK2", name="pbx", host="192.0.2.9", is_enabled=False)


@pytest.fixture
def sealed(database: Database, tmp_path: Path) -> Database:
    key = KeyFile(tmp_path / "secret.key")
    key.make()
    database.secrets = SecretBox(key)
    return database


def test_a_trunk_comes_back_as_it_was_and_its_password_lies_sealed(sealed: Database) -> None:
    trunks = Trunks(sealed)
    assert trunks.add(PBX, now=EPOCH)
    assert trunks.add(CARRIER, now=EPOCH)
    assert trunks.all() == (CARRIER, PBX)
    assert not trunks.add(replace(PBX, sid="TK3"), now=EPOCH)
    with sealed.reading() as connection:
        kept = connection.execute(select(table.c.password).order_by(table.c.sid)).scalars().all()
    assert kept[0].startswith("$aes256gcm$")
    assert kept[1] is None


def test_a_password_from_before_sealing_is_sealed_with_the_others(sealed: Database) -> None:
    box, sealed.secrets = sealed.secrets, None
    Trunks(sealed).add(CARRIER, now=EPOCH)
    sealed.secrets = box
    assert box is not None
    assert seal_all(sealed, box) == 1
    assert Trunks(sealed).named("carrier") == CARRIER


def test_a_trunk_is_changed_and_removed_with_its_state(database: Database) -> None:
    trunks = Trunks(database)
    trunks.add(CARRIER, now=EPOCH)
    changed = replace(CARRIER, host="other.example", password=None, inbound=())
    assert trunks.put(changed, now=EPOCH)
    assert trunks.all() == (changed,)
    state = TrunkState(
        trunk_sid="TK1",
        is_up=False,
        health="did not answer",
        asked_at=EPOCH,
        registration=Registration.REGISTERED,
        registered_until=EPOCH + timedelta(minutes=10),
    )
    for each in (TrunkState(trunk_sid="TK1"), state, TrunkState(trunk_sid="TK-gone")):
        trunks.tell(each)
    assert trunks.states() == {"TK1": state}
    assert trunks.enabled_with_states() == ((changed, state),)
    assert trunks.remove("carrier")
    assert not trunks.remove("carrier")
    assert not trunks.put(changed, now=EPOCH)
    assert (trunks.all(), trunks.states()) == ((), {})


def test_rows_of_a_version_that_took_scopes_are_ignored_and_told_once(database: Database) -> None:
    told: list[str] = []
    trunks = Trunks(database, on_ignored=told.append)
    for trunk in (CARRIER, PBX):
        trunks.add(trunk, now=EPOCH)
    with database.writing() as connection:
        inbound = {"inbound": "192.0.2.0/24,8000::%x,0.0.0.0/1"}
        connection.execute(update(table).where(table.c.sid == CARRIER.sid), inbound)
        host = {"host": "fe80::1%x\r\nEvil: 1"}
        connection.execute(update(table).where(table.c.sid == PBX.sid), host)
    for _ in range(2):
        [carrier] = trunks.all()
    assert carrier.inbound == ()
    [scope, gone] = sorted(told)
    assert (
        "the trunk carrier takes no calls from its networks, as one is none ('8000::%x' has a scope" in scope
    )
    assert "'fe80::1%x\\r\\nEvil: 1' is no host: `offhook trunk rm pbx` removes it" in gone
    assert not trunks.add(replace(PBX, sid="TK3"), now=EPOCH)
    assert trunks.remove("pbx")
    assert trunks.add(replace(PBX, sid="TK3"), now=EPOCH)
