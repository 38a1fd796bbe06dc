"""What phones say of themselves to a real Kamailio: whatever it is, calls to them go where they registered from."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.phone_addresses import way_of
from offhook.edge.kamailio_config import KamailioConfig
from offhook.edge.phone_book import PhoneBook
from offhook.edge.restoring import restore
from tests.edge.conftest import Edge, running
from tests.edge.phone_stub import Phone, challenges, login_of, phone
from tests.sip.peer import Message

pytestmark = pytest.mark.sip

ELSEWHERE = "sip:127.0.0.77:9"
FORGED = (
    f'<sip:ada@HERE>;received="{ELSEWHERE}"',
    f'<sip:ada@HERE>;expires=600 ;\tReceived = "{ELSEWHERE}";q=1',
    f"<sip:ada@HERE>;expires=600;RECEIVED={ELSEWHERE}",
    f"<sip:ada@HERE>;expires=600;\r\n received\r\n =\r\n {ELSEWHERE}",
    f'<sip:ada@HERE>\r\nm: <sip:ada@HERE>;received="{ELSEWHERE}"',
    f'<sip:ada@HERE>, <sip:ada@HERE>;received="{ELSEWHERE}"',
    f'<sip:ada@HERE>;received="sip:127.0.0.1:1";received="{ELSEWHERE}"',
    f'<sip:ada@HERE>;x=";received=x";received="{ELSEWHERE}"',
    f"<sip:ada@HERE>;;received={ELSEWHERE};received={ELSEWHERE}",
    f'<sip:ada@HERE>;x="\x00";received="{ELSEWHERE}"',
    f"<sip:ada@HERE>;x=\x00;received={ELSEWHERE}",
    f"<sip:ada@HERE>;\x00received={ELSEWHERE}",
)
MANY = [f"<sip:{number}@HERE>" for number in range(11)]
REFUSED: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (", ".join(MANY), (), "400 More Than Ten Contacts"),
    ("\r\nContact: ".join(MANY), (), "400 More Than Ten Contacts"),
    (", ".join(MANY[:6]) + "\r\nm: " + ",".join(MANY[6:]), (), "400 More Than Ten Contacts"),
    ("<tel:+4930123>", (), "400 Contact Is No SIP Address"),
    ("tel:+4930123", (), "400 Contact Is No SIP Address"),
    ('<sip:ada@HERE>, "Ada" <mailto:ada@phone.example>', (), "400 Contact Is No SIP Address"),
    (" ", (), "400 Contact Cannot Be Read"),
    ("<sip:ada@HERE>;x=\x00;q=1", (), "400 Contact Cannot Be Read"),
    ("<sip:ada@HERE>", ("Require: path",), "420 Bad Extension"),
    ("<sip:ada@HERE>", ("Require: path", "Require: outbound"), "420 Bad Extension"),
)


@pytest_asyncio.fixture
async def edge(config: KamailioConfig, tmp_path: Path) -> AsyncIterator[Edge]:
    """A Kamailio that knows one client, and lets nobody of loopback in by address."""
    nobody = replace(config, callers_allowed=(ip_network("192.0.2.0/24"),))
    async with running(nobody, tmp_path) as started:
        PhoneBook(started.rpc).tell([login_of("ada", Phone.password)])
        yield started


async def registered(ada: Phone, contact: str, *headers: str) -> Message:
    """What is answered to the right password with these contacts."""
    challenge = challenges(await ada.say("REGISTER", "ada"))[-1]
    proof = f"Authorization: {ada.credentials('REGISTER', challenge)}"
    contact = contact.replace("HERE", f"127.0.0.1:{ada.port}")
    return await ada.say("REGISTER", "ada", proof, "Expires: 600", *headers, contact=contact)


def places(edge: Edge, ada: Phone) -> list[str]:
    """What is called of them, without the way there, which is the right one."""
    found = [place.contact for place in PhoneBook(edge.rpc).places("ada")]
    way = f";alias=127.0.0.1~{ada.port}~1"
    assert all(contact.endswith(way) and contact.count("alias") == 1 for contact in found), found
    return [contact.removesuffix(way).replace(f"127.0.0.1:{ada.port}", "HERE") for contact in found]


async def test_a_phone_cannot_say_where_it_came_from(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        for contact in FORGED:
            answer = await registered(ada, contact)
            assert answer.status in (200, 400), contact
            assert set(places(edge, ada)) <= {"sip:ada@HERE"}, contact
            if answer.status == 200:
                assert ELSEWHERE not in str(edge.rpc.call("ul.lookup", "location", "ada")), contact
                edge.rpc.call("ul.rm", "location", "ada")


async def test_a_phone_may_repeat_what_it_was_answered(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        first = await registered(ada, "<sip:ada@HERE>")
        again = first.get("Contact")
        assert "received=" in again
        assert (await registered(ada, again)).status == 200
        assert places(edge, ada) == ["sip:ada@HERE"]


@pytest.mark.parametrize(
    ("contact", "called"),
    [
        ("<sip:ada@HERE;%61lias=127.0.0.77~9~1>", "sip:ada@HERE"),
        ("<sip:ada@HERE;ALIAS=127.0.0.77~9~1;line=7;ob;rinstance=0a>", "sip:ada@HERE;line=7;ob;rinstance=0a"),
        ("<sip:ada@HERE;maddr=127.0.0.77;transport=udp;lr>", "sip:ada@HERE;transport=udp"),
        ("<sip:ada@[2001:db8::9]:5060;line=7>", "sip:ada@HERE;line=7"),
        ("<sip:ada@phone.example:5070>", "sip:ada@phone.example:5070"),
        ("<sips:ada@HERE?Route=%3Csip:127.0.0.77%3E>", "sip:ada@HERE"),
    ],
)
async def test_what_it_says_of_itself_is_for_itself_alone(edge: Edge, contact: str, called: str) -> None:
    async with phone(edge.port) as ada:
        assert (await registered(ada, contact)).status == 200
        assert places(edge, ada) == [called]


async def test_what_was_kept_of_older_registrations_goes_by_the_same_rule(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        assert (await registered(ada, "<sip:ada@HERE>")).status == 200
        [kept] = PhoneBook(edge.rpc).places("ada")
        way = way_of(kept.contact)
        assert way is not None
        edge.rpc.call("ul.rm", "location", "ada")
        for words in (";%61lias=127.0.0.77~9~1", f';line=7>;received="{ELSEWHERE}";x=y'):
            older = replace(kept, contact=kept.contact.replace(";alias", f"{words};alias"))
            await asyncio.to_thread(restore, [older], port=edge.port, key=edge.config.keys.restore)
            known = str(edge.rpc.call("ul.dump"))
            assert "%61lias" not in known
            assert ELSEWHERE not in known
        assert set(places(edge, ada)) == {"sip:ada@HERE", "sip:ada@HERE;x=y"}


async def test_what_cannot_be_done_is_refused_with_a_word(edge: Edge) -> None:
    async with phone(edge.port) as ada:
        for contact, headers, told in REFUSED:
            answer = await registered(ada, contact, *headers)
            assert answer.start == f"SIP/2.0 {told}", contact
            asked = ",".join(each.partition(": ")[2] for each in headers)
            assert answer.get("Unsupported").replace(" ", "") == asked
            assert places(edge, ada) == [], contact
        assert edge.said == []


async def test_what_phones_of_many_contacts_and_words_say_is_taken(edge: Edge) -> None:
    words = '"Ada, of <us>: tel:1" <sip:ada@HERE;line=a>;methods="INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"'
    async with phone(edge.port) as ada, phone(edge.port) as other:
        assert (await registered(other, ", ".join(MANY[:10]))).status == 200
        assert len(places(edge, other)) == 10
        assert (await registered(ada, f"sip:HERE, {words}")).status == 200
        found = [place.contact for place in PhoneBook(edge.rpc).places("ada")]
        assert len(found) == 10
        assert len([contact for contact in found if f"~{ada.port}~" in contact]) == 2
