"""The dispatcher process: sends the outbox, messages and e-mails, forgets what is old, and ends the calls of dead workers."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvloop

from offhook import log
from offhook.bootstrap import open_clients, open_database, open_tracer
from offhook.config import Settings
from offhook.control import ControlChannel
from offhook.draining import FLUSH_S
from offhook.metrics import Meter
from offhook.processes.lag import watched
from offhook.processes.message_carriers import open_messenger
from offhook.processes.metered import MeteredOutbox, calls_ended
from offhook.processes.reaper import Reaper
from offhook.processes.recordings_keeping import keep_recordings
from offhook.processes.retention import Retention, standard_days
from offhook.processes.waiting import once_there
from offhook.processes.watching import Watching
from offhook.records.outbox import Outbox
from offhook.surroundings import Surroundings
from offhook.webhooks.dispatcher import Dispatcher, DispatcherLimits

REPORT_S = 5.0
"""For what is to be done about an attempt besides the exchange itself."""

logger = structlog.get_logger()


async def run(settings: Settings, surroundings: Surroundings) -> None:
    """Send what is due until told to stop."""
    control = await ControlChannel.open()
    database = open_database(settings)
    meter, tracer = Meter(), open_tracer(settings, "dispatcher")
    watch = Watching(meter, tracer)
    clients = await once_there(lambda: open_clients(settings, surroundings, database, watch))
    dispatcher = Dispatcher(
        outbox=MeteredOutbox(Outbox(database), meter),
        sender_of=clients.of,
        wall_clock=lambda: datetime.now(UTC),
        limits=_limits(settings),
    )
    messenger = open_messenger(settings, database, clients, dispatcher.poke)

    def poke() -> None:
        dispatcher.poke()
        messenger.poke()

    listener = await _listen(surroundings.dispatcher_socket, poke)
    loop = asyncio.get_running_loop()

    def wake() -> None:
        loop.call_soon_threadsafe(dispatcher.poke)

    try:
        async with watched(meter, surroundings.run_dir, "dispatcher"), asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatcher.run())
            tasks.create_task(messenger.run())
            retention = Retention(
                database, standard=standard_days(settings), recordings=settings.recordings_folder
            )
            forgetting = tasks.create_task(retention.run())
            ended = calls_ended(meter)
            reaper = Reaper(
                database,
                settings.journal_folder,
                poke=wake,
                on_closed=lambda count: ended.add("failed", "worker_lost", by=count),
            )
            reaping = tasks.create_task(reaper.run())
            recording = tasks.create_task(keep_recordings(settings, surroundings, database, poke=wake))
            control.tell(ready=True)
            await control.until_stopped()
            recording.cancel()
            forgetting.cancel()
            reaping.cancel()
            messenger.stop()
            await _flush(dispatcher, control)
            dispatcher.stop()
    finally:
        listener.close()
        await clients.close()
        if tracer is not None:
            await asyncio.to_thread(tracer.close)
        database.close()
        control.close()


def _limits(settings: Settings) -> DispatcherLimits:
    """A lease covers the longest attempt that the settings allow, and as long a wait for its turn."""
    send_s = settings.webhook_total_s + REPORT_S
    return DispatcherLimits(send_s=send_s, lease_s=2 * send_s)


async def _flush(dispatcher: Dispatcher, control: ControlChannel) -> None:
    """Send what the last calls left, unless told to stop again: the workers are gone, nothing more will come."""
    flushing = asyncio.create_task(dispatcher.flush(FLUSH_S))
    again = asyncio.create_task(control.until_stopped())
    await asyncio.wait((flushing, again), return_when=asyncio.FIRST_COMPLETED)
    is_flushed = flushing.done() and flushing.result()
    flushing.cancel()
    again.cancel()
    if not is_flushed:
        logger.warning("outbox.not_flushed", seconds=FLUSH_S, why="what is left is sent after the next start")


async def _listen(path: Path, poke: Callable[[], None]) -> asyncio.DatagramTransport:
    path.unlink(missing_ok=True)

    class Pokes(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: object) -> None:
            poke()

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
