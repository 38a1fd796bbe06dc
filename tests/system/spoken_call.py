"""A caller who waits for the prompt, says something, and hears the call out, on a server of its own."""

import asyncio
from pathlib import Path
from typing import Any

from tests.sip.peer import Peer
from tests.system.server import running_server
from tests.webhooks.server import Application


async def gathers_of_a_call(
    folder: Path, app: Application, pcm: bytes, **settings: str
) -> list[dict[str, Any]]:
    """The records of the gathers of the call, which `app` answers at /voice; `settings` are the server's."""
    folder.mkdir()
    with running_server(folder, **settings) as server:
        server.give_number("7001", f"{app.url}/voice")
        peer = await Peer.open()
        async with asyncio.timeout(60):
            assert (await peer.invite("7001", server.sip_port)).status == 200
            await peer.hears_quiet()
            peer.say(pcm)
            await peer.over.wait()
        await peer.close()
        call = server.call_to("7001")
        assert call["status"] == "completed"
        return server.gathers_of(call["sid"])
