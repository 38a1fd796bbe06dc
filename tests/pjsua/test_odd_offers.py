"""What is odd and allowed in an INVITE: addresses that nothing is sent to, and a Contact of the other version of IP."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
import pytest_asyncio

from offhook.call.port import Audio
from offhook.pjsua.leg import Leg
from offhook.pjsua.offered_addresses import asks_for_ipv6, for_audio_alone
from tests.contract.phone import Phone
from tests.contract.tones import amplitude_of, sine
from tests.contract.worlds import RealWorld
from tests.sip.in_dialog import ask, asked, offer
from tests.sip.peer import Message
from tests.system.conftest import write_wav

pytestmark = pytest.mark.sip

PATIENCE_S, LOUD = 30, 1000
HERE, V6 = "IN IP4 127.0.0.1", "IN IP6 ::1"
VIDEO = "m=video 4000 RTP/AVP 96\r\nc=IN IP4 nobody.example\r\na=rtpmap:96 H264/90000\r\n"
REFUSED = VIDEO.replace("4000", "0")


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    real = RealWorld()
    await real.start()
    try:
        yield real
    finally:
        await real.close()


async def taken(world: RealWorld, sdp: str, phone: Phone | None = None) -> tuple[Leg, Message]:
    """A call with this offer, once it is answered and audio has come."""
    peer = phone or world.peer
    calling = asyncio.create_task(peer.invite("1000", world.switchboard.engine.sip_port, sdp=sdp))
    arriving = asyncio.create_task(world.arrived.get())
    done, _ = await asyncio.wait({calling, arriving}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
    assert arriving in done, calling.done() and calling.result()
    leg = arriving.result()
    await leg.answer()
    answer = await calling
    async with asyncio.timeout(PATIENCE_S):
        await peer.until(lambda: len(peer.heard) > 5)
    return leg, answer


def lines(*of: str) -> bytes:
    return b"".join(line.encode() + b"\r\n" for line in ("v=0", *of))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c=IN IP4 a.example|m=audio 4000 RTP/AVP 0", None),
        ("m=audio 4000 RTP/AVP 0|c=IN IP4 a.example", None),
        ("c=IN IP4 a.example|m=audio 4000 RTP/AVP 0|c=IN IP4 192.0.2.1", "c=IN IP4 0        |"),
        ("c=IN IP4 192.0.2.1|m=audio 4000 RTP/AVP 0|m=audio 00 RTP/AVP 0|c=IN IP4 a.example", "c=IN IP4 0        "),
        ("c=IN IP4 192.0.2.1|m=audio 4000 RTP/AVP 0|m=video 4002 RTP/AVP 96|c=IN IP4 224.2.1.1/127", "c=IN IP4 0        /127"),
        ("c=IN IP4 192.0.2.1|m=audio 4000 RTP/AVP 0|a=rtcp:4001 IN IP6 ::1", "a=none:4001 IN IP6 ::1"),
        ("c=IN IP6 ::1|m=audio 4000 RTP/AVP 0|a=rtcp:4001 IN IP4 192.0.2.1", "a=none:4001 IN IP4 192.0.2.1"),
        ("c=IN IP6 ::1|m=audio 4000 RTP/AVP 0|c=IN IP4 192.0.2.1|a=rtcp:4001 IN IP4 192.0.2.1", None),
        ("c=IN IP4 192.0.2.1|m=audio 4000 RTP/AVP 0|a=rtcp:4001 IN IP4 192.0.2.1", None),
        ("c=IN IP4 192.0.2.1|m=audio 4000 RTP/AVP 0|a=rtcp:4001", None),
        ("c=IN IP4 192.0.2.1|m=audio 4000 RTP/AVP 0|a=rtcp:4001 IN IP4 a.example", None),
    ],
)  # fmt: skip
def test_what_has_nothing_to_do_with_audio(before: str, after: str | None) -> None:
    text = lines(*before.split("|"))
    made = for_audio_alone(text)
    assert len(made) == len(text)
    assert (made == text) is (after is None)
    assert after is None or after.replace("|", "\r\n").encode() in made


def test_a_refused_line_is_no_way_over_ipv4() -> None:
    audio = ("m=audio 4000 RTP/AVP 0", f"c={V6}")
    assert asks_for_ipv6(lines(*audio, "m=video 0 RTP/AVP 96", f"c={HERE}"))
    assert not asks_for_ipv6(lines("m=audio 4000 RTP/AVP 0", f"c={HERE}", "m=video 0 RTP/AVP 96", f"c={V6}"))


@pytest.mark.parametrize(
    "line", [VIDEO, REFUSED, "m=audio 0 RTP/AVP 0\r\nc=IN IP4 nobody.example\r\n"], ids=lambda line: line[:9]
)
async def test_a_line_that_nothing_is_sent_to_may_name_a_host(line: str, world: RealWorld) -> None:
    leg, answer = await taken(world, world.peer.sdp() + line)
    assert f"m={line[2:7]} 0 " in answer.body
    again = await ask(world.peer, "INVITE", body=offer(world.peer, 2) + line.replace("4000", "0"))
    assert again.status == 200
    await leg.hang_up()


@pytest.mark.parametrize("line", [VIDEO, REFUSED, "m=image 0 udptl t38\r\n"], ids=lambda line: line[:9])
async def test_audio_need_not_be_the_first_that_is_offered(
    line: str, world: RealWorld, tmp_path: Path
) -> None:
    leg, answer = await taken(world, world.peer.sdp().replace("m=audio", line + "m=audio"))
    assert answer.body.index(f"m={line[2:7]} 0 ") < answer.body.index("m=audio ")
    path, frames = tmp_path / "tone.wav", list[bytes]()
    write_wav(path, sine(500, 0.2))
    world.peer.say(sine(700, 1.0))
    async with asyncio.timeout(PATIENCE_S):
        with leg.listen(frames.append):
            await leg.play(Audio(path=path, duration_s=0.2, label="tone"))
            await world.peer.until(lambda: any(packet.is_sound for packet in world.peer.heard))
            await world.peer.until(lambda: any(amplitude_of(700, frame) > LOUD for frame in frames))
    await leg.hang_up()


async def test_reports_over_the_other_version_of_ip_cost_no_call(world: RealWorld) -> None:
    leg, _ = await taken(world, world.peer.sdp() + f"a=rtcp:{world.peer.rtp_port + 1} {V6}\r\n")
    await leg.hang_up()


class OfBoth(Phone):
    """Names an address of version 6 in its Contact, and another port, and speaks over version 4."""

    def _transmit(self, start: str, headers: list[str], body: str) -> None:
        ours = f"Contact: <sip:peer@127.0.0.1:{self.port}>"
        other = "Contact: <sip:peer@[2001:db8::7]:5999;transport=tcp>"
        super()._transmit(start, [other if header == ours else header for header in headers], body)


async def test_a_caller_with_a_contact_of_ipv6_is_asked_where_it_called_from(world: RealWorld) -> None:
    phone = cast("OfBoth", await OfBoth.open())
    world.party.append(phone)
    leg, _ = await taken(world, phone.sdp(), phone)
    assert (await ask(phone, "INVITE", body=offer(phone, 2))).status == 200
    await leg.hang_up()
    assert f"sip:peer@127.0.0.1:{phone.port}" in (await asked(phone, "BYE")).start
