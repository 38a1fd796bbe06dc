"""Requests of a peer inside of its call, each with its answer."""

import asyncio
from collections.abc import Callable

from tests.sip.peer import Message, Peer


async def ask(peer: Peer, method: str, headers: tuple[str, ...] = (), body: str = "") -> Message:
    """Send a request and return its final answer; an INVITE's is acknowledged."""
    assert peer.dialog is not None
    cseq = peer.dialog.cseq + 1
    kinds = ("Content-Type: application/sdp",) if body else ()
    peer._send_request(method, (*kinds, *headers), body)
    answer = await answered(peer, f"{cseq} {method}")
    if method == "INVITE":
        peer._send_request("ACK", cseq=cseq)
    return answer


async def answered(peer: Peer, cseq: str, at_least: int = 200) -> Message:
    """The answer to the request of a CSeq."""
    found: list[Message] = []

    def is_there() -> bool:
        found[:] = [m for m in peer.messages if m.status >= at_least and m.get("CSeq") == cseq]
        return bool(found)

    await told(peer, is_there)
    return found[0]


async def asked(peer: Peer, method: str) -> Message:
    """The next request of a kind that comes in."""
    await told(peer, lambda: any(message.method == method for message in peer.messages))
    return next(message for message in peer.messages if message.method == method)


async def told(peer: Peer, condition: Callable[[], bool]) -> None:
    """Return once a message has made a condition true."""
    async with asyncio.timeout(30):
        while not condition():
            peer._arrived.clear()
            await peer._arrived.wait()


def offer(peer: Peer, version: int, *, payloads: str = "0 101", direction: str = "sendrecv") -> str:
    """An offer of audio, newer than those before."""
    sdp = peer.sdp(payloads).replace("o=peer 1 1", f"o=peer 1 {version}")
    return sdp.replace("a=sendrecv", f"a={direction}")
