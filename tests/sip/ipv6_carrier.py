"""A carrier at an address of version 6."""

import asyncio
from typing import Any

from tests.sip.carrier import Carrier
from tests.sip.peer import _Rtp
from tests.sip.stream_peer import IPV4, IPV6, StreamPeer

SECRET = ("desk", "open sesame")


class CarrierOfVersion6(Carrier, StreamPeer):
    """A `Carrier` on ::1, which asks for a password; `await CarrierOfVersion6.begin_there()`."""

    def __init__(self) -> None:
        StreamPeer.__init__(self, "UDP", IPV6)
        self.answers, self.secret, self.contacts = (200,), SECRET, []

    @classmethod
    async def begin_there(cls) -> "CarrierOfVersion6":
        """One that answers with 200."""
        loop = asyncio.get_running_loop()
        carrier = cls()
        make_rtp: Any = lambda: _Rtp(carrier)  # noqa: E731
        make: Any = lambda: carrier  # noqa: E731
        carrier.rtp, _ = await loop.create_datagram_endpoint(make_rtp, local_addr=(IPV6, 0))
        carrier.sip, _ = await loop.create_datagram_endpoint(make, local_addr=(IPV6, 0))
        return carrier

    def _mine(self, text: str) -> str:
        """Its own address alone: those of others are given back as they came."""
        own = text.replace(f"{IPV4}:{self.port}", f"[{IPV6}]:{self.port}")
        return own.replace(f"IN IP4 {IPV4}", f"IN IP6 {IPV6}")
