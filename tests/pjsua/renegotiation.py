"""What a far end can do to the audio of a running call."""

import asyncio

from tests.sip.peer import Message, Peer


async def renegotiate(peer: Peer, direction: str = "sendrecv") -> Message:
    """Offer audio anew (re-INVITE) from wherever the peer's RTP socket is now; the final answer."""
    assert peer.dialog is not None
    cseq = peer.dialog.cseq + 1
    offer = peer.sdp().replace("o=peer 1 1", f"o=peer 1 {cseq}").replace("a=sendrecv", f"a={direction}")
    peer._send_request("INVITE", ("Content-Type: application/sdp",), offer)

    def is_answer(message: Message) -> bool:
        return message.status >= 200 and message.get("CSeq") == f"{cseq} INVITE"

    async with asyncio.timeout(20):
        while not any(is_answer(message) for message in peer.messages):
            peer._arrived.clear()
            await peer._arrived.wait()
    answer = next(message for message in peer.messages if is_answer(message))
    peer._send_request("ACK", cseq=cseq)
    if answer.status == 200:
        peer._media_from(answer.body)
    return answer
