"""Registering at a carrier, with real SIP: let in by digest, again in time, refused, and gone at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.trunk_states import Registration, TrunkState
from offhook.call.trunks import Trunk
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_registrations import TrunkRegistrations, pause_s
from offhook.processes.trunk_services import TrunkServices
from offhook.processes.trunk_states import TrunkStates
from offhook.records import migrate
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.trunks import Trunks
from tests.contract.worlds import RealWorld
from tests.sip.carrier import Carrier

SECRET = ("desk", "open sesame")
PATIENCE_S = 30


class Office:
    """One engine that registers, with its records."""

    def __init__(self, records: Trunks) -> None:
        self.records = records
        self.book = TrunkBook(records)
        self.world = RealWorld()
        self.carriers: list[Carrier] = []
        self.changed = asyncio.Event()
        self.states = TrunkStates(records)

    async def start(self) -> None:
        await self.world.start()
        registrations = TrunkRegistrations(
            self.world.switchboard.engine,
            self.book,
            self.states,
            TrunkHosts(),
            TrunkServices(),
            pause=lambda *_: 0.1,
        )
        self.keeping = asyncio.create_task(registrations.keep())

    async def carrier(self, password: str = SECRET[1], *, name: str = "a") -> Carrier:
        carrier = await Carrier.begin(200, secret=SECRET)
        self.carriers.append(carrier)
        trunk = Trunk(
            sid=f"TK{name}",
            name=name,
            host="127.0.0.1",
            port=carrier.port,
            username=SECRET[0],
            password=password,
            registers=True,
        )
        self.records.add(trunk, now=EPOCH)
        await self.book.read_now()
        return carrier

    async def until(self, is_so: Callable[[TrunkState], bool], sid: str = "TKa") -> TrunkState:
        """The kept state, once it is so."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                state = self.records.states().get(sid)
                if state is not None and is_so(state):
                    return state
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        self.keeping.cancel()
        await asyncio.gather(self.keeping, return_exceptions=True)
        await self.world.close()
        for carrier in self.carriers:
            await carrier.close()


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    url = f"sqlite:///{tmp_path / 'offhook.db'}"
    migrate.upgrade(url)
    database = Database(url)
    office = Office(Trunks(database))
    await office.start()
    try:
        yield office
    finally:
        await office.close()
        database.close()


@pytest.mark.sip
async def test_it_registers_is_called_there_and_leaves(office: Office) -> None:
    carrier = await office.carrier()
    state = await office.until(lambda state: state.registration is Registration.REGISTERED)
    assert state.registered_until is not None
    contact = carrier.contacts[-1]
    port = office.world.switchboard.engine.sip_port
    assert contact.startswith(f"<sip:{SECRET[0]}@127.0.0.1:{port}")
    invite = asyncio.create_task(carrier.invite(SECRET[0], port))
    leg = await asyncio.wait_for(office.world.arrived.get(), PATIENCE_S)
    await leg.hang_up()
    await invite
    office.records.remove("a")
    await office.book.read_now()
    await asyncio.wait_for(carrier.hears(lambda message: message.get("Expires") == "0"), PATIENCE_S)


@pytest.mark.sip
async def test_a_wrong_password_is_told_and_tried_seldom(office: Office) -> None:
    await office.carrier("wrong")
    state = await office.until(lambda state: state.registration is Registration.REFUSED)
    assert "does not take the user name and password (403" in state.registration_words
    assert state.registered_until is None


@pytest.mark.sip
async def test_a_changed_trunk_registers_anew(office: Office) -> None:
    carrier = await office.carrier("wrong")
    await office.until(lambda state: state.registration is Registration.REFUSED)
    [trunk] = office.records.all()
    office.records.put(
        Trunk(**{name: getattr(trunk, name) for name in trunk.__slots__} | {"password": SECRET[1]}), now=EPOCH
    )
    await office.book.read_now()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    assert carrier.contacts


@pytest.mark.sip
async def test_a_registrar_that_came_back_is_found(office: Office) -> None:
    carrier = await office.carrier()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    other = await Carrier.begin(200, secret=SECRET)
    port = other.port
    await other.close()
    [trunk] = office.records.all()
    moved = {name: getattr(trunk, name) for name in trunk.__slots__} | {
        "port": port,
        "host": "carrier.invalid",
    }
    office.records.put(Trunk(**moved), now=EPOCH)
    await office.book.read_now()
    state = await office.until(lambda state: state.registration is Registration.FAILED)
    assert "carrier.invalid has no address" in state.registration_words
    office.records.put(trunk, now=EPOCH)
    await office.book.read_now()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    assert len(carrier.contacts) >= 2


def test_pauses_grow_and_a_refusal_waits_longer() -> None:
    soon = [pause_s(failures, is_refused=False, chance=0.5) for failures in range(1, 10)]
    assert soon == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0]
    assert [pause_s(failures, is_refused=True, chance=0.5) for failures in (1, 2, 9)] == [
        300.0,
        600.0,
        3600.0,
    ]
    assert pause_s(1, is_refused=False, chance=0.0) < pause_s(1, is_refused=False, chance=1.0)
