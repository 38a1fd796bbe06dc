"""A carrier that calls over TCP from one public address and listens at another, in a network namespace of its own:
`unshare --net python -m tests.sip.two_machines`. Prints as JSON by which of the two each BYE of ours came, by what the caller said of itself."""

import asyncio
import json
import subprocess
from typing import cast

from offhook.call.trunks import SipTransport
from tests.contract.worlds import RealWorld
from tests.pjsua.test_asked_by_connection import Unreachable, called_by
from tests.sip.in_dialog import told
from tests.sip.stream_peer import StreamPeer

OURS, CALLING, LISTENING = "203.0.113.5", "198.51.100.7", "198.51.100.8"
SAID = {"nothing": "", "ob": ";ob", "alias": ""}
PATIENCE_S = 30


class Carrier(Unreachable):
    """Says of its connection what it is told to."""

    via_says = ""

    def _mine(self, text: str) -> str:
        own = super()._mine(text)
        return own.replace(";branch=", f"{self.via_says};branch=") if own.startswith("Via: ") else own


async def asked_at(world: RealWorld, says: str) -> str:
    """Where our BYE came to."""
    listening = await StreamPeer.listen("TCP", LISTENING)
    calling = cast("Carrier", await Carrier.listen("TCP", OURS))
    world.party += [listening, calling]
    calling.place = f"{LISTENING}:{listening.port}{SAID[says]}"
    calling.via_says = ";alias" if says == "alias" else ""
    port = world.switchboard.engine.port_of(SipTransport.TCP)
    assert port is not None
    await calling.connect(port, own=CALLING)
    leg = await called_by(world, calling)
    await leg.hang_up()
    comings = {
        name: asyncio.create_task(told(peer, lambda peer=peer: any(m.method == "BYE" for m in peer.messages)))  # type: ignore[misc]
        for name, peer in {"connection": calling, "contact": listening}.items()
    }
    done, waiting = await asyncio.wait(
        comings.values(), timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
    )
    for task in waiting:
        task.cancel()
    return next((name for name, task in comings.items() if task in done and not task.exception()), "nowhere")


def give_addresses() -> None:
    """Have this namespace's own network know all three."""
    for words in (
        "link set lo up",
        *(f"addr add {address}/32 dev lo" for address in (OURS, CALLING, LISTENING)),
    ):
        subprocess.run(["ip", *words.split()], check=True, timeout=PATIENCE_S)


async def main() -> None:
    world = RealWorld(transports=(SipTransport.UDP, SipTransport.TCP), sip_host=OURS)
    await world.start()
    try:
        print(json.dumps({says: await asked_at(world, says) for says in SAID}))
    finally:
        await world.close()


if __name__ == "__main__":
    give_addresses()
    asyncio.run(main())
