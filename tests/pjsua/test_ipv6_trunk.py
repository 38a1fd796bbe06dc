"""A trunk at an address of version 6, with real SIP: registered at, called and calling."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.errors import OffhookError
from offhook.call.trunk_input import read_host
from offhook.call.trunk_states import Registration
from offhook.call.trunks import Trunk, trunk_of, ways_to
from offhook.pjsua.build import has_ipv6, installed_build
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_registrations import TrunkRegistrations
from offhook.processes.trunk_services import TrunkServices
from offhook.processes.trunk_states import TrunkStates
from offhook.records import migrate
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.trunks import Trunks
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.sip.ipv6_carrier import SECRET, CarrierOfVersion6
from tests.sip.stream_peer import IPV6

pytestmark = pytest.mark.sip

PATIENCE_S = 30


@pytest_asyncio.fixture
async def carrier() -> AsyncIterator[CarrierOfVersion6]:
    carrier = await CarrierOfVersion6.begin_there()
    yield carrier
    await carrier.close()


@asynccontextmanager
async def registering(
    folder: Path, carrier: CarrierOfVersion6, ipv6_host: str | None
) -> AsyncIterator[tuple[RealWorld, Trunk, Trunks]]:
    """A block in which an engine registers at the carrier."""
    migrate.upgrade(url := f"sqlite:///{folder / 'offhook.db'}")
    database, world = Database(url), RealWorld(ipv6_host=ipv6_host)
    await world.start()
    records = Trunks(database)
    host, port = read_host(f"[{IPV6}]:{carrier.port}")
    user, password = SECRET
    trunk = Trunk(sid="TK1", name="a", host=host, port=port, username=user, password=password, registers=True)
    records.add(trunk, now=EPOCH)
    book = TrunkBook(records)
    registrations = TrunkRegistrations(
        world.switchboard.engine, book, TrunkStates(records), TrunkHosts(), TrunkServices()
    )
    keeping = asyncio.create_task(registrations.keep())
    await book.read_now()
    try:
        yield world, trunk, records
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await world.close()
        database.close()


@pytest.mark.parametrize("ipv6_host", [IPV6] if has_ipv6(installed_build()) else [])
async def test_it_is_registered_at_called_and_calls(
    ipv6_host: str, carrier: CarrierOfVersion6, tmp_path: Path
) -> None:
    async with (
        registering(tmp_path, carrier, ipv6_host) as (world, trunk, records),
        asyncio.timeout(PATIENCE_S),
    ):
        port = world.switchboard.engine.sip_port
        await carrier.hears(lambda message: message.get("Authorization") != "")
        assert carrier.contacts[-1].startswith(f"<sip:desk@[{IPV6}]:{port}")
        assert trunk_of(IPV6, records.all()) == trunk

        [way] = ways_to("+4930", [trunk], "1000")
        leg = await world.switchboard.dial(SOME_CALL, way.uri, {}, credentials=way.credentials)
        await leg.connected()
        assert carrier.invites[-1].start == f"INVITE sip:+4930@[{IPV6}]:{carrier.port} SIP/2.0"
        await leg.hang_up()
        await carrier.over.wait()

        carrier.dialog = None
        calling = asyncio.create_task(carrier.invite("desk", port))
        arrived = await world.arrived.get()
        assert world.invites[-1].source.startswith(f"[{IPV6}]:")
        await arrived.hang_up()
        await calling


async def test_where_ipv6_is_not_open_it_is_said(carrier: CarrierOfVersion6, tmp_path: Path) -> None:
    said = "over IPv6, which is not open: set OFFHOOK_SIP_HOST_IPV6"
    async with registering(tmp_path, carrier, None) as (world, trunk, records), asyncio.timeout(PATIENCE_S):
        with pytest.raises(OffhookError, match=said):
            await world.switchboard.dial(SOME_CALL, trunk.uri("1"), {})
        while True:
            state = records.states().get(trunk.sid)
            if state is not None and state.registration is Registration.FAILED:
                break
            await asyncio.sleep(0.02)
    assert said in state.registration_words
    assert carrier.messages == []
