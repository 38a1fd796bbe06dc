"""A real Kamailio, in a folder of its own and on free ports of loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
import pytest_asyncio

from offhook.call.rows import WorkerRow
from offhook.edge.installed import find_kamailio
from offhook.edge.kamailio import Kamailio
from offhook.edge.kamailio_config import KamailioConfig, Listen
from offhook.edge.rpc import KamailioRpc, RpcFailed
from tests.system.server import free_sip_port

BORN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Edge:
    """A Kamailio that runs, and who may speak with it."""

    kamailio: Kamailio
    config: KamailioConfig
    rpc: KamailioRpc
    said: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.config.listen[0].port


@pytest.fixture
def config(tmp_path: Path) -> KamailioConfig:
    """A configuration for loopback."""
    return KamailioConfig(
        listen=(Listen(host="127.0.0.1", port=free_sip_port()),),
        callers_allowed=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
        new_calls_per_s=50,
        list_file=tmp_path / "dispatcher.list",
        rpc_socket=tmp_path / "rpc.sock",
    )


@asynccontextmanager
async def running(config: KamailioConfig, folder: Path, program: str | None = None) -> AsyncIterator[Edge]:
    """A block in which Kamailio, or a `program` like it, runs and answers."""
    said: list[str] = []
    config.list_file.touch()
    kamailio = Kamailio(program or find_kamailio(), folder, lambda is_error, text: said.append(text))
    rpc = KamailioRpc(config.rpc_socket, folder / "answers.sock")
    try:
        await kamailio.start(config.text(), config.listen)
        ended = asyncio.create_task(kamailio.ended())
        await answering(rpc)
        yield Edge(kamailio, config, rpc, said)
        await kamailio.stop()
        await ended
    finally:
        await kamailio.stop()
        rpc.close()


async def answering(rpc: KamailioRpc) -> str:
    """Kamailio's version, once it tells it."""
    async with asyncio.timeout(30):
        while True:
            try:
                return str(await asyncio.to_thread(rpc.call, "core.version"))
            except RpcFailed:
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def edge(config: KamailioConfig, tmp_path: Path) -> AsyncIterator[Edge]:
    """A Kamailio that knows no worker."""
    async with running(config, tmp_path) as started:
        yield started


@pytest.fixture
def worker() -> Callable[..., WorkerRow]:
    """Makes the lease of a worker: its SIP port, and what differs from an idle one with four slots."""
    idle = WorkerRow(
        worker_id="w",
        worker_index=0,
        address="http://127.0.0.1:9000",
        sip_address="",
        call_slots=4,
        free_slots=4,
        build="wheel",
        started_at=BORN,
        renewed_at=BORN,
        stopped_at=None,
        is_draining=False,
    )
    return lambda port, **changes: replace(idle, sip_address=f"127.0.0.1:{port}", **changes)
