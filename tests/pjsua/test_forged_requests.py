"""Requests that somebody else sends in a running call: with a wrong tag, or with all that is right from elsewhere."""

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address
from typing import Any

import pytest
import pytest_asyncio

from offhook.call.errors import CallEnded
from offhook.call.trunks import SipTransport
from offhook.pjsua.ambiguity import is_ambiguous
from offhook.pjsua.leg import Leg
from tests.contract.worlds import RealWorld
from tests.edge.phone_stub import Phone, phone
from tests.pjsua.renegotiation import renegotiate
from tests.sip.peer import Message, Peer
from tests.sip.stranger import Stranger

pytestmark = pytest.mark.sip

PATIENCE_S = 20
METHODS = ("BYE", "CANCEL", "INVITE", "INFO", "UPDATE", "REFER", "PRACK", "NOTIFY")
BODIES = {
    "INVITE": (
        "application/sdp",
        "v=0\r\no=- 9 9 IN IP4 127.0.0.2\r\ns=-\r\nc=IN IP4 127.0.0.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n",
    ),
    "INFO": ("application/dtmf-relay", "Signal=7\r\nDuration=160\r\n"),
}


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


class Forger:
    """Sends requests of somebody's call from a socket of its own, and reads what is said to that."""

    def __init__(self, stranger: Stranger, host: str, target: tuple[str, int]) -> None:
        self.stranger = stranger
        self._host = host
        self._target = target
        self._count = 0

    def send(
        self,
        method: str,
        peer: Peer,
        *,
        to_tag: str | None = None,
        from_tag: str | None = None,
        call_id: str | None = None,
        is_disguised: bool = False,
    ) -> str:
        """Send it, perhaps with its Call-ID where only a parser finds it; its branch."""
        branch, request = self.request(
            method, peer, to_tag=to_tag, from_tag=from_tag, call_id=call_id, is_disguised=is_disguised
        )
        self.stranger.send(request, self._target)
        return branch

    def request(
        self,
        method: str,
        peer: Peer,
        *,
        to_tag: str | None = None,
        from_tag: str | None = None,
        call_id: str | None = None,
        is_disguised: bool = False,
    ) -> tuple[str, bytes]:
        """What is sent, and its branch."""
        dialog = peer.dialog
        assert dialog is not None
        self._count += 1
        branch = f"z9hG4bK-forged-{self._count}"
        to, sender = dialog.remote, dialog.local
        if to_tag is not None:
            to = to.partition(";tag=")[0] + f";tag={to_tag}"
        if from_tag is not None:
            sender = sender.partition(";tag=")[0] + f";tag={from_tag}"
        call_id_line = f"Call-ID: {call_id or dialog.call_id}"
        if is_disguised:
            call_id_line = f"i :\r\n \t{dialog.call_id}\r\nX-Other: Call-ID: nobody"
        kind, body = BODIES.get(method, ("text/plain", ""))
        lines = [
            f"{method} {dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self.stranger.port};branch={branch}",
            f"From: {sender}",
            f"To: {to}",
            call_id_line,
            f"CSeq: {900 + self._count} {method}",
            f"Contact: <sip:evil@{self._host}:{self.stranger.port}>",
            "Max-Forwards: 70",
            "Refer-To: <sip:evil@127.0.0.2>",
            "RAck: 1 1 INVITE",
            "Event: refer",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
        before = "\r\n\r\n" if is_disguised else ""
        return branch, (before + "\r\n".join(lines)).encode()

    async def answer(self, branch: str) -> int:
        """The final status of the answer to what was sent with this branch."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for message in map(Message.parse, self.stranger.came_back):
                    if f"branch={branch}" in message.get("Via") and message.status >= 200:
                        return message.status
                self.stranger.arrived.clear()
                await self.stranger.arrived.wait()


async def answered(world: RealWorld) -> tuple[Leg, Peer, list[str]]:
    peer, keys = await Peer.open(), list[str]()
    world.party.append(peer)  # type: ignore[arg-type]
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg, peer, keys


async def forger(world: RealWorld, host: str) -> Forger:
    return Forger(await Stranger.open(host), host, ("127.0.0.1", world.switchboard.engine.sip_port))


async def is_untouched(leg: Leg, peer: Peer) -> None:
    """The call runs, is heard, and its far end can still renegotiate and end it."""
    assert leg.ending is None
    assert not peer.over.is_set()
    known = len(peer.heard)
    async with asyncio.timeout(PATIENCE_S):
        await peer.until(lambda: len(peer.heard) >= known + 10)
    assert (await renegotiate(peer)).status == 200
    assert (await peer.bye()).status == 200


async def test_wrong_tags_are_answered_481(world: RealWorld) -> None:
    leg, peer, keys = await answered(world)
    with leg.keys(keys.append):
        forge = await forger(world, "127.0.0.1")
        for method in METHODS:
            assert await forge.answer(forge.send(method, peer, to_tag="wrong")) == 481, method
            assert await forge.answer(forge.send(method, peer, from_tag="wrong")) == 481, method
        forge.send("ACK", peer, to_tag="wrong")
        await is_untouched(leg, peer)
    assert keys == []
    forge.stranger.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2"])
async def test_the_right_tags_with_another_call_id_are_answered_481(world: RealWorld, host: str) -> None:
    """The library finds a call by its tags alone; who is asked for by Call-ID would be taken for nobody's."""
    leg, peer, keys = await answered(world)
    with leg.keys(keys.append):
        forge = await forger(world, host)
        for method in METHODS:
            assert await forge.answer(forge.send(method, peer, call_id="another")) == 481, method
        forge.send("ACK", peer, call_id="another")
        await is_untouched(leg, peer)
    assert keys == []
    forge.stranger.close()


class Spaced(Peer):
    """Writes a blank behind each Call-ID, as it may."""

    def _send_request(self, *given: Any, **named: Any) -> None:
        assert self.dialog is not None
        self.dialog.call_id = self.dialog.call_id.strip() + " "
        super()._send_request(*given, **named)


async def test_a_blank_behind_the_call_id_makes_nobody_a_friend(world: RealWorld) -> None:
    peer = await Spaced.open()
    world.party.append(peer)  # type: ignore[arg-type]
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    forge = await forger(world, "127.0.0.2")
    assert await forge.answer(forge.send("BYE", peer)) == 403
    await is_untouched(leg, peer)
    forge.stranger.close()


async def test_two_call_ids_are_answered_400(world: RealWorld) -> None:
    """A proxy that takes the first would ask whose another call is."""
    leg, peer, _ = await answered(world)
    assert peer.dialog is not None
    forge = await forger(world, "127.0.0.1")
    for between in ("\r\ni: ", "\rCall-ID: "):
        call_id = f"another{between}{peer.dialog.call_id}"
        assert await forge.answer(forge.send("BYE", peer, call_id=call_id)) == 400
    await is_untouched(leg, peer)
    forge.stranger.close()


async def test_over_tcp_strangers_are_strangers_too() -> None:
    world = RealWorld(transports=(SipTransport.UDP, SipTransport.TCP))
    await world.start()
    try:
        leg, peer, _ = await answered(world)
        forge = await forger(world, "127.0.0.2")
        port = world.switchboard.engine.port_of(SipTransport.TCP)
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
            for method in ("INFO", "BYE"):
                _, request = forge.request(method, peer)
                writer.write(request.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP"))
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 403 ")
            writer.close()
        await is_untouched(leg, peer)
        forge.stranger.close()
    finally:
        await world.close()


async def test_the_right_tags_from_elsewhere_are_answered_403(world: RealWorld) -> None:
    leg, peer, keys = await answered(world)
    with leg.keys(keys.append):
        forge = await forger(world, "127.0.0.2")
        for method in METHODS:
            assert await forge.answer(forge.send(method, peer)) == 403, method
        assert await forge.answer(forge.send("BYE", peer, is_disguised=True)) == 403
        forge.send("ACK", peer)
        await is_untouched(leg, peer)
    assert keys == []
    forged = [
        facts["method"] for _, kind, facts in leg.timeline.take() if kind == "sip" and "forged" in facts
    ]
    assert forged == [*METHODS, "BYE", "ACK"]
    forge.stranger.close()


async def test_a_cancel_from_elsewhere_leaves_a_call_ringing(world: RealWorld) -> None:
    """It has all that a CANCEL needs to be the caller's: the INVITE's own branch, and its CSeq."""
    peer = world.peer
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    assert peer.dialog is not None
    own = peer.dialog.call_id
    for host, call_id, status in (
        ("127.0.0.2", own, 403),
        ("127.0.0.2", "another", 481),
        ("127.0.0.1", own, 200),
    ):
        stranger = await Stranger.open(host)
        forge = Forger(stranger, host, ("127.0.0.1", world.switchboard.engine.sip_port))
        branch = f"z9hG4bK-{peer.port}-1"
        lines = [
            f"CANCEL {peer.dialog.target} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{peer.port};rport;branch={branch}",
            f"From: {peer.dialog.local}",
            f"To: {peer.dialog.remote}",
            f"Call-ID: {call_id}",
            "CSeq: 1 CANCEL",
            "Max-Forwards: 70",
            "Content-Length: 0",
        ]
        stranger.send(("\r\n".join(lines) + "\r\n\r\n").encode(), forge._target)
        assert await forge.answer(branch) == status
        stranger.close()
        if host == "127.0.0.2":
            assert leg.ending is None
            assert not calling.done()
    with pytest.raises(CallEnded):  # the same from the caller's own address ends it
        async with asyncio.timeout(PATIENCE_S), leg.alive():
            await asyncio.Event().wait()
    assert (await calling).status == 487


async def test_addresses_of_one_carrier_may_speak_for_each_other(world: RealWorld) -> None:
    carrier = {ip_address("127.0.0.1"), ip_address("127.0.0.2")}
    world.switchboard.engine.is_one = lambda one, other: {one, other} <= carrier
    leg, peer, _ = await answered(world)
    forge = await forger(world, "127.0.0.2")
    assert await forge.answer(forge.send("BYE", peer)) == 200
    with pytest.raises(CallEnded):
        async with asyncio.timeout(PATIENCE_S), leg.alive():
            await asyncio.Event().wait()
    forge.stranger.close()


async def test_a_call_of_ours_is_kept_to_whom_it_reached(world: RealWorld) -> None:
    leg = await world.dialled("0 answers")
    peer = world.peer
    await leg.connected()
    await asyncio.wait_for(peer.answered.wait(), PATIENCE_S)
    assert peer.dialog is not None
    peer.dialog.remote = peer.messages[0].get("From")
    forge = await forger(world, "127.0.0.2")
    assert await forge.answer(forge.send("BYE", peer)) == 403
    await leg.hang_up()
    forge.stranger.close()


@pytest.mark.parametrize(
    ("headers", "is_odd"),
    [
        (b"From: a\r\nt: b\r\nCall-ID: c\r\nCSeq: 1 BYE", False),
        (b"From: a\nTo: b\ni: c\nSubject: f: g\n f: g", False),
        (b"From: a\r\nf : b", True),
        (b"To: a\r\nX: y\r\nt\r\n : b", True),
        (b"Call-ID: a\r\ni: b", True),
        (b"CSeq: 1 BYE\r\ncseq: 2 BYE", True),
        (b"X: y\rFrom: a", True),
        (b"Call-ID: a\r", True),
        (b'To: "a\\\0b"', False),
    ],
)
def test_headers_that_can_be_read_in_two_ways(headers: bytes, is_odd: bool) -> None:
    body = b"i: 1\r\ni: 2\r\rf: 3\0"
    for before in (b"", b"\r\n\r\n"):
        assert is_ambiguous(before + b"BYE sip:a SIP/2.0\r\n" + headers + b"\r\n\r\n" + body) is is_odd


async def test_a_call_with_an_endless_name_is_its_callers_too(world: RealWorld) -> None:
    port, call_id = world.switchboard.engine.sip_port, "c" * 1100
    async with phone(port, host="127.0.0.67") as caller, phone(port, host="127.0.0.68") as stranger:
        via = caller.via(call_id, "INVITE")
        caller.send("INVITE sip:1000@127.0.0.1", port, call_id=call_id)
        await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
        for ender, status in ((stranger, 403), (caller, 200)):
            ender.send("CANCEL sip:1000@127.0.0.1", port, call_id=call_id, via=f"{via};rport")
            await ender.until(lambda ender=ender: bool(_told_of_cancels(ender)))  # type: ignore[misc]
            assert _told_of_cancels(ender) == [status]
        await caller.until(lambda: caller.statuses()[487] > 0)


def _told_of_cancels(ender: Phone) -> list[int]:
    return [each.status for each in ender.messages if each.get("CSeq") == "1 CANCEL"]
