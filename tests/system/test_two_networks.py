"""A call between two networks behind NAT, in network namespaces, and what the doctor says of them."""

import asyncio
import audioop
import json
import sys
import wave
from pathlib import Path

import pytest

from tests.sip.internet import CLOUD, PUBLIC
from tests.sip.nat import Nat, NattedPeer
from tests.sip.router import can_make_networks
from tests.system.server import Server

pytestmark = pytest.mark.sip

PATIENCE_S = 120
LOUD = 500


async def test_both_hear_each_other_and_the_doctor_knows_why(server: Server, tmp_path: Path) -> None:
    beginning = can_make_networks()
    if (
        beginning is None
    ):  # as in a container without rights: there the NAT is one of our own, before the phone alone
        await over_a_nat_of_our_own(server)
        return
    process = await asyncio.create_subprocess_exec(
        *(*beginning, sys.executable, "-m", "tests.sip.internet", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        printed, _ = await process.communicate()
    told = json.loads(printed)
    assert told["call"]["status"] == 0, told
    # The telephone's Contact names an address at home.
    assert json.loads(told["call"]["output"])["ended_by"] == "far end", told
    with wave.open(str(tmp_path / "heard.wav")) as heard:
        assert audioop.max(heard.readframes(heard.getnframes()), 2) > LOUD
    assert told["row"]["status"] == "completed"
    assert "call.one_way_audio" not in told["log"]
    cause = (
        f"SDP and Contact say {CLOUD}, which nobody outside can reach: set OFFHOOK_PUBLIC_ADDRESS={PUBLIC}"
    )
    assert (told["without"]["status"], cause in told["without"]["output"]) == (1, True), told["without"]
    assert told["with"]["status"] == 0, told["with"]


async def over_a_nat_of_our_own(server: Server) -> None:
    peer = await NattedPeer.behind(Nat(is_symmetric=True))
    try:
        assert (await peer.invite("echo", server.sip_port)).status == 200
        peer.say(bytes(range(256)) * 100)
        await asyncio.wait_for(peer.hears_something(), PATIENCE_S)
        assert (await peer.bye()).status == 200
    finally:
        await peer.close()
