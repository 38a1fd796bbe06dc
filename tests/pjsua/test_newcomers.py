"""Callers whose address nobody knows prove who they are, and are let in as that; whoever does not is not."""

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
import pytest_asyncio

from offhook.call.resource_rows import PhoneLogin
from offhook.call.trunks import SipTransport
from offhook.pjsua.connections import PROVEN_QUIET_S, QUIET_S
from offhook.pjsua.invite import Invite
from offhook.pjsua.newcomers import Newcomer, Newcomers, Proven, TurnedAway
from offhook.processes.client_book import ClientBook
from offhook.processes.client_door import ClientDoor
from tests.contract.worlds import RealWorld
from tests.edge.phone_stub import Phone, challenges, login_of, phone
from tests.sip.peer import Message

pytestmark = pytest.mark.sip

PATIENCE_S = 30
FORBIDDEN = 403
ADA, BOB = login_of("ada", Phone.password), login_of("bob", Phone.password)


class Book(ClientBook):
    """Knows these clients, and no database."""

    def __init__(self, *logins: PhoneLogin) -> None:
        self.know(*logins)
        self.is_read = True

    def know(self, *logins: PhoneLogin) -> None:
        """These are all that there are now."""
        self._logins = {each.login: each for each in logins}


class World(RealWorld):
    """Where nobody is known by his address, and two by a password."""

    def __init__(self) -> None:
        super().__init__(
            refuse=lambda invite: None if invite.client is not None else FORBIDDEN,
            transports=(SipTransport.UDP, SipTransport.TCP),
        )
        self.refused: list[str] = []
        self.now = 1000.0
        self.book = Book(ADA, BOB)
        door = ClientDoor(self.book, digests="both", on_refused=self.refused.append, clock=lambda: self.now)
        self.switchboard.engine.newcomers.judge = door.judge

    @property
    def port(self) -> int:
        return self.switchboard.engine.sip_port

    async def taken(self) -> Invite:
        """The INVITE of the next call that comes in, which is refused as busy."""
        async with asyncio.timeout(PATIENCE_S):
            leg = await self.arrived.get()
        await leg.reject(486)
        return self.invites[-1]


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.start()
    yield world
    await world.close()


def target(caller: Phone, user: str = "1000") -> str:
    return f"sip:{user}@{caller.address[0]}:{caller.server_port}"


def proof(caller: Phone, challenge: dict[str, str], *, uri: str | None = None, **more: object) -> str:
    credentials = caller.credentials("INVITE", challenge, uri=uri or target(caller), **more)  # type: ignore[arg-type]
    return f"Proxy-Authorization: {credentials}"


async def call(caller: Phone, *, algorithm: str = "SHA-256", password: str | None = None) -> Message:
    """Call 1000, with the password when that is asked for; the last answer."""
    asked = await caller.say("INVITE", "1000")
    offered = {each["algorithm"]: each for each in challenges(asked)}
    if asked.status != 407:
        return asked
    challenge = offered.get(algorithm) or next(iter(offered.values()))
    return await caller.say("INVITE", "1000", proof(caller, challenge, password=password))


def shape(answer: Message) -> object:
    """All of an answer but what differs from one call to the next."""
    return answer.start, [key for key, _ in answer.headers], [sorted(each) for each in challenges(answer)]


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
async def test_who_proves_it_calls_as_himself_whatever_from_says(world: World, algorithm: str) -> None:
    async with phone(world.port, host="127.0.0.2") as ada:
        asked = await ada.say("INVITE", "1000")
        assert asked.start == "SIP/2.0 407 Proxy Authentication Required"
        assert [each["algorithm"] for each in challenges(asked)] == ["SHA-256", "MD5"]
        assert {each["realm"] for each in challenges(asked)} == {"offhook"}
        [challenge] = [each for each in challenges(asked) if each["algorithm"] == algorithm]
        answered = asyncio.create_task(ada.say("INVITE", "1000", proof(ada, challenge)))
        invite = await world.taken()
        assert (invite.client, invite.caller, invite.called) == ("ada", "stub", "1000")
        assert (await answered).status == 486
    assert world.refused == ["unproven"]


async def test_a_proof_that_comes_again_makes_no_second_call(world: World) -> None:
    async with phone(world.port, host="127.0.0.2") as ada:
        [challenge, _] = challenges(await ada.say("INVITE", "1000"))
        start, headers = f"INVITE {target(ada)}", (proof(ada, challenge),)
        for _ in range(3):
            ada.send(start, world.port, call_id="same", headers=headers)
        assert (await world.taken()).client == "ada"
        await ada.until(lambda: ada.statuses()[486] >= 1)
        assert len(world.invites) == 1
        told = {each.status for each in ada.messages if each.get("Call-ID") == "same"}
        assert told <= {100, 180, 486}, "the transaction of the first one takes them"
        other = await ada.say("INVITE", "1000", proof(ada, challenge))
        assert (other.status, challenges(other)[0]["stale"]) == (407, "true")
        counted_on = asyncio.create_task(ada.say("INVITE", "1000", proof(ada, challenge, uses=2)))
        assert (await world.taken()).client == "ada"
        assert (await counted_on).status == 486
    assert len(world.invites) == 2


async def test_what_was_overheard_lets_nobody_in(world: World) -> None:
    async with phone(world.port, host="127.0.0.2") as ada, phone(world.port, host="127.0.0.3") as thief:
        challenge = challenges(await ada.say("INVITE", "1000"))[1]
        uri = target(ada)
        for made_up in (
            challenge,
            challenge | {"nonce": "1" + challenge["nonce"][1:]},
            challenge | {"nonce": ""},
        ):
            elsewhere = await thief.say("INVITE", "1000", proof(thief, made_up, uri=uri))
            assert (elsewhere.status, challenges(elsewhere)[0]["stale"]) == (407, "true")
        for uri in (target(ada, "1001"), "sip:1000@192.0.2.9", "1000", "sip:", "sip:1000@"):
            other = await ada.say("INVITE", "1000", proof(ada, challenge, uri=uri))
            assert other.start == "SIP/2.0 400 Digest Is For Another Request-URI", uri
        world.now += 302.0
        late = await ada.say("INVITE", "1000", proof(ada, challenge))
        assert (late.status, challenges(late)[0]["stale"]) == (407, "true")
    assert world.invites == []


async def test_wrong_passwords_and_unknown_names_get_the_same_answers(world: World) -> None:
    said = {}
    for name, host in (("ada", "127.0.0.2"), ("nobody", "127.0.0.3")):
        async with phone(world.port, name, host) as guesser:
            said[name] = [shape(await call(guesser, password="a wrong one")) for _ in range(6)]
    assert said["ada"] == said["nobody"]
    starts = [str(words[0]) for words in said["ada"]]  # type: ignore[index]
    assert starts == ["SIP/2.0 403 Wrong Name Or Password"] * 5 + ["SIP/2.0 403 Too Many Failed Logins"]
    assert world.refused.count("wrong_password") == 10
    assert world.invites == []


async def test_who_guesses_is_banned_and_who_is_known_is_not(world: World) -> None:
    async with (
        phone(world.port) as known,
        phone(world.port, host="127.0.0.2") as guesser,
        phone(world.port, "bob", "127.0.0.2") as neighbour,
        phone(world.port, host="127.0.0.4") as elsewhere,
    ):

        async def is_let_in(caller: Phone) -> bool:
            answered = asyncio.create_task(call(caller))
            assert (await world.taken()).client == caller.login
            return (await answered).status == 486

        assert await is_let_in(known)
        for _ in range(5):
            assert "Wrong" in (await call(guesser, password="a wrong one")).start
        assert "Too Many" in (await call(guesser)).start, "the right one comes too late"
        assert "Too Many" in (await call(neighbour)).start
        assert (await elsewhere.say("INVITE", "1000")).status == 407
        assert "Too Many" in (await call(elsewhere)).start, "this name is guessed at"
        assert await is_let_in(known)
        world.now += 601.0
        assert await is_let_in(neighbour)
        assert await is_let_in(elsewhere)


async def test_without_clients_nobody_is_asked(world: World) -> None:
    world.book.know()
    async with phone(world.port, host="127.0.0.2") as ada:
        assert (await ada.say("INVITE", "1000")).status == FORBIDDEN
        world.book.is_read = False
        starting = await ada.say("INVITE", "1000")
        assert (starting.status, starting.get("Retry-After")) == (503, "1")


async def test_the_acknowledgement_of_a_challenge_is_nobodys(world: World) -> None:
    async with phone(world.port, host="127.0.0.2") as ada:
        asked = await ada.say("INVITE", "1000")
        tag = re.search(r";tag=[^;>]+$", asked.get("To"))
        assert tag is not None
        via = ada.via(asked.get("Call-ID"), "INVITE")
        call_id = asked.get("Call-ID")
        ada.send(f"ACK {target(ada)}", world.port, call_id=call_id, to_tag=tag[0], via=via)
        answers = len(ada.messages)
        assert (await ada.say("OPTIONS", "1000")).get("CSeq") == "1 OPTIONS"
        assert len(ada.messages) == answers + 1
    assert not world.switchboard.engine.calls_held


async def test_a_challenge_is_not_much_longer_than_what_it_answers(world: World) -> None:
    async with phone(world.port, host="127.0.0.2") as ada:
        port, lines = (
            ada.port,
            "INVITE sip:1 SIP/2.0\r\nVia: SIP/2.0/UDP {0};branch=z9hG4bK{1}\r\nMax-Forwards: 70\r\n",
        )
        lines += "From: <sip:a@b>;tag=1\r\nTo: <sip:1@b>\r\nCall-ID: {1}\r\nCSeq: 1 INVITE\r\n"
        for name, padding, status in (("a", 0, 400), ("b", 90, 407)):
            sent = lines.format(f"127.0.0.2:{port}", name).replace("sip:1 ", "sip:1@b ")
            sent += f"User-Agent: {'x' * padding}\r\nContent-Length: 0\r\n\r\n"
            ada.messages.clear()
            ada.transport.sendto(sent.encode(), ("127.0.0.1", world.port))
            await ada.until(lambda: bool(ada.messages))
            [answer] = ada.messages
            length = len(answer.start) + sum(len(name) + len(value) + 4 for name, value in answer.headers) + 4
            assert answer.status == status, sent

            assert length < 1.9 * len(sent)


CALL = (
    "INVITE sip:1000@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{number}\r\nMax-Forwards: 70\r\n"
    "From: <sip:pbx@127.0.0.1>;tag={number}\r\nTo: <sip:1000@127.0.0.1>\r\nCall-ID: {number}\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:pbx@127.0.0.1;transport=tcp>\r\n{header}Content-Length: 0\r\n\r\n"
)


async def over(line: socket.socket, number: int, header: str = "", *, until: int = 180) -> Message:
    """Call over a connection; the first answer with such a status or more. None has a body."""
    loop, heard = asyncio.get_running_loop(), b""
    async with asyncio.timeout(PATIENCE_S):
        await loop.sock_sendall(line, CALL.format(number=number, header=header).encode())
        while True:
            *answers, heard = (heard + await loop.sock_recv(line, 4000)).split(b"\r\n\r\n")
            for answer in map(Message.parse, answers):
                if answer.status >= until:
                    return answer


async def test_the_connection_of_who_has_proven_it_stays(world: World) -> None:
    engine = world.switchboard.engine
    port = engine.port_of(SipTransport.TCP)
    with socket.socket() as proven, socket.socket() as asked:
        for line in (proven, asked):
            line.bind(("127.0.0.66", 0))
            line.connect(("127.0.0.1", port))
            line.setblocking(False)
        challenge = challenges(await over(proven, 1))[0]
        assert (await over(asked, 2)).status == 407
        ada = Phone()
        header = ada.credentials("INVITE", challenge, uri="sip:1000@127.0.0.1")
        answered = asyncio.create_task(over(proven, 3, f"Proxy-Authorization: {header}\r\n"))
        async with asyncio.timeout(PATIENCE_S):
            leg = await world.arrived.get()
        assert (await answered).status == 180
        assert world.invites[-1].client == "ada"
        assert sorted(held.is_proven for held in engine.connections.held) == [False, True]
        for later, left in ((QUIET_S, 1), (PROVEN_QUIET_S, 0)):
            at = time.monotonic() + later
            await engine.submit(lambda at=at: engine.connections.look(at))  # type: ignore[misc]
            assert len(engine.connections) == left
        await leg.reject(486)


async def test_what_proved_somebody_makes_no_call_when_its_own_is_over(world: World) -> None:
    loop, ada = asyncio.get_running_loop(), Phone()
    with socket.socket() as line:
        line.bind(("127.0.0.66", 0))
        line.connect(("127.0.0.1", world.switchboard.engine.port_of(SipTransport.TCP)))
        line.setblocking(False)
        challenge = challenges(await over(line, 1))[0]
        credentials = ada.credentials("INVITE", challenge, uri="sip:1000@127.0.0.1")
        header = f"Proxy-Authorization: {credentials}\r\n"
        answered = asyncio.create_task(over(line, 2, header, until=300))
        await world.taken()
        answer = await answered
        assert answer.status == 486
        ack = CALL.format(number=2, header="").replace("INVITE", "ACK")
        await loop.sock_sendall(
            line, ack.replace("To: <sip:1000@127.0.0.1>", f"To: {answer.get('To')}").encode()
        )
        assert (await over(line, 2, header)).status == FORBIDDEN
        assert len(world.invites) == 1


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_who_is_called_is_read_of_whatever_lines_the_library_takes(end: str) -> None:
    text = CALL.format(number=1, header="").replace("\r\n", end).encode()
    newcomer = Newcomer(text, ip_address("192.0.2.7"), "192.0.2.7:1", "udp", 0)
    assert newcomer.uri == "sip:1000@127.0.0.1"


def test_what_was_proven_by_one_message_is_known_of_no_other() -> None:
    newcomers = Newcomers(
        lambda _invite: None, may_call=lambda _address: False, on_proven=lambda _connection: None
    )
    newcomers.judge = lambda _newcomer: Proven("ada")
    first, second = (
        Newcomer(
            CALL.format(number=number, header="").encode(), ip_address("192.0.2.7"), "192.0.2.7:1", "udp", 0
        )
        for number in (1, 2)
    )
    assert newcomers.refused(first) is None
    assert newcomers.known(second.invite).client is None
    assert newcomers.refused(first) is None
    assert newcomers.known(first.invite).client == "ada"
    assert newcomers.known(first.invite).client is None
    newcomers.judge = lambda _newcomer: Proven("ada", is_again=True)
    assert newcomers.refused(first) is None
    assert newcomers.known(first.invite).client is None


def test_who_was_turned_away_is_told_so_again_and_is_nobody_else() -> None:
    told: list[int | None] = [503, None, None]
    newcomers = Newcomers(
        lambda _invite: told.pop(0), may_call=lambda _address: False, on_proven=lambda _connection: None
    )
    first, second = (
        Newcomer(
            CALL.format(number=number, header="").encode(), ip_address("192.0.2.7"), "192.0.2.7:1", "udp", 0
        )
        for number in (1, 2)
    )
    newcomers.judge = lambda _newcomer: Proven("ada")
    assert newcomers.refused(first) == TurnedAway(503)
    newcomers.judge = lambda _newcomer: Proven("ada", is_again=True)
    assert newcomers.refused(first) == TurnedAway(503), (
        "there is room by now, but nothing is proven by it any more"
    )
    newcomers.judge = lambda _newcomer: Proven("ada")
    assert newcomers.refused(second) is None
    assert newcomers.known(second.invite).client == "ada"
