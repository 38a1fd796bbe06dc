"""A Kamailio that is started anew: it is told whose calls there are, and believes no address that a worker has left."""

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from offhook.call.phone_addresses import called_at
from offhook.call.resource_rows import RegisteredPlace
from offhook.edge.calls_book import CallsBook
from offhook.edge.informer import Informer
from offhook.edge.kamailio_config import KamailioConfig
from offhook.edge.phone_book import PhoneBook
from offhook.edge.restoring import MOST_UNANSWERED, restore
from offhook.edge.udp_ports import udp_ports_taken
from offhook.edge.workers_list import read_listing
from offhook.processes.edge_calls import EdgeCalls
from tests.edge.conftest import Edge, running
from tests.edge.phone_stub import phone
from tests.edge.sip_stub import Stub, stubs
from tests.edge.test_kamailio import Worker
from tests.edge.test_phones import counted
from tests.edge.test_whose_call import CARRIER, IN_A_CALL, LOGINS, STRANGER, TAG, calls, heard, said_to

pytestmark = pytest.mark.sip

NO_CALLS = b"""\
5
null
["a", "b", "/127.0.0.1", "c"]
["a", "b", "/127.0.0.1", Infinity]
["a", "b", "/127.0.0.1", 1e300]
["a", "b", ["/127.0.0.1"], 1e9]
\xff\x00
%s
["a line that nobody could end""" % (b"[" * 100_000)
"""What the file does not say by itself."""
PEER, SOME_PEER = ip_network("127.0.5.0/24"), "127.0.5.1"


@pytest.fixture
def config(config: KamailioConfig) -> KamailioConfig:
    """As the server's own: it is told of phones and calls, and one network is let in by address."""
    return replace(config, callers_allowed=(PEER,), takes_phones=True)


def keeper(edge: Edge, folder: Path) -> EdgeCalls:
    return EdgeCalls(CallsBook(edge.rpc), folder / "calls")


def informed(edge: Edge, config: KamailioConfig, clock: Callable[[], float] = time.monotonic) -> Informer:
    PhoneBook(edge.rpc).tell(LOGINS)
    return Informer(edge.rpc, list_file=config.list_file, new_calls_per_s=50, clock=clock)


async def call_out(taker: Stub, called: Stub, edge: Edge, call_id: str) -> None:
    """A worker calls somebody who answers."""
    answer = await taker.ask(f"INVITE sip:x@{CARRIER}:{called.port}", edge.port, call_id=call_id)
    assert answer.status == 200


async def test_far_sides_speak_in_the_calls_that_ran_when_kamailio_ended_and_nobody_else(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        [taker] = await ends.enter_async_context(stubs(1))
        [called] = await ends.enter_async_context(stubs(1, CARRIER))
        [stranger] = await ends.enter_async_context(stubs(1, STRANGER))
        [peer] = await ends.enter_async_context(stubs(1, SOME_PEER))
        taker.tag, called.tag = TAG, "far"
        taker.answers |= dict.fromkeys(IN_A_CALL, (200,))
        called.answers |= {"INVITE": (180, 200), "BYE": (200,)}
        async with running(config, tmp_path) as edge, phone(edge.port) as ada:
            keeping = keeper(edge, tmp_path)
            keeping.turn()
            informed(edge, config).tell([worker(taker.port)])
            await call_out(taker, called, edge, "own")
            await call_out(taker, called, edge, "over")
            keeping.turn()
            await calls(ada, "hers", 200)
            taker.messages.clear()
            taker.send(
                f"BYE sip:x@{CARRIER}:{called.port}", edge.port, call_id="over", to_tag=";tag=far", number=2
            )
            await taker.until(lambda: bool(taker.statuses()))
            keeping.turn()
            assert (tmp_path / "calls").stat().st_mode & 0o777 == 0o600
            with (tmp_path / "calls").open("ab") as file:
                file.write(NO_CALLS)
        names = {"call_id": "own", "own": "far", "other": "sown"}
        hers = {"call_id": "hers", "own": "shers", "other": TAG}
        async with running(config, tmp_path) as edge, phone(edge.port) as ada:
            keeping = keeper(edge, tmp_path)
            informed(edge, config).tell([worker(taker.port)])
            taker.messages.clear()
            called.messages.clear()
            start = f"BYE sip:w@{taker.address[0]}:{taker.port}"
            called.send(start, edge.port, call_id="own", own_tag="far", to_tag=";tag=sown", number=3)
            await counted(edge, "starting = 1")
            assert called.messages == taker.got("BYE") == [], "it is sent again, and heard then"
            keeping.turn()
            for somebody in (stranger, ada):
                assert await said_to(somebody, "INFO", edge, taker, **names) == 403
            for somebody in (stranger, called, peer):
                assert await said_to(somebody, "INFO", edge, taker, **hers) == 403
            assert heard(taker) == []
            assert await said_to(called, "INFO", edge, taker, **names) == 200
            assert (await ada.register()).status == 200
            assert await said_to(ada, "BYE", edge, taker, **hers) == 200


async def test_what_was_over_for_long_is_forgotten_and_the_file_stays_small(
    config: KamailioConfig, tmp_path: Path, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("offhook.processes.edge_calls.MOST_SPARE_LINES", 3)
    now, file = [1000.0], tmp_path / "calls"
    async with AsyncExitStack() as ends:
        [taker] = await ends.enter_async_context(stubs(1))
        [called] = await ends.enter_async_context(stubs(1, CARRIER))
        called.tag = "far"
        called.answers |= {"INVITE": (200,), "BYE": (200,)}
        edge = await ends.enter_async_context(running(config, tmp_path))
        informed(edge, config).tell([worker(taker.port)])
        keeping = EdgeCalls(CallsBook(edge.rpc, lambda: now[0]), file, lambda: now[0])
        for number in range(12):
            await call_out(taker, called, edge, f"call-{number}")
            taker.messages.clear()
            taker.send(
                f"BYE sip:x@{CARRIER}:{called.port}", edge.port, call_id=f"call-{number}", to_tag=";tag=far"
            )
            await taker.until(lambda: bool(taker.statuses()))
            keeping.turn()
            now[0] += 61
            assert len(file.read_text().splitlines()) <= 2 * 2 + 3
        keeping = EdgeCalls(CallsBook(edge.rpc, lambda: now[0]), file, lambda: now[0])
        edge.rpc.call("htable.flush", "calls")
        keeping.turn()
        assert edge.rpc.call("htable.dump", "calls") == []


async def test_a_file_that_can_neither_be_read_nor_written_is_said_once_and_calls_go_on(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    (tmp_path / "calls").mkdir()
    async with AsyncExitStack() as ends:
        [taker] = await ends.enter_async_context(stubs(1))
        [called] = await ends.enter_async_context(stubs(1, CARRIER))
        called.answers["INVITE"], called.tag = (200,), "far"
        edge = await ends.enter_async_context(running(config, tmp_path))
        informed(edge, config).tell([worker(taker.port)])
        keeping = keeper(edge, tmp_path)
        with capture_logs() as lines:
            keeping.turn()
            for number in range(3):
                await call_out(taker, called, edge, f"call-{number}")
                keeping.turn()
    assert [line["event"] for line in lines] == ["edge.calls_not_restored", "edge.calls_not_kept"]


async def test_a_far_side_that_says_much_in_its_call_takes_no_room_from_others(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        [taker] = await ends.enter_async_context(stubs(1))
        [called] = await ends.enter_async_context(stubs(1, CARRIER))
        taker.answers |= dict.fromkeys(IN_A_CALL, (200,))
        called.answers["INVITE"], called.tag = (200,), "far"
        edge = await ends.enter_async_context(running(config, tmp_path))
        keeper(edge, tmp_path).turn()
        informed(edge, config).tell([worker(taker.port)])
        await call_out(taker, called, edge, "own")
        start = f"INFO sip:w@{taker.address[0]}:{taker.port}"
        for number in range(20):
            called.send(start, edge.port, call_id="own", own_tag="far", to_tag=";tag=sown", number=number)
        await taker.until(lambda: len({message.get("CSeq") for message in taker.got("INFO")}) == 20)
        assert len(CallsBook(edge.rpc).changed()) == 1


async def test_an_address_is_a_workers_for_a_minute_after_it_went_and_then_anybodys(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    now = [1000.0]
    async with AsyncExitStack() as ends:
        [stays] = await ends.enter_async_context(stubs(1))
        edge = await ends.enter_async_context(running(config, tmp_path))
        keeper(edge, tmp_path).turn()
        telling = informed(edge, config, lambda: now[0])

        def listed() -> list[str]:
            return [each.uri for each in read_listing(edge.rpc.call("dispatcher.list"))]

        async with stubs(1) as [goes]:
            telling.tell([worker(stays.port), worker(goes.port)])
            now[0] += 61
            telling.tell([worker(stays.port)])
            assert len(listed()) == 2, "it may have calls, and only lost its lease"
            telling.tell([])
            assert len(listed()) == 2
        async with asyncio.timeout(30):
            while goes.port in (udp_ports_taken() or ()):  # noqa: ASYNC110
                await asyncio.sleep(0)  # what closes sockets runs in this loop
        now[0] += 59
        telling.tell([worker(stays.port)])
        assert len(listed()) == 2, "it is started anew, and calls before its lease is seen"
        now[0] += 2
        telling.tell([worker(stays.port)])
        assert listed() == [f"sip:127.0.0.1:{stays.port}"]


def test_a_kamailio_that_hangs_is_not_told_of_every_phone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("offhook.edge.restoring.ANSWER_S", 0.01)
    contacts = [called_at("sip:phone@192.0.2.7", "192.0.2.7", 5060 + number, "udp") for number in range(20)]
    places = [RegisteredPlace(login="phone", contact=each or "", seconds=600) for each in contacts]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hangs:
        hangs.bind(("127.0.0.1", 0))
        hangs.setblocking(False)
        assert restore(places, port=hangs.getsockname()[1], key="key") == 0
        asked = set()
        with suppress(BlockingIOError):
            while True:
                asked.add(next(line for line in hangs.recv(65_536).split(b"\r\n") if b"Received" in line))
    assert len(asked) == MOST_UNANSWERED, "each of them waits; the others' phones say it themselves"
