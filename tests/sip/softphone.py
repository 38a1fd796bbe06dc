"""baresip on the command of a test: it calls in one codec, says what a file says, keeps what it hears, and presses keys."""

import asyncio
import contextlib
import json
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.system.server import free_port

CONFIG = """
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module gsm.so
module opus.so
module aufile.so
module aubridge.so
module sndfile.so
module account.so
module menu.so
module ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{commands}
sip_listen 127.0.0.1:0
net_interface 127.0.0.1
audio_source aufile,{says}
audio_player aubridge,nowhere
audio_alert aubridge,nowhere
ausrc_srate 8000
ausrc_channels 1
snd_path {folder}
"""
CODECS = {
    "PCMU": "PCMU/8000/1",
    "PCMA": "PCMA/8000/1",
    "G722": "G722/16000/1",
    "opus": "opus/48000/2",
    "GSM": "GSM/8000/1",
}
"""As baresip calls them, under their names in SDP."""
WITHIN_S = 40.0
ESTABLISHED, CLOSED = "Call established", "session closed"


class CallingSoftphone:
    """A baresip that is in a call, or soon."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path, commands: int) -> None:
        self.process = process
        self.said = ""
        self._folder = folder
        self._commands = commands

    async def says(self, words: str) -> None:
        """Return once it has printed these."""
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(WITHIN_S):
                while words not in self.said:
                    more = await self.process.stdout.read(4096)
                    assert more, self.said
                    self.said += more.decode(errors="replace")
        except TimeoutError:
            raise AssertionError(f"{words!r} is not in {self.said}") from None

    async def is_over(self) -> None:
        """Return once the far end has hung up, and what came in is kept."""
        await self.says(CLOSED)
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        async with asyncio.timeout(WITHIN_S):
            await self.process.communicate()

    async def press(self, keys: str) -> None:
        """Press keys, each as soon as the one before is taken."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._commands)
        async with asyncio.timeout(WITHIN_S):
            for key in keys:
                command = json.dumps({"command": "sndcode", "params": key, "token": f"key {key}"})
                writer.write(f"{len(command)}:{command},".encode())
                while f"key {key}".encode() not in await reader.readuntil(b"}"):
                    pass
        writer.close()
        await writer.wait_closed()

    @property
    def heard(self) -> Path:
        """What came in, decoded: a WAV file that is whole after `is_over`."""
        [file] = self._folder.glob("dump-*-dec.wav")
        return file


@asynccontextmanager
async def calling_softphone(
    folder: Path, uri: str, codec: str, says: Path
) -> AsyncIterator[CallingSoftphone]:
    """A block in which a softphone calls `uri`, with one codec of `CODECS`, and says what a WAV file of 8 kHz says."""
    folder.mkdir()
    commands = free_port(socket.SOCK_STREAM)
    (folder / "config").write_text(CONFIG.format(folder=folder, commands=commands, says=says))
    (folder / "accounts").write_text(f"<sip:baresip@127.0.0.1>;regint=0;audio_codecs={CODECS[codec]}\n")
    (folder / "contacts").write_text("")
    process = await asyncio.create_subprocess_exec(
        *("baresip", "-f", str(folder), "-e", f"/dial {uri}", "-t", "90"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield CallingSoftphone(process, folder, commands)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
