"""What the other side may do inside of a call: hold, move, change the codec, offer a fax; timers and reliable answers."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from offhook.call.codecs import Codec
from offhook.call.port import Audio
from offhook.pjsua.leg import Leg
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.tones import sine
from tests.contract.worlds import RealWorld
from tests.sip.in_dialog import answered, ask, asked, offer
from tests.sip.peer import Heard, Message, _Rtp
from tests.system.conftest import write_wav

pytestmark = pytest.mark.sip

PATIENCE_S, ALAW = 30, 8
FAX = (
    "v=0\r\no=peer 1 9 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n{audio}"
    "m=image 9000 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"
)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld(codecs=(Codec.PCMA, Codec.PCMU, Codec.G722))
    await real.start()
    try:
        yield real
    finally:
        await real.close()


@pytest.fixture
def tone(tmp_path: Path) -> Audio:
    path = tmp_path / "tone.wav"
    write_wav(path, sine(500, 0.1))
    return Audio(path=path, duration_s=0.1, label="tone")


async def a_call(world: RealWorld) -> Leg:
    calling = asyncio.create_task(world.peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    return leg


async def both_hear(leg: Leg, phone: Phone, tone: Audio) -> None:
    """The phone hears a tone from now on, and its own is heard."""
    known, frames = len(phone.heard), list[bytes]()
    phone.say(sine(700, 0.5))
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append):
            await leg.play(tone)
            await phone.until(lambda: any(is_tone(packet) for packet in phone.heard[known:]))
            await phone.until(lambda: any(any(frame) for frame in frames))
    phone._speech.clear()


def is_tone(packet: Heard) -> bool:
    return packet.is_sound or (packet.payload_type == ALAW and len(set(packet.payload)) > 4)


HOLDS: dict[str, Callable[[str], str]] = {
    "sendonly": lambda sdp: sdp.replace("a=sendrecv", "a=sendonly"),
    "inactive": lambda sdp: sdp.replace("a=sendrecv", "a=inactive"),
    "0.0.0.0": lambda sdp: sdp.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"),
}


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_a_far_end_holds_and_comes_back(method: str, world: RealWorld, tone: Audio) -> None:
    leg, peer = await a_call(world), world.peer
    for version, (how, changed) in enumerate(HOLDS.items()):
        answer = await ask(peer, method, body=changed(offer(peer, 2 * version + 2)))
        assert answer.status == 200
        assert how == "0.0.0.0" or "a=sendrecv" not in answer.body
        known = len(peer.heard)
        await leg.play(tone)
        assert len(peer.heard) == known
        answer = await ask(peer, method, body=offer(peer, 2 * version + 3))
        assert answer.status == 200
        peer._media_from(answer.body)
        await both_hear(leg, peer, tone)
    await peer.bye()


async def test_a_far_end_changes_the_codec_and_its_address(world: RealWorld, tone: Audio) -> None:
    leg, peer = await a_call(world), world.peer
    await both_hear(leg, peer, tone)
    moved, _ = await peer.loop.create_datagram_endpoint(lambda: _Rtp(peer), local_addr=("127.0.0.1", 0))
    former, peer.rtp = peer.rtp, moved
    former.close()
    known = len(peer.heard)
    only_alaw = offer(peer, 2, payloads="8 101").replace("a=rtpmap:0 PCMU", "a=rtpmap:8 PCMA")
    answer = await ask(peer, "INVITE", body=only_alaw)
    assert answer.status == 200
    assert re.search(r"m=audio \d+ RTP/AVP 8 101\b", answer.body)
    async with asyncio.timeout(PATIENCE_S):
        await leg.play(tone)
        await peer.until(lambda: any(is_tone(packet) for packet in peer.heard[known:]))
    assert {packet.payload_type for packet in peer.heard[known:]} == {8}
    await peer.bye()


@pytest.mark.parametrize("audio", ["", "m=audio 0 RTP/AVP 0\r\n"])
async def test_a_fax_is_refused_and_audio_goes_on(audio: str, world: RealWorld, tone: Audio) -> None:
    leg, peer = await a_call(world), world.peer
    answer = await ask(peer, "INVITE", body=FAX.format(audio=audio))
    assert answer.status == 488
    await both_hear(leg, peer, tone)
    await peer.bye()


async def test_provisional_answers_are_reliable_where_the_caller_demands_it(
    world: RealWorld, tone: Audio
) -> None:
    peer = world.peer
    calling = asyncio.create_task(
        peer.invite("1000", world.switchboard.engine.sip_port, headers=("Require: 100rel",), until=180)
    )
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    ringing = await calling
    assert (ringing.status, ringing.get("Require")) == (180, "100rel")
    peer.dialog.remote = ringing.get("To")  # type: ignore[union-attr]
    acknowledged = await ask(peer, "PRACK", (f"RAck: {ringing.get('RSeq')} 1 INVITE",))
    assert acknowledged.status == 200
    answering = asyncio.create_task(leg.answer())
    await peer._confirm(await answered(peer, "1 INVITE"))
    await answering
    await both_hear(leg, peer, tone)
    await peer.bye()


async def test_a_session_is_refreshed_by_the_caller(world: RealWorld) -> None:
    peer, port = world.peer, world.switchboard.engine.sip_port
    timers = ("Supported: timer", "Session-Expires: 120;refresher=uac")
    calling = asyncio.create_task(peer.invite("1000", port, headers=timers))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    answer = await calling
    assert answer.get("Session-Expires") == "120;refresher=uac"
    refreshed = await ask(peer, "UPDATE", timers)
    assert (refreshed.status, refreshed.get("Session-Expires")) == (200, "120;refresher=uac")
    await peer.bye()
    hasty = await Phone.open()
    world.party.append(hasty)
    refused = await hasty.invite("1000", port, headers=("Supported: timer", "Session-Expires: 30"))
    assert (refused.status, refused.get("Min-SE")) == (422, "90")


async def test_keys_go_by_info_where_the_far_end_knows_no_events(world: RealWorld) -> None:
    peer = world.peer
    no_events = re.sub(r"a=(rtpmap|fmtp):101.*\r\n", "", peer.sdp("0"))
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port, sdp=no_events))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    await leg.send_keys("5")
    told = await asked(peer, "INFO")
    assert told.get("Content-Type") == "application/dtmf-relay"
    assert "Signal=5" in told.body.replace(" ", "")
    await peer.bye()


@pytest.mark.parametrize(
    ("method", "headers", "body", "status"),
    [
        ("OPTIONS", (), "", 200),
        ("INFO", (), "", 200),
        ("INFO", ("Content-Type: text/plain",), "hello", 415),
        ("INFO", ("c: application/media_control+xml",), "<picture_fast_update/>", 415),
        ("INFO", ("Content-Type: application/dtmf",), "5", 200),
        ("INFO", ("Content-Type: application/dtmf",), "no key", 400),
        ("INFO", ("Content-Type: application/dtmf-relay",), "Signal=5\r\nDuration=160\r\n", 200),
        ("SUBSCRIBE", ("Event: dialog",), "", 405),
        ("PUBLISH", (), "", 405),
    ],
)
async def test_who_asks_whether_the_call_lives_is_answered(
    world: RealWorld, method: str, headers: tuple[str, ...], body: str, status: int
) -> None:
    """The library says 500 to what it has no use for, and some end the call upon that."""
    peer = world.peer
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port))
    leg = await asyncio.wait_for(world.arrived.get(), PATIENCE_S)
    await leg.answer()
    await calling
    assert peer.dialog is not None
    cseq = f"{peer.dialog.cseq + 1} {method}"
    peer._send_request(method, headers, body)
    assert (await answered(peer, cseq)).status == status
    assert (await ask(peer, "OPTIONS")).status == 200, "the call goes on"
    await peer.bye()


class Reliable(Phone):
    """Sends a 183 with its SDP that wants a PRACK, and then audio, before it answers."""

    def begin_early(self) -> None:
        assert self._invite is not None
        self.answer_with = ("Require: 100rel", "RSeq: 7")
        self._reply(self._invite, 183, "Session Progress", self.sdp())
        self._media_from(self._invite.body)

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        more = self.answer_with if start.startswith("SIP/2.0 183") else ()
        super()._transmit(start, [*headers, *more], body)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        super().datagram_received(data, addr)
        message = Message.parse(data)
        if message.method == "PRACK":
            self._reply(message, 200, "OK")


async def test_our_calls_offer_codecs_in_order_and_early_media_is_heard(world: RealWorld) -> None:
    phone = cast("Reliable", await Reliable.open())
    world.party.append(phone)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:peer@127.0.0.1:{phone.port}", {})
    invite = await phone.expect()
    assert re.search(r"m=audio \d+ RTP/AVP 8 0 9 \d+\r\n", invite.body)
    assert {"100rel", "timer"} <= {name.strip() for name in invite.get("Supported").split(",")}
    assert (invite.get("Session-Expires"), invite.get("Min-SE")) == ("1800", "90")
    phone.begin_early()
    prack = await asked(phone, "PRACK")
    assert prack.get("RAck") == f"7 {invite.get('CSeq')}"
    await asyncio.wait_for(leg.heard_early(), PATIENCE_S)
    caller, room = await a_call(world), world.room()
    async with room.joined(caller, is_heard=False), room.joined(leg, hears=False):
        phone._start_sending()
        phone.say(sine(700, 1.0))
        await asyncio.wait_for(world.peer.hears_something(), PATIENCE_S)
    phone._reply(phone._invite, 200, "OK", phone.sdp())  # type: ignore[arg-type]
    await asyncio.wait_for(leg.connected(), PATIENCE_S)
    await world.peer.bye()
    await leg.hang_up()
    await asyncio.wait_for(phone.over.wait(), PATIENCE_S)
