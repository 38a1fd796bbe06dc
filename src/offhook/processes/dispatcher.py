"""The dispatcher process: sends the outbox, and clears away what was sent long ago."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
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

CLEAR_EVERY_S = 3600.0

logger = structlog.get_logger()


async def run(settings: Settings, surroundings: Surroundings) -> None:
    """Send what is due until told to stop."""
    control = await ControlChannel.open()
    database = open_database(settings)
    client = webhook_client(settings)
    outbox = Outbox(database)
    dispatcher = Dispatcher(outbox=outbox, sender=client, wall_clock=lambda: datetime.now(UTC))
    listener = await _listen(surroundings.dispatcher_socket, dispatcher)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatcher.run())
            clearing = tasks.create_task(_clear(outbox, timedelta(days=settings.callback_keep_days)))
            control.tell(ready=True)
            await control.until_stopped()
            clearing.cancel()
            dispatcher.stop()
    finally:
        listener.close()
        await client.close()
        database.close()
        control.close()


async def _clear(outbox: Outbox, keep: timedelta) -> None:
    """Forget old callbacks at the start and each hour; the outbox stays as small as its traffic."""
    while True:
        forgotten = await asyncio.to_thread(outbox.forget, datetime.now(UTC) - keep)
        if forgotten:
            logger.info("outbox.cleared", forgotten=forgotten)
        await asyncio.sleep(CLEAR_EVERY_S)


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
