"""Who may speak in a call, at a real Kamailio: its far side, from wherever that is known to be, and nobody else who knows the call."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from pathlib import Path

import pytest

from offhook.edge.informer import Informer
from offhook.edge.kamailio_config import KamailioConfig
from offhook.edge.phone_book import PhoneBook
from tests.edge.conftest import Edge, running
from tests.edge.phone_stub import Phone, challenges, login_of, phone
from tests.edge.sip_stub import Stub, stubs
from tests.edge.test_kamailio import Worker
from tests.edge.test_phones import counted

pytestmark = pytest.mark.sip

LOGINS = [login_of(login, Phone.password) for login in ("ada", "bob")]
IN_A_CALL = ("INFO", "UPDATE", "REFER", "PRACK", "INVITE", "BYE")
TAG = "of-the-called"
STRANGER, CARRIER, ITS_OTHER = "127.0.0.66", "127.0.0.5", "127.0.0.6"


@pytest.fixture
def config(config: KamailioConfig) -> KamailioConfig:
    """Nobody but one network is let in by address."""
    return replace(config, callers_allowed=(ip_network("127.0.5.0/24"),))


@asynccontextmanager
async def set_up(
    config: KamailioConfig, folder: Path, worker: Worker, *, clients: bool = True
) -> AsyncIterator[tuple[Edge, Stub]]:
    """A block with a Kamailio, and a worker that answers calls."""
    async with running(config, folder) as edge, stubs(1) as [taker]:
        PhoneBook(edge.rpc).tell(LOGINS if clients else [])
        Informer(edge.rpc, list_file=config.list_file, new_calls_per_s=50).tell([worker(taker.port)])
        taker.tag = TAG
        taker.answers |= dict.fromkeys(IN_A_CALL, (200,))
        yield edge, taker


async def calls(caller: Phone, call_id: str, *answers: int, number: int = 2) -> None:
    """A phone that proves itself calls, and has got these answers."""
    start = f"INVITE sip:1000@127.0.0.1:{caller.server_port}"
    asked = await caller.ask(start, caller.server_port, call_id=call_id)
    caller.messages.clear()
    proof = caller.credentials("INVITE", challenges(asked)[0], uri=start.split(" ")[1])
    caller.send(
        start, caller.server_port, call_id=call_id, headers=(f"Proxy-Authorization: {proof}",), number=number
    )
    await caller.until(lambda: {each.status for each in caller.messages} >= set(answers))


async def said_to(
    speaker: Stub, method: str, edge: Edge, target: Stub, *, call_id: str, own: str, other: str
) -> int:
    """What somebody is told who says this in a call whose tags these are; 0 for an ACK."""
    speaker.messages.clear()
    start = f"{method} sip:w@{target.address[0]}:{target.port}"
    speaker.send(start, edge.port, call_id=call_id, to_tag=f";tag={other}", own_tag=own, number=9)
    if method == "ACK":
        return 0
    await speaker.until(lambda: any(each.status >= 200 for each in speaker.messages))
    return next(each.status for each in speaker.messages if each.status >= 200)


def heard(worker: Stub) -> list[str]:
    """What it was asked in calls."""
    return [each.method for each in worker.messages if each.method not in ("", "OPTIONS")]


async def answer_to_a_cancel(
    edge: Edge, speaker: Stub, *, call_id: str, own: str, number: int, via: str
) -> int:
    """What somebody is told who would take a call back, wherever its caller says to be."""
    speaker.messages.clear()
    start = f"CANCEL sip:1000@127.0.0.1:{edge.port}"
    speaker.send(start, edge.port, call_id=call_id, own_tag=own, number=number, via=f"{via};rport")
    await speaker.until(lambda: bool(speaker.messages))
    return speaker.messages[0].status


async def cancels_become(taker: Stub, count: int) -> None:
    await taker.until(lambda: len(taker.got("CANCEL")) == count)


async def test_a_phones_call_is_its_own(config: KamailioConfig, tmp_path: Path, worker: Worker) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        ada = await ends.enter_async_context(phone(edge.port))
        moved = await ends.enter_async_context(phone(edge.port, host="127.0.0.3"))
        bob = await ends.enter_async_context(phone(edge.port, "bob"))
        [stranger] = await ends.enter_async_context(stubs(1, STRANGER))
        [peer] = await ends.enter_async_context(stubs(1, "127.0.5.1"))
        assert (await bob.register()).status == 200
        await calls(ada, "hers", 200)
        names = {"call_id": "hers", "own": "shers", "other": TAG}
        taker.messages.clear()
        for somebody in (stranger, bob, peer, moved):
            for method in (*IN_A_CALL, "ACK"):
                assert await said_to(somebody, method, edge, taker, **names) == (
                    0 if method == "ACK" else 403
                )
        assert heard(taker) == []
        await counted(edge, f"forged = {4 * (len(IN_A_CALL) + 1)}")
        assert all("somebody else's call" in line for line in edge.said)
        assert len(edge.said) <= 8, "not one a request"
        assert (await moved.register()).status == 200
        assert await said_to(moved, "INFO", edge, taker, **names) == 200, "she is elsewhere now"
        assert await said_to(ada, "BYE", edge, taker, **names) == 200
        assert heard(taker) == ["INFO", "BYE"]


@pytest.mark.parametrize("clients", [True, False], ids=["with phones", "without phones"])
async def test_whom_a_worker_called_may_speak_from_where_it_answers_and_says_it_is(
    config: KamailioConfig, tmp_path: Path, worker: Worker, clients: bool
) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker, clients=clients))
        [called] = await ends.enter_async_context(stubs(1, CARRIER))
        [other] = await ends.enter_async_context(stubs(1, ITS_OTHER))
        [stranger] = await ends.enter_async_context(stubs(1, STRANGER))
        called.tag, called.answers["INVITE"] = "far", (180, 200)
        called.contact = f'"Some, body" <sip:x@{ITS_OTHER}:5070;transport=udp>, <sip:[2001:db8::7]>'
        await taker.ask(f"INVITE sip:x@{CARRIER}:{called.port}", edge.port, call_id="own")
        [known] = (
            entry[0]["value"] for entry in edge.rpc.call("htable.dump", "calls") for entry in [entry["slot"]]
        )
        assert known == f"/{CARRIER},{ITS_OTHER},2001:db8::7"
        names = {"call_id": "own", "own": "far", "other": "sown"}
        taker.messages.clear()
        for method in (*IN_A_CALL, "ACK"):
            assert await said_to(stranger, method, edge, taker, **names) == (0 if method == "ACK" else 403)
        assert heard(taker) == []
        assert await said_to(other, "INFO", edge, taker, **names) == 200
        assert await said_to(called, "BYE", edge, taker, **names) == 200
        assert all("is refused" in line for line in edge.said), edge.said
        assert heard(taker) == ["INFO", "BYE"]


async def test_only_who_calls_can_take_the_call_back(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        ada = await ends.enter_async_context(phone(edge.port))
        bob = await ends.enter_async_context(phone(edge.port, "bob"))
        peer, caller = [(await ends.enter_async_context(stubs(1, f"127.0.5.{last}")))[0] for last in (1, 2)]
        [stranger] = await ends.enter_async_context(stubs(1, STRANGER))
        taker.answers["INVITE"] = (100, 180)
        assert (await bob.register()).status == 200
        await calls(ada, "hers", 180)
        caller.send(f"INVITE sip:1000@127.0.0.1:{edge.port}", edge.port, call_id="his")
        await caller.until(lambda: any(each.status == 180 for each in caller.messages))
        taker.answers["CANCEL"] = (200,)
        for call_id, owner, number in (("hers", ada, 2), ("his", caller, 1)):
            before = len(taker.got("CANCEL"))
            answer = partial(
                answer_to_a_cancel, edge, own=f"s{call_id}", number=number, via=owner.via(call_id, "INVITE")
            )
            for thief, other in ((stranger, 403), (bob, 481), (peer, 481)):
                assert await answer(thief, call_id=call_id) == 403
                assert await answer(thief, call_id="another") == other
            assert len(taker.got("CANCEL")) == before
            assert await answer(owner, call_id=call_id) == 200
            await cancels_become(taker, before + 1)
        assert [each.get("Call-ID") for each in taker.got("CANCEL")] == ["hers", "his"]


async def test_of_calls_that_are_not_known_peers_and_phones_may_speak(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        ada = await ends.enter_async_context(phone(edge.port))
        [peer] = await ends.enter_async_context(stubs(1, "127.0.5.1"))
        [stranger] = await ends.enter_async_context(stubs(1, STRANGER))
        assert (await ada.register()).status == 200
        names = {"call_id": "of-before", "own": "a", "other": TAG}
        for somebody, told in ((ada, 200), (peer, 200), (stranger, 403)):
            assert await said_to(somebody, "BYE", edge, taker, **names) == told
        assert heard(taker) == ["BYE", "BYE"]


async def test_who_writes_a_known_calls_tag_in_another_way_is_refused(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    """The library of a worker takes these for the same."""
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        ada = await ends.enter_async_context(phone(edge.port))
        bob = await ends.enter_async_context(phone(edge.port, "bob"))
        [peer] = await ends.enter_async_context(stubs(1, "127.0.5.1"))
        [called] = await ends.enter_async_context(stubs(1, CARRIER))
        assert (await bob.register()).status == 200
        await calls(ada, "hers", 200)
        called.tag, called.answers["INVITE"] = "far", (200,)
        await taker.ask(f"INVITE sip:x@{CARRIER}:{called.port}", edge.port, call_id="own")
        taker.messages.clear()
        for call_id, other, tags in (("hers", TAG, ("SHERS", "%73hers")), ("own", "sown", ("FAR", "f%61r"))):
            for tag in tags:
                for somebody in (bob, peer):
                    names = {"call_id": call_id, "own": tag, "other": other}
                    assert await said_to(somebody, "BYE", edge, taker, **names) == 403
        assert heard(taker) == []


async def test_what_is_kept_of_a_far_side_has_an_end(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        [peer] = await ends.enter_async_context(stubs(1, "127.0.5.1"))
        endless = f"<sip:{'x' * 30_000}@192.0.2.1>"
        start = f"INVITE sip:1000@127.0.0.1:{edge.port}"
        assert (await peer.ask(start, edge.port, call_id="his", contact=endless)).status == 200
        for number in range(2, 20):
            peer.messages.clear()
            contact = ", ".join(f"<sip:x@10.{number}.0.{last}>" for last in range(1, 12))
            peer.send(
                f"INVITE sip:w@127.0.0.1:{taker.port}",
                edge.port,
                call_id="his",
                to_tag=f";tag={TAG}",
                number=number,
                contact=contact,
                via=peer.via(f"his-{number}", "INVITE"),
            )
            await peer.until(lambda: any(each.status == 200 for each in peer.messages))
        [known] = (
            entry[0]["value"] for entry in (each["slot"] for each in edge.rpc.call("htable.dump", "calls"))
        )
        assert known.startswith("/127.0.5.1,10.2.0.1,")
        assert len(known) < 620
        assert edge.said == []


async def test_the_ack_of_a_refusal_ends_it(config: KamailioConfig, tmp_path: Path, worker: Worker) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        [peer] = await ends.enter_async_context(stubs(1, "127.0.5.1"))
        taker.answers["INVITE"] = (100, 486)
        start = f"sip:1000@127.0.0.1:{edge.port}"
        assert (await peer.ask(f"INVITE {start}", edge.port, call_id="his")).status == 486
        peer.send(
            f"ACK {start}",
            edge.port,
            call_id="his",
            to_tag=f";tag={TAG}",
            via=peer.via("his", "INVITE"),
        )
        with pytest.raises(TimeoutError):  # it would be said again after half a second
            await peer.until(lambda: len([each for each in peer.messages if each.status == 486]) > 1, 1.5)


async def test_nobody_takes_over_a_call_by_beginning_it_again(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        edge, taker = await ends.enter_async_context(set_up(config, tmp_path, worker))
        ada = await ends.enter_async_context(phone(edge.port))
        bob = await ends.enter_async_context(phone(edge.port, "bob"))
        [peer] = await ends.enter_async_context(stubs(1, "127.0.5.1"))
        await calls(ada, "hers", 200)
        taker.messages.clear()
        await calls(bob, "hers", 403, number=3)
        assert (
            await peer.ask(f"INVITE sip:1000@127.0.0.1:{edge.port}", edge.port, call_id="hers")
        ).status == 403
        assert heard(taker) == []
        assert await said_to(ada, "BYE", edge, taker, call_id="hers", own="shers", other=TAG) == 200


async def test_where_nobody_asks_for_sources_whoever_knows_a_call_may_speak_in_it(
    config: KamailioConfig, tmp_path: Path, worker: Worker
) -> None:
    async with AsyncExitStack() as ends:
        open_to_all = replace(config, pins_sources=False)
        edge, taker = await ends.enter_async_context(set_up(open_to_all, tmp_path, worker))
        ada = await ends.enter_async_context(phone(edge.port))
        [stranger] = await ends.enter_async_context(stubs(1, STRANGER))
        await calls(ada, "hers", 200)
        names = {"own": "shers", "other": TAG}
        assert await said_to(stranger, "INFO", edge, taker, call_id="his", **names) == 403
        assert await said_to(stranger, "BYE", edge, taker, call_id="hers", **names) == 200
