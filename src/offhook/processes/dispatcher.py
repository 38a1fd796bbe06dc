"""The dispatcher process: sends the outbox."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvloop

from offhook import log
from offhook.bootstrap import open_database, webhook_client
from offhook.config import Settings
from offhook.control import ControlChannel
from offhook.records.outbox import Outbox
from offhook.surroundings import Surroundings
from offhook.webhooks.dispatcher import Dispatcher

logger = structlog.get_logger()


async def run(settings: Settings, surroundings: Surroundings) -> None:
    """Send what is due until told to stop."""
    control = await ControlChannel.open()
    database = open_database(settings)
    client = webhook_client(settings)
    dispatcher = Dispatcher(outbox=Outbox(database), sender=client, wall_clock=lambda: datetime.now(UTC))
    listener = await _listen(surroundings.dispatcher_socket, dispatcher)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatcher.run())
            control.tell(ready=True)
            await control.until_stopped()
            dispatcher.stop()
    finally:
        listener.close()
        await client.close()
        database.close()
        control.close()


async def _listen(path: Path, dispatcher: Dispatcher) -> asyncio.DatagramTransport:
    path.unlink(missing_ok=True)

    class Pokes(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            dispatcher.poke()

    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bound.bind(str(path))
    bound.setblocking(False)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Pokes, sock=bound)
    return transport


def main() -> None:
    """Run the process."""
    settings = Settings()
    log.configure(level=settings.log_level, as_json=settings.log_json, process="dispatcher")
    uvloop.run(run(settings, Surroundings.from_environment()))


if __name__ == "__main__":
    main()
