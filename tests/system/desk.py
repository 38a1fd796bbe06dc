"""`offhook trunk` beside a running server, as its operator uses it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from typer.testing import CliRunner, Result

from offhook.cli import app as cli
from tests.sip.carrier import Carrier
from tests.system.server import Server

PREFIX = "+4930990"
"""How the numbers begin that go out by the trunks of tests."""
PATIENCE_S = 30


class Desk:
    """The operator's command line."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.added: list[str] = []

    async def trunk(self, *arguments: str) -> Any:
        done = await asyncio.to_thread(offhook_here, self._server, "trunk", *arguments, "--json")
        return json.loads(done.stdout)

    async def add(self, name: str, carrier: Carrier, *more: str) -> None:
        await self.trunk("add", name, "--host", f"127.0.0.1:{carrier.port}", "--prefix", PREFIX, *more)
        self.added.append(name)

    async def until(self, is_so: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the trunks are, by their names, as they should be."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if is_so({each["name"]: each for each in await self.trunk("ls")}):
                    return
                await asyncio.sleep(0.1)


def offhook_here(server: Server, *arguments: str) -> Result:
    """The command line beside the server, in this process."""
    return CliRunner().invoke(cli, arguments, env={"OFFHOOK_DATA_DIR": str(server.data_dir)})


@asynccontextmanager
async def desk_of(server: Server) -> AsyncIterator[Desk]:
    desk = Desk(server)
    try:
        yield desk
    finally:
        for name in desk.added:
            await desk.trunk("rm", name)
