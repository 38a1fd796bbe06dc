"""Where phones are registered at a real Kamailio: whatever became of older places, the right password gets another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.edge.kamailio_config import KamailioConfig
from offhook.edge.phone_book import PhoneBook
from tests.edge.conftest import Edge, running
from tests.edge.phone_stub import Phone, challenges, login_of, phone
from tests.edge.test_phones import heard_of

pytestmark = pytest.mark.sip

MOST = 10
INSTANCE = '+sip.instance="<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
OVER_TCP = (
    "REGISTER sip:ada@offhook SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{number}\r\nFrom: <sip:ada@offhook>;tag=1\r\n"
    "To: <sip:ada@offhook>\r\nCall-ID: tcp\r\nCSeq: {number} REGISTER\r\nContact: <sip:ada@127.0.0.1:9;transport=tcp>\r\n"
    "{proof}Content-Length: 0\r\n\r\n"
)


@pytest_asyncio.fixture
async def edge(config: KamailioConfig, tmp_path: Path) -> AsyncIterator[Edge]:
    """A Kamailio that knows one client, and lets nobody of loopback in by address."""
    nobody = replace(config, callers_allowed=(ip_network("192.0.2.0/24"),))
    async with running(nobody, tmp_path) as started:
        PhoneBook(started.rpc).tell([login_of("ada", Phone.password)])
        yield started


def ports(edge: Edge) -> set[int]:
    """Of the places where she is."""
    return {int(place.contact.split("~")[1]) for place in PhoneBook(edge.rpc).places("ada")}


async def is_registered(
    who: Phone, *, contact: str | None = None, expires: int = 600, call_id: str | None = None
) -> bool:
    """Register with the right password; whether it was taken."""
    call_id = call_id or f"of-{who.port}"
    start, asked = f"REGISTER sip:ada@127.0.0.1:{who.server_port}", await who.say("REGISTER", who.login)
    proof = who.credentials("REGISTER", challenges(asked)[-1], uri=start.split(" ")[1])
    headers = (f"Authorization: {proof}", f"Expires: {expires}")
    number = len(who.messages)
    who.send(start, who.server_port, call_id=call_id, headers=headers, contact=contact, number=number)
    cseq = f"{number} REGISTER"
    await who.until(
        lambda: who.messages[-1].get("CSeq") == cseq and who.messages[-1].get("Call-ID") == call_id
    )
    return who.messages[-1].status == 200


async def test_the_eleventh_place_takes_that_of_the_oldest(edge: Edge) -> None:
    async with AsyncExitStack() as ends:
        phones = [await ends.enter_async_context(phone(edge.port)) for _ in range(MOST + 3)]
        for each in phones:
            assert await is_registered(each)
        left = [each.port for each in phones[3:]]
        assert ports(edge) == set(left)
        assert await is_registered(phones[-1])
        assert await is_registered(phones[-2], contact=f"<sip:stub@127.0.0.1:{phones[-2].port}>;expires=600")
        assert ports(edge) == set(left), "who was there already takes nobody's"
        assert await is_registered(phones[5], expires=0)
        assert ports(edge) == set(left) - {phones[5].port}
        assert await is_registered(phones[6], contact="*", expires=0)
        assert ports(edge) == set()
        assert edge.said == []


async def test_a_phone_that_comes_from_elsewhere_leaves_its_own_place(edge: Edge) -> None:
    async with phone(edge.port) as first, phone(edge.port) as again, phone(edge.port) as other:
        assert await is_registered(other)
        for name in ("by its call", "by its instance"):
            mark = "by-its-call" if name == "by its call" else None
            for each in (first, again):
                contact = f"<sip:ada@127.0.0.1:{each.port}>" + (f";{INSTANCE}" if mark is None else "")
                assert await is_registered(each, contact=contact, call_id=mark)
            assert ports(edge) == {again.port, other.port}, name


async def test_a_connection_that_is_closed_takes_its_place_along(edge: Edge) -> None:
    async with phone(edge.port) as desk:
        assert await is_registered(desk)
        reader, writer = await asyncio.open_connection("127.0.0.1", edge.port)
        proof = ""
        for number in (1, 2):
            writer.write(OVER_TCP.format(number=number, proof=proof).encode())
            answer = (await reader.readuntil(b"\r\n\r\n")).decode()
            if number == 1:
                nonce = answer.partition('nonce="')[2].partition('"')[0]
                challenge = {"realm": "offhook", "nonce": nonce, "algorithm": "MD5"}
                proof = f"Authorization: {desk.credentials('REGISTER', challenge)}\r\n"
        assert answer.startswith("SIP/2.0 200")
        assert len(ports(edge)) == 2
        book = PhoneBook(edge.rpc)
        await heard_of(book, "ada")
        writer.close()
        await heard_of(book, "ada")
        assert ports(edge) == {desk.port}
