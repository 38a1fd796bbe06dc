"""What is known of trunks while a server runs: read anew, asked how they do, and who may call."""

import asyncio
import ipaddress
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from offhook.call.errors import OffhookError
from offhook.call.trunk_states import TrunkState
from offhook.call.trunks import SipTransport, Trunk, Way
from offhook.processes.callers import Callers
from offhook.processes.few_lines import LINE_EVERY_S, MOST_LINES
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_health import TrunkHealth
from offhook.processes.trunk_hosts import KEEP_FAULT_S, TrunkHosts
from offhook.processes.trunk_states import TrunkStates
from offhook.records import migrate
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.trunks import Trunks
from offhook.rest.ports import CallRefused

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
NETWORK = ipaddress.ip_network("192.0.2.0/24")
CARRIER = Trunk(sid="TK1", name="carrier", host="carrier.invalid", inbound=(NETWORK,), prefixes=("+49",))
PATIENCE_S, LONG_S = 30, 60


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Trunks]:
    url = f"sqlite:///{tmp_path / 'offhook.db'}"
    migrate.upgrade(url)
    database = Database(url)
    yield Trunks(database)
    database.close()


async def test_a_trunk_counts_as_soon_as_it_is_read(records: Trunks) -> None:
    now = [EPOCH]
    book = TrunkBook(records, setting="sip:gateway.example:5080;transport=tcp", wall_clock=lambda: now[0])
    callers = Callers(LOOPBACK, book)
    assert not callers.may_call("192.0.2.7:5060")
    assert [way.uri for way in book.ways("+4930", "100")] == ["sip:+4930@gateway.example:5080;transport=tcp"]
    records.add(CARRIER, now=EPOCH)
    await book.read_now()
    assert callers.may_call("192.0.2.7:5060")
    assert callers.may_call("[::ffff:127.0.0.1]:5060")
    names = [way.trunk.name for way in book.ways("+4930", "100") if way.trunk is not None]
    assert names == ["carrier", "default"]
    records.tell(TrunkState(trunk_sid="TK1", is_up=False, asked_at=EPOCH))
    await book.read_now()
    for age_s, order in ((60, ["default", "carrier"]), (600, ["carrier", "default"])):
        now[0] = EPOCH + timedelta(seconds=age_s)  # nobody has asked it since
        names = [way.trunk.name for way in book.ways("+4930", "100") if way.trunk is not None]
        assert names == order
    records.remove("carrier")
    await book.read_now()
    assert not callers.may_call("192.0.2.7:5060")


def test_a_trunk_that_goes_while_it_is_looked_up_is_not_remembered() -> None:
    class Book(TrunkBook):
        """Its trunk is removed in the midst of the look-up, as the event loop does beside the engine's thread."""

        trunk: Trunk | None = CARRIER

        def trunk_of(self, address: str) -> Trunk | None:
            kept, self.trunk = self.trunk, None
            if kept is not None:
                for tell in self._listeners:
                    tell()
            return kept

    callers = Callers(LOOPBACK, Book())
    assert [callers.may_call("192.0.2.7:5060") for _ in range(2)] == [True, False]


async def test_a_number_that_no_trunk_takes_is_told_why(records: Trunks) -> None:
    book = TrunkBook(records)
    with pytest.raises(CallRefused, match="offhook trunk add"):
        book.ways("+1555", "100")
    records.add(CARRIER, now=EPOCH)
    records.add(replace(CARRIER, sid="TK2", name="off", is_enabled=False), now=EPOCH)
    await book.read_now()
    with pytest.raises(CallRefused, match=r"no trunk takes \+1555: carrier takes \+49; off is off"):
        book.ways("+1555", "100")
    assert book.ways("SIP:ada@example.com", "100") == (Way(uri="SIP:ada@example.com"),)


def test_lines_about_strangers_are_few_and_say_how_many_are_missing() -> None:
    now = [0.0]
    callers = Callers(LOOPBACK, TrunkBook(), clock=lambda: now[0])
    with capture_logs() as lines:
        for _ in range(1000):
            for last in range(50):
                assert not callers.may_call(f"203.0.113.{last}:5060")
        assert len(lines) == MOST_LINES
        now[0] = LINE_EVERY_S + 1
        callers.may_call("203.0.113.49:5060")
    assert lines[-1]["refused_without_a_line"] == 50_000 - MOST_LINES


async def test_trunks_are_asked_and_what_they_say_is_kept(records: Trunks) -> None:
    """The first answer is kept; one that is changed is asked anew, one that is gone no more."""
    asked: list[str] = []
    book, states = TrunkBook(records), TrunkStates(records)

    async def ask(trunk: Trunk) -> tuple[bool, str]:
        asked.append(trunk.host)
        return trunk.host != "carrier.invalid", f"said {trunk.host}"

    records.add(CARRIER, now=EPOCH)
    await book.read_now()
    keeping = asyncio.create_task(TrunkHealth(book, states, ask, every_s=0.05).keep())
    down = await until(records, lambda state: state.is_up is False)
    assert down.health == "said carrier.invalid"
    records.put(replace(CARRIER, host="carrier.example"), now=EPOCH)
    await book.read_now()
    await until(records, lambda state: state.is_up is True)
    assert "carrier.example" in asked
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def until(records: Trunks, is_so: Callable[[TrunkState], bool]) -> TrunkState:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            state = records.states().get("TK1")
            if state is not None and is_so(state):
                return state
            await asyncio.sleep(0.01)


async def test_names_that_somebody_dials_hold_up_neither_trunks_nor_anything_else() -> None:
    """DNS that says nothing holds a thread for as long as the machine's resolver waits."""
    dns = threading.Event()

    def lookup(host: str) -> tuple[str, ...]:
        if host != CARRIER.host:
            dns.wait(LONG_S)
        return ("192.0.2.1",)

    hosts = TrunkHosts(lookup=lookup)
    dialled = [Way(uri=f"sip:x@silent-{number}.example") for number in range(40)]
    hanging = [asyncio.ensure_future(hosts.place(way)) for way in dialled]
    try:
        async with asyncio.timeout(LONG_S / 2):
            assert await asyncio.to_thread(lambda: "elsewhere") == "elsewhere"
            assert (
                await hosts.place(Way(uri="sip:1@carrier", trunk=CARRIER))
                == "sip:192.0.2.1:5060;transport=udp"
            )
    finally:
        dns.set()
        await asyncio.gather(*hanging, return_exceptions=True)


async def test_a_host_is_looked_up_once_for_a_while() -> None:
    asked: list[str] = []

    def lookup(host: str) -> tuple[str, ...]:
        asked.append(host)
        raise OSError(f"{host} is gone")

    now = [0.0]
    hosts, way = (
        TrunkHosts(lookup=lookup, clock=lambda: now[0]),
        Way(uri="sip:1@carrier.invalid", trunk=CARRIER),
    )

    for _ in range(3):
        with pytest.raises(
            OffhookError, match=r"its host carrier\.invalid has no address \(carrier\.invalid is gone\)"
        ):
            await hosts.place(way)
    assert len(asked) == 1
    now[0] = KEEP_FAULT_S + 1
    with pytest.raises(OffhookError):
        await hosts.place(way)
    assert len(asked) == 2
    await hosts.place(Way(uri="sip:1@127.0.0.1", trunk=replace(CARRIER, host="127.0.0.1")))
    assert len(asked) == 2


def test_the_setting_is_the_last_trunk_and_nobody_calls_from_it() -> None:
    book = TrunkBook(setting="sip:192.0.2.1:5061;transport=tls")
    [way] = book.ways("100", "200")
    assert way.trunk is not None
    assert (way.uri, way.trunk.transport) == ("sip:100@192.0.2.1:5061;transport=tls", SipTransport.TLS)
    assert book.trunk_of("192.0.2.1") is None
