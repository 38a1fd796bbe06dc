"""How a process shows its numbers: it writes a snapshot to whoever connects to its socket in the run folder.

Only our own user gets into that folder. The numbers of a process that died vanish with it: nobody answers.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from offhook.metrics import Meter

ANSWER_S = 1.0
"""A process that does not answer within this time is left out."""
SUFFIX = ".metrics"

Snapshot = list[dict[str, Any]]


@contextlib.asynccontextmanager
async def shown(meter: Meter, folder: Path, process: str) -> AsyncIterator[None]:
    """A block during which the numbers of `meter` can be asked for as those of `process`."""
    path = folder / f"{process}{SUFFIX}"

    async def tell(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            writer.write(json.dumps(meter.snapshot()).encode())
            await writer.drain()

    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(tell, path)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def snapshots(folder: Path) -> dict[str, Snapshot]:
    """What every process of the folder has to show now, by its name; those that do not answer are left out."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    asked = await asyncio.gather(*(_ask(path) for path in paths))
    return {path.name.removesuffix(SUFFIX): told for path, told in zip(paths, asked, strict=True) if told}


async def _ask(path: Path) -> Snapshot | None:
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_unix_connection(path)
            try:
                told: Snapshot = json.loads(await reader.read())
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        return None
    return told
