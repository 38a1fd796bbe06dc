"""A real Kamailio and telephones of raw sockets: who is let in, who is kept out, and what it costs to guess."""

import asyncio
import hashlib
import re
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.phone_addresses import way_of
from offhook.call.resource_rows import SIP_REALM, PhoneLogin
from offhook.edge.informer import Informer
from offhook.edge.kamailio_config import KamailioConfig, Listen
from offhook.edge.listening import listening
from offhook.edge.phone_book import PhoneBook
from offhook.edge.restoring import restore
from offhook.pjsua.invite import read_invite
from offhook.processes.edge_word import as_told, is_forged
from tests.edge.conftest import Edge, running
from tests.edge.phone_stub import Phone, challenges, login_of, phone
from tests.edge.sip_stub import stubs
from tests.edge.test_kamailio import Worker

pytestmark = pytest.mark.sip

ADA, BOB = login_of("ada", Phone.password), login_of("b.o'b+7", Phone.password)
MADE_UP_ADDRESSES = 12_000
ASKING = (
    "REGISTER sip:x SIP/2.0\r\nVia: SIP/2.0/UDP {host}:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\n"
    "Call-ID: {host}\r\nCSeq: 1 REGISTER\r\nContent-Length: 0\r\n\r\n"
)
MADE_UP = "INVITE sip:x SIP/2.0\r\nCall-ID: {call_id}\r\nX-Offhook-Edge: {word}\r\n\r\n"


@pytest.fixture
def config(config: KamailioConfig) -> KamailioConfig:
    """Nobody of loopback is let in by address."""
    return replace(config, callers_allowed=(ip_network("192.0.2.0/24"),))


@pytest_asyncio.fixture
async def edge(config: KamailioConfig, tmp_path: Path) -> AsyncIterator[Edge]:
    """A Kamailio that knows two clients."""
    async with knowing(config, tmp_path) as started:
        yield started


@asynccontextmanager
async def knowing(
    config: KamailioConfig, folder: Path, logins: Iterable[PhoneLogin] = (ADA, BOB)
) -> AsyncIterator[Edge]:
    async with running(config, folder) as started:
        await asyncio.to_thread(PhoneBook(started.rpc).tell, logins)
        yield started


async def heard_of(book: PhoneBook, *logins: str) -> None:
    """Return once Kamailio has told of these: it answers a phone a moment before."""
    heard: set[str] = set()
    async with asyncio.timeout(30):
        while not heard.issuperset(logins):
            heard |= book.changed()
            await asyncio.sleep(0.01)


async def counted(edge: Edge, words: str) -> None:
    """Return once Kamailio has counted so much."""
    async with asyncio.timeout(30):
        while f"script:{words}" not in await asyncio.to_thread(
            edge.rpc.call, "stats.get_statistics", "script:"
        ):
            pass


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
async def test_a_phone_registers_and_where_it_is_can_be_asked(edge: Edge, algorithm: str) -> None:
    book = PhoneBook(edge.rpc)
    async with phone(edge.port) as ada, phone(edge.port, BOB.login) as bob:
        assert (await ada.register(algorithm=algorithm)).status == 200
        assert (await bob.register(algorithm=algorithm)).status == 200
        await heard_of(book, "ada", BOB.login)
        [place] = book.places("ada")
        assert place.contact.endswith(f";alias=127.0.0.1~{ada.port}~1")
        assert 590 < place.seconds <= 600
        assert way_of(place.contact) == (f"sip:stub@127.0.0.1:{ada.port}", "127.0.0.1", ada.port, "udp")
        assert (await ada.register(algorithm=algorithm, expires=0)).status == 200
        await heard_of(book, "ada")
        assert book.places("ada") == ()
        assert len(book.places(BOB.login)) == 1


async def test_a_client_that_is_taken_away_is_registered_nowhere_and_not_let_in(edge: Edge) -> None:
    book = PhoneBook(edge.rpc)
    book.tell([ADA, BOB])
    async with phone(edge.port) as ada:
        assert (await ada.register()).status == 200
        book.tell([BOB])
        assert book.places("ada") == ()
        assert (await ada.register()).status == 403


async def test_wrong_passwords_and_unknown_names_get_the_same_answers(edge: Edge) -> None:
    said = {}
    for name, host in (("ada", "127.0.0.2"), ("nobody", "127.0.0.3")):
        async with phone(edge.port, name, host) as guesser:
            answers = [await guesser.register(password="a wrong one") for _ in range(6)]
            call = await guesser.say("INVITE", "1000")
            said[name] = [
                (each.start, [key for key, _ in each.headers], [sorted(c) for c in challenges(each)])
                for each in (*answers, call)
            ]
    assert said["ada"] == said["nobody"]
    assert [words[0] for words in said["ada"]] == ["SIP/2.0 403 Wrong Name Or Password"] * 5 + [
        "SIP/2.0 403 Too Many Failed Logins"
    ] * 2


async def test_who_guesses_is_banned_and_who_is_known_is_not(edge: Edge) -> None:
    async with (
        phone(edge.port) as known,
        phone(edge.port, host="127.0.0.2") as guesser,
        phone(edge.port, BOB.login, "127.0.0.2") as neighbour,
        phone(edge.port, host="127.0.0.4") as elsewhere,
    ):
        assert (await known.register()).status == 200
        for _ in range(5):
            assert "Wrong" in (await guesser.register(password="a wrong one")).start
        assert "Too Many" in (await guesser.register()).start, "the right one comes too late"
        assert "Too Many" in (await neighbour.register()).start
        assert (await elsewhere.say("REGISTER", "ada")).status == 401
        assert "Too Many" in (await elsewhere.register()).start, "this name is guessed at"
        assert (await known.register()).status == 200
    assert "is banned for 600 s" in "\n".join(edge.said)
    assert len(edge.said) == 2, edge.said
    counted = edge.rpc.call("stats.get_statistics", "script:")
    assert "script:wrong_passwords = 5" in counted
    edge.rpc.call("htable.delete", "bans", "ip:127.0.0.2")
    async with phone(edge.port, "somebody", "127.0.0.2") as again:
        for _ in range(5):
            assert "Wrong" in (await again.register(password="a wrong one")).start
    assert "ip:127.0.0.2 is banned for 1200 s" in "\n".join(edge.said)


async def test_what_was_overheard_lets_nobody_in(edge: Edge) -> None:
    async with phone(edge.port) as ada, phone(edge.port, host="127.0.0.2") as thief:
        challenge = challenges(await ada.say("REGISTER", "ada"))[1]
        authorization = f"Authorization: {ada.credentials('REGISTER', challenge)}"
        elsewhere = await thief.say("REGISTER", "ada", authorization)
        assert (elsewhere.status, challenges(elsewhere)[0]["stale"]) == (401, "true")
        assert (await ada.say("REGISTER", "ada", authorization)).status == 200
        again = await ada.say("REGISTER", "ada", authorization)
        assert (again.status, challenges(again)[0]["stale"]) == (401, "true")
        counted_on = ada.credentials("REGISTER", challenge, uses=2)
        assert (await ada.say("REGISTER", "ada", f"Authorization: {counted_on}")).status == 200
        made, salt, seal = challenge["nonce"].split(".")
        forged = challenge | {"nonce": f"{int(made) + 9}.{salt}.{seal}"}
        refused = await ada.say("REGISTER", "ada", f"Authorization: {ada.credentials('REGISTER', forged)}")
        assert (refused.status, challenges(refused)[0]["stale"]) == (401, "true")
    assert PhoneBook(edge.rpc).places("ada")[0].contact.endswith("~1")


async def test_what_was_overheard_is_not_counted_anew(edge: Edge) -> None:
    def of_rfc_2069(said: str) -> str:
        """The same without qop, where nobody vouches for a count."""
        asked = hashlib.md5(f"REGISTER:sip:ada@127.0.0.1:{edge.port}".encode()).hexdigest()
        nonce = re.search(r'nonce="([^"]+)"', said)
        assert nonce is not None
        response = hashlib.md5(f"{ADA.ha1_md5}:{nonce[1]}:{asked}".encode()).hexdigest()
        return re.sub(r'response="\w+"', f'response="{response}"', said.partition(", cnonce=")[0])

    async with phone(edge.port) as ada:

        async def status(said: str) -> int:
            return (await ada.say("REGISTER", "ada", f"Authorization: {said}")).status

        [challenge] = challenges(await ada.say("REGISTER", "ada"))[1:]
        without = of_rfc_2069(ada.credentials("REGISTER", challenge))
        assert [await status(without + more) for more in ("", "", ", nc=00000007")] == [200, 401, 401]
        [challenge] = challenges(await ada.say("REGISTER", "ada"))
        with_colon = ada.credentials("REGISTER", challenge, client_nonce="0a:4f")
        shifted = with_colon.replace('cnonce="0a:4f"', 'cnonce="4f"').replace("nc=00000001", "nc=00000001:0a")
        assert [await status(said) for said in (with_colon, shifted)] == [200, 401]


async def test_a_phone_that_gives_up_on_sha_256_is_offered_md5_when_it_asks_again(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        offered = [[c["algorithm"] for c in challenges(await ada.say("REGISTER", "ada"))] for _ in range(2)]
        assert offered == [["SHA-256", "MD5"], ["MD5"]]
        assert (await ada.register()).status == 200
        call = await ada.say("INVITE", "1000")
        assert call.status in (403, 407)


async def test_only_its_own_name_and_only_once_proven(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        challenge = challenges(await ada.say("REGISTER", BOB.login))[1]
        credentials = f"Authorization: {ada.credentials('REGISTER', challenge)}"
        assert (await ada.say("REGISTER", "b.o'b%2b7", credentials)).status == 403
    assert PhoneBook(edge.rpc).changed() == frozenset()


async def test_registrations_are_told_to_a_kamailio_that_comes_after(
    config: KamailioConfig, tmp_path: Path
) -> None:
    async with phone(config.listen[0].port) as ada:
        async with knowing(config, tmp_path) as edge:
            assert (await ada.register()).status == 200
            places = PhoneBook(edge.rpc).places("ada")
        async with knowing(config, tmp_path) as edge:
            assert PhoneBook(edge.rpc).places("ada") == ()
            forged = await asyncio.to_thread(restore, places, port=edge.port, key="0" * 64)
            assert forged == 0
            assert await asyncio.to_thread(restore, places, port=edge.port, key=config.keys.restore) == 1
            [place] = PhoneBook(edge.rpc).places("ada")
            assert place.contact == places[0].contact
            assert (await ada.say("OPTIONS", "x")).status == 200, "it is known from before"
            assert (await ada.register()).status == 200
            assert len(PhoneBook(edge.rpc).places("ada")) == 1


async def test_a_proven_call_reaches_a_worker_with_the_edges_word(
    edge: Edge, config: KamailioConfig, worker: Worker
) -> None:
    informer = Informer(edge.rpc, list_file=config.list_file, new_calls_per_s=50)
    async with stubs(1) as [taker], phone(edge.port) as ada:
        informer.tell([worker(taker.port)])
        taker.answers["INVITE"] = (486,)
        asked = await ada.say("INVITE", "1000", "X-Offhook-Edge: 1.2.3.4 5 udp bob " + "0" * 64)
        assert asked.status == 407
        assert taker.got("INVITE") == []
        proof = f"Proxy-Authorization: {ada.credentials('INVITE', challenges(asked)[0], uri=f'sip:1000@127.0.0.1:{edge.port}')}"
        answer = await ada.say("INVITE", "1000", proof, "X-Offhook-Edge: 1.2.3.4 5 udp bob " + "0" * 64)
        assert answer.status in (486, 503)
        [invite] = taker.got("INVITE")[:1]
        assert invite.all("Proxy-Authorization") == []
        [word] = invite.all("X-Offhook-Edge")
        text = MADE_UP.format(call_id=invite.get("Call-ID"), word=word)
        heard = as_told(read_invite(text, "127.0.0.1:9"), config.keys.signing)
        assert (heard.client, heard.source, heard.transport) == ("ada", f"127.0.0.1:{ada.port}", "udp")
        assert heard.headers == ()
        assert as_told(read_invite(text, "127.0.0.1:9"), "0" * 64).client is None
        assert not is_forged(read_invite(text, "127.0.0.1:9"), config.keys.signing)
        renamed = text.replace(" ada ", " bob ")
        assert is_forged(read_invite(renamed, "127.0.0.1:9"), config.keys.signing)
        assert as_told(read_invite(renamed, "127.0.0.1:9"), config.keys.signing).client is None


@pytest.mark.parametrize(
    ("proven_for", "status"),
    [
        ("sip:1000@127.0.0.1:{port}", 486),
        ("sip:1000@127.0.0.1", 486),
        ("sip:1%30%30%30@127.0.0.1;transport=udp", 486),
        ("sip:1001@127.0.0.1:{port}", 400),
        ("sip:1000@192.0.2.9:{port}", 400),
        ("1000", 400),
    ],
)
async def test_what_was_proven_for_one_target_calls_no_other(
    edge: Edge, config: KamailioConfig, worker: Worker, proven_for: str, status: int
) -> None:
    async with stubs(1) as [taker], phone(edge.port) as ada:
        Informer(edge.rpc, list_file=config.list_file, new_calls_per_s=50).tell([worker(taker.port)])
        taker.answers["INVITE"] = (100, 486)
        [challenge, *_] = challenges(await ada.say("INVITE", "1000"))
        proof = ada.credentials("INVITE", challenge, uri=proven_for.format(port=edge.port))
        answer = await ada.say("INVITE", "1000", f"Proxy-Authorization: {proof}")
        assert answer.status == status
        assert bool(taker.got("INVITE")) is (status == 486)


async def test_a_challenge_is_not_much_longer_than_what_it_answers(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        asked = ASKING.format(host=f"127.0.0.1:{ada.port}").replace(":9;", ";")
        for padding, status, most in (("", 400, 2.0), ("User-Agent: " + "x" * 80 + "\r\n", 401, 1.9)):
            ada.messages.clear()
            sent = (
                asked.replace("Content-Length", f"{padding}Content-Length")
                .replace("1 REG", f"{status} REG")
                .encode()
            )
            ada.transport.sendto(sent, ("127.0.0.1", edge.port))
            await ada.until(lambda: bool(ada.messages))
            [answer] = ada.messages
            length = len(answer.start) + sum(len(name) + len(value) + 4 for name, value in answer.headers) + 4
            assert answer.status == status
            assert length < most * len(sent)


async def test_a_workers_call_goes_the_way_that_a_phone_registered(
    edge: Edge, config: KamailioConfig, worker: Worker
) -> None:
    informer = Informer(edge.rpc, list_file=config.list_file, new_calls_per_s=50)
    async with stubs(1) as [caller], phone(edge.port) as ada:
        informer.tell([worker(caller.port)])
        assert (await ada.register()).status == 200
        [place] = PhoneBook(edge.rpc).places("ada")
        ada.answers["INVITE"] = (486,)
        behind_nat = place.contact.replace(f"@127.0.0.1:{ada.port};", "@10.9.8.7:5060;")
        answer = await caller.ask(
            f"INVITE {behind_nat}", edge.port, call_id="in", headers=("X-Offhook-Edge: x",)
        )
        assert answer.status == 486
        [invite] = ada.got("INVITE")
        assert invite.start.split(" ")[1] == "sip:stub@10.9.8.7:5060"
        assert invite.all("X-Offhook-Edge") == []
        gone = f"sip:ada@127.0.0.1:{ada.port};transport=tcp;alias=127.0.0.1~{ada.port}~2"
        assert (await caller.ask(f"INVITE {gone}", edge.port, call_id="gone")).status == 480


async def test_who_speaks_as_if_in_a_call_is_not_taken_for_the_edge(
    edge: Edge, config: KamailioConfig, worker: Worker
) -> None:
    async with stubs(1) as [taker], phone(edge.port) as ada:
        Informer(edge.rpc, list_file=config.list_file, new_calls_per_s=50).tell([worker(taker.port)])
        assert (await ada.register()).status == 200
        taker.answers["INVITE"] = (481,)
        start = f"INVITE sip:1000@127.0.0.1:{taker.port}"
        for call_id, headers in (("none", ()), ("own", ("X-Offhook-Edge : 127.0.0.1 9 udp - 0",))):
            ada.send(start, edge.port, call_id=call_id, headers=headers, to_tag=";tag=made-up")
        await ada.until(lambda: ada.statuses()[481] == 2)
        for invite in taker.got("INVITE"):
            lines = ["INVITE sip:x SIP/2.0", *(f"{name}: {value}" for name, value in invite.headers), "", ""]
            assert is_forged(read_invite("\r\n".join(lines), "127.0.0.1:9"), config.keys.signing)


async def test_a_phone_cannot_have_somebody_else_called(edge: Edge) -> None:
    async with phone(edge.port) as ada, stubs(1, "127.0.0.9") as [victim]:
        [challenge, _] = challenges(await ada.say("REGISTER", "ada"))
        elsewhere = f"Contact: <sip:1000@127.0.0.9;alias=127.0.0.9~{victim.port}~1>"
        proof = f"Authorization: {ada.credentials('REGISTER', challenge)}"
        assert (await ada.say("REGISTER", "ada", proof, elsewhere)).status == 200
        way = f";alias=127.0.0.1~{ada.port}~1"
        called = {place.contact for place in PhoneBook(edge.rpc).places("ada")}
        assert called == {f"sip:stub@127.0.0.1:{ada.port}{way}", f"sip:1000@127.0.0.9{way}"}


async def test_strangers_scanners_and_trunks(config: KamailioConfig, tmp_path: Path, worker: Worker) -> None:
    async with knowing(config, tmp_path, ()) as edge, stubs(1, "127.0.0.2") as [stranger]:
        target = f"sip:1000@127.0.0.1:{edge.port}"
        book = PhoneBook(edge.rpc)
        assert (await stranger.ask(f"INVITE {target}", edge.port, call_id="1")).status == 403
        book.tell([ADA])
        assert (await stranger.ask(f"INVITE {target}", edge.port, call_id="2")).status == 407
        assert (await stranger.ask(f"OPTIONS {target}", edge.port, call_id="3")).status == 403
        stranger.send(f"OPTIONS {target}", edge.port, call_id="4", headers=("User-Agent: friendly-scanner",))
        await counted(edge, "scanners = 1")  # one of several processes of Kamailio takes it, whenever that is
        book.tell_trunks([ip_network("127.0.0.2/32"), ip_network("2001:db8::/32")])
        assert (await stranger.ask(f"INVITE {target}", edge.port, call_id="5")).status == 503, "no worker"
        assert (await stranger.ask(f"OPTIONS {target}", edge.port, call_id="6")).status == 200
        book.tell_trunks([])
        assert (await stranger.ask(f"INVITE {target}", edge.port, call_id="7")).status == 407
        assert [each for each in stranger.messages if each.get("Call-ID") == "4"] == []


async def test_addresses_that_are_made_up_do_not_fill_the_memory(
    config: KamailioConfig, tmp_path: Path
) -> None:
    async with knowing(config, tmp_path, ()) as edge:
        for number in range(MADE_UP_ADDRESSES):
            host = f"127.1.{number // 250}.{number % 250 + 1}"
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as somebody:
                somebody.bind((host, 0))
                somebody.sendto(ASKING.format(host=host).encode(), ("127.0.0.1", edge.port))
        known = {table["name"]: table["all"] for table in edge.rpc.call("htable.stats")}
        assert 0 < known["rates"] <= 2 * 4096


async def test_a_flood_from_one_address_keeps_no_phone_from_registering(edge: Edge) -> None:
    async with stubs(1, "127.0.0.68") as [flooder], phone(edge.port) as ada:
        names = [f"flood-{number}" for number in range(5_000)]
        flooding = asyncio.create_task(
            flooder.flood(f"OPTIONS sip:x@127.0.0.1:{edge.port}", edge.port, call_ids=names)
        )
        asked = 0
        while not flooding.done():
            asked += 1
            ada.send(f"REGISTER sip:ada@127.0.0.1:{edge.port}", edge.port, call_id=f"asked-{asked}")
            await asyncio.wait([flooding], timeout=0.04)
        heard = {each.get("Call-ID") for each in ada.messages if each.status == 401}
        assert len(heard) >= asked * 0.7


async def test_phones_are_asked_to_wait_until_clients_are_known(
    config: KamailioConfig, tmp_path: Path
) -> None:
    peers = (ip_network("127.0.0.1/32"),)
    config = replace(config, takes_phones=True, callers_allowed=peers)
    async with (
        running(config, tmp_path) as edge,
        phone(edge.port) as peer,
        phone(edge.port, host="127.0.0.2") as stranger,
    ):
        for ada in (peer, stranger):
            early = await ada.say("REGISTER", "ada")
            assert (early.status, early.get("Retry-After")) == (503, "2")
        PhoneBook(edge.rpc).tell([])
        assert (await peer.say("REGISTER", "ada")).status == 405
        assert (await stranger.say("REGISTER", "ada")).status == 403


async def test_a_phone_at_an_address_that_may_call_proves_itself_too(
    config: KamailioConfig, tmp_path: Path
) -> None:
    config = replace(config, callers_allowed=(ip_network("127.0.0.0/8"),))
    async with knowing(config, tmp_path) as edge, phone(edge.port) as ada, stubs(1) as [peer]:
        target = f"INVITE sip:1000@127.0.0.1:{edge.port}"
        assert (await peer.ask(target, edge.port, call_id="peer")).status == 503, "no worker, and no question"
        assert (await ada.say("INVITE", "1000")).status == 503
        assert (await ada.register()).status == 200
        assert (await ada.say("INVITE", "1000")).status == 407


def test_the_realm_of_the_routing_is_that_of_the_passwords(config: KamailioConfig) -> None:
    assert f'authorization["{SIP_REALM}"]' in config.text()


async def test_a_phone_registers_over_ipv6(config: KamailioConfig, tmp_path: Path) -> None:
    port = config.listen[0].port
    every = listening("127.0.0.1", port, None, ipv6_host="::")
    assert Listen(host="::1", port=port) in every
    config = replace(config, listen=(*every[:1], Listen(host="::1", port=port)))
    async with knowing(config, tmp_path) as edge, AsyncExitStack() as ends:
        ada = await ends.enter_async_context(phone(port, host="::1"))
        for _ in range(5):
            assert "Wrong" in (await ada.register(password="a wrong one")).start
        assert "Too Many" in (await ada.register()).start
        assert "ip::: is banned" in "\n".join(edge.said), "its whole network is"
        for who in ("ip:::", f"name:{hashlib.md5(b'ada').hexdigest()}"):
            edge.rpc.call("htable.delete", "bans", who)
        assert (await ada.register()).status == 200
        places = PhoneBook(edge.rpc).places("ada")
        assert places[0].contact.endswith(f"~{ada.port}~1")
        assert (await ada.say("OPTIONS", "x")).status == 200
        edge.rpc.call("htable.flush", "flows")
        assert await asyncio.to_thread(restore, places, port=port, key=edge.config.keys.restore) == 1
        assert (await ada.say("OPTIONS", "x")).status == 200, "it is known again"


@pytest.mark.parametrize(
    ("method", "proof", "told"),
    [
        ("REGISTER", "", 401),
        ("INVITE", "", 407),
        ("REGISTER", 'Authorization: Digest username="", realm="offhook", nonce="1.2.3"', 400),
        ("INVITE", 'Proxy-Authorization: Digest realm="offhook", nonce="1.2.3", response="0"', 400),
    ],
)
async def test_who_names_nobody_is_asked_like_anybody(edge: Edge, method: str, proof: str, told: int) -> None:
    """And Kamailio has nothing to say about it."""
    async with phone(edge.port) as nameless:
        lines = (
            f"{method} sip:127.0.0.1:{edge.port} SIP/2.0",
            f"Via: {nameless.via('odd', method)}",
            "From: <sip:127.0.0.1>;tag=1",
            "To: <sip:127.0.0.1>",
            "Call-ID: odd",
            f"CSeq: 1 {method}",
            f"Contact: <sip:127.0.0.1:{nameless.port}>",
            *(line for line in (proof,) if line),
            f"Subject: {'s' * 200}",
            "Content-Length: 0",
        )
        nameless.transport.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), ("127.0.0.1", edge.port))
        await nameless.until(lambda: bool(nameless.messages))
        assert nameless.messages[0].status == told
        assert (await nameless.register()).status == 200, "what Kamailio logged before has come through"
    assert edge.said == []
