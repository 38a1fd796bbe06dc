"""The phone's own voice and recogniser: embedded speech processes that live as long as the call."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.call.errors import OffhookError
from offhook.control import CONTROL_FD
from offhook.speech.pcm import FRAME_BYTES
from offhook.speech.recogniser import Final, RecogniserOptions
from offhook.vendors.embedded.recogniser import EmbeddedRecogniser

START_S = 20.0
CLEAR_WORDS_PER_MINUTE = 175
SILENCE = bytes(FRAME_BYTES)


@asynccontextmanager
async def speech_process(kind: str, *arguments: str) -> AsyncIterator[Path]:
    """A block in which a speech process (`voice` or `recogniser`) listens on the Unix socket that it gives.

    `arguments` are those of its command line besides. Raises OffhookError where it cannot be started.
    """
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryDirectory(prefix="offhook-") as folder:
        path = Path(folder) / f"{kind}.sock"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "offhook.vendors.embedded.server", "--kind", kind, "--socket", str(path), *arguments),
            env={**os.environ, CONTROL_FD: str(theirs.fileno())},
            pass_fds=(theirs.fileno(),),
        )
        theirs.close()
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        try:
            async with asyncio.timeout(START_S):
                if not await reader.readline():
                    raise OffhookError(f"the embedded {kind} could not be started")
            yield path
        finally:
            writer.close()
            await process.wait()


async def words_in(pcm: bytes, hints: Sequence[str], recogniser: EmbeddedRecogniser) -> Final | None:
    """What was said in `pcm`, if it was one of `hints`."""
    async with recogniser.listen(RecogniserOptions(hints=tuple(hints))) as recognition:
        for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
            recognition.send(pcm[start : start + FRAME_BYTES])
        recognition.finish()
        async for event in recognition:
            if isinstance(event, Final):
                return event
    return None
