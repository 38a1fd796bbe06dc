"""Registering at a carrier, with real SIP: let in by digest, again in time, refused, and gone at the end."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from offhook.call.trunk_states import Registration, TrunkState
from offhook.call.trunks import Srtp, Trunk
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

    def __init__(self, records: Trunks, **settings: Any) -> None:
        self.records = records
        self.book = TrunkBook(records)
        self.world = RealWorld(**settings)
        self.contact_at: Callable[[Trunk], str | None] = lambda _trunk: None
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
            contact_at=lambda trunk: self.contact_at(trunk),
            pause=lambda *_: 0.1,
        )
        self.keeping = asyncio.create_task(registrations.keep())

    async def carrier(
        self, password: str | None = SECRET[1], *, name: str = "a", answers: tuple[int, ...] = (200,)
    ) -> Carrier:
        carrier = await Carrier.begin(*answers, secret=SECRET)
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
async def office(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Office]:
    url = f"sqlite:///{tmp_path / 'offhook.db'}"
    migrate.upgrade(url)
    database = Database(url)
    office = Office(Trunks(database), **getattr(request, "param", {}))
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
async def test_a_registrar_that_answers_after_we_left_is_told_so(office: Office) -> None:
    carrier = await office.carrier(answers=())
    await asyncio.wait_for(carrier.hears(lambda message: message.method == "REGISTER"), PATIENCE_S)
    [asking] = [task for task in asyncio.all_tasks() if task.get_name() == "REGISTER a"]
    office.records.remove("a")
    await office.book.read_now()
    await asyncio.wait((asking,), timeout=PATIENCE_S)
    registrations = office.world.switchboard.engine.registrations
    await office.world.switchboard.engine.submit(lambda: None)
    carrier.answers = (200,)
    await asyncio.wait_for(carrier.hears(lambda message: message.get("Expires") == "0"), PATIENCE_S)
    async with asyncio.timeout(PATIENCE_S):
        while len(registrations):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.sip
@pytest.mark.parametrize("office", [{"srtp": Srtp.OFF}, {"srtp": Srtp.OPTIONAL}], indirect=True)
async def test_who_calls_the_registered_name_comes_to_an_account_without_the_password(office: Office) -> None:
    """Else whoever is called back in the call, with a BYE for instance, could ask for a digest of it."""
    carrier = await office.carrier()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    engine = office.world.switchboard.engine
    invite = asyncio.create_task(carrier.invite(SECRET[0], engine.sip_port))
    leg = await asyncio.wait_for(office.world.arrived.get(), PATIENCE_S)
    of_call, without = await engine.submit(
        lambda: (leg._sip_call.getInfo().accId, engine._accounts.plain.getId())
    )
    assert of_call == without
    await leg.hang_up()
    await invite


@pytest.mark.sip
async def test_a_name_that_is_looked_up_for_long_holds_nobody_up(office: Office) -> None:
    loop, is_asked, goes_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def contact_at(_trunk: Trunk) -> str:
        loop.call_soon_threadsafe(is_asked.set)
        assert goes_on.wait(PATIENCE_S), "the event loop stands still"
        return "127.0.0.1:9"

    office.contact_at = contact_at
    carrier = await office.carrier()
    await asyncio.wait_for(is_asked.wait(), PATIENCE_S)
    goes_on.set()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    assert carrier.contacts[-1].startswith(f"<sip:{SECRET[0]}@127.0.0.1:9>")


@pytest.mark.sip
async def test_a_wrong_password_is_told_and_tried_seldom(office: Office) -> None:
    await office.carrier("wrong")
    state = await office.until(lambda state: state.registration is Registration.REFUSED)
    assert "does not take the user name and password (403" in state.registration_words
    assert state.registered_until is None


@pytest.mark.sip
async def test_a_password_that_was_lost_is_asked_for_and_none_is_guessed(office: Office) -> None:
    carrier = await office.carrier(None)
    state = await office.until(lambda state: state.registration is Registration.REFUSED)
    assert "asks for a password, and none is kept here: give it with `offhook trunk add a" in (
        state.registration_words
    )
    assert not any(message.get("Authorization") for message in carrier.messages)
    [trunk] = office.records.all()
    office.records.put(replace(trunk, password=SECRET[1]), now=EPOCH)
    await office.book.read_now()
    await office.until(lambda state: state.registration is Registration.REGISTERED)


@pytest.mark.sip
async def test_a_changed_trunk_registers_anew(office: Office) -> None:
    carrier = await office.carrier("wrong")
    await office.until(lambda state: state.registration is Registration.REFUSED)
    [trunk] = office.records.all()
    office.records.put(replace(trunk, password=SECRET[1]), now=EPOCH)
    await office.book.read_now()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    assert carrier.contacts


@pytest.mark.sip
async def test_a_trunk_that_is_off_is_not_registered_and_says_so(office: Office) -> None:
    carrier = await office.carrier()
    await office.until(lambda state: state.registration is Registration.REGISTERED)
    [trunk] = office.book.kept
    office.records.put(replace(trunk, is_enabled=False), now=EPOCH)
    await office.book.read_now()
    state = await office.until(lambda state: state.registration is Registration.NOT_ASKED)
    assert state.registered_until is None
    await asyncio.wait_for(carrier.hears(lambda message: message.get("Expires") == "0"), PATIENCE_S)


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
