"""What strangers are told of the machine: that it is Offhook, and not what its operator calls it."""

import re
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from offhook.call.errors import CallEnded
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.worlds import RealWorld
from tests.sip.carrier import Carrier
from tests.sip.peer import Peer

pytestmark = pytest.mark.sip

NO_CODEC_OF_OURS = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 18\r\na=rtpmap:18 G729/8000\r\n"
)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[RealWorld]:
    world = RealWorld()
    await world.start()
    yield world
    await world.close()


@pytest.mark.parametrize(("sdp", "status"), [(NO_CODEC_OF_OURS, 488), ("v=0\r\nno=sdp\r\n", 400)])
async def test_who_is_refused_is_not_told_the_machines_name(world: RealWorld, sdp: str, status: int) -> None:
    stranger = await Peer.open()
    answer = await stranger.invite("1000", world.switchboard.engine.sip_port, sdp=sdp)
    await stranger.close()
    assert (answer.status, answer.get("Warning")[:13]) == (status, '399 offhook "')


async def test_who_is_called_is_not_told_it_either(world: RealWorld) -> None:
    carrier = await Carrier.begin(486)
    leg = await world.switchboard.dial(SOME_CALL, f"sip:100@127.0.0.1:{carrier.port}", {})
    with pytest.raises(CallEnded):
        async with leg.alive():
            await leg.connected()
    await carrier.close()
    [invite] = carrier.invites
    said = "\n".join((invite.start, *(": ".join(header) for header in invite.headers), invite.body))
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", said)
    assert invite.get("User-Agent") == "Offhook"
    assert "@" not in invite.get("Call-ID")
    assert "o=- " in invite.body
