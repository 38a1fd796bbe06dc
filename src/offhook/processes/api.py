"""The api process: REST, and the demonstration application on a port of its own."""

import asyncio
import os
import socket
import sys
from functools import partial
from typing import Any

import structlog
import uvloop

from offhook import log
from offhook.bootstrap import open_database
from offhook.config import Settings
from offhook.control import CONFIGURATION_FAULT, ControlChannel
from offhook.kept_certificate import FROM_THE_COPY, KeptCertificate
from offhook.metrics import Meter
from offhook.processes.demo import load_demo
from offhook.processes.lag import watched
from offhook.processes.languages import message_request
from offhook.processes.metrics_page import MetricsPage, Sources
from offhook.processes.numbers_told import NumbersTold
from offhook.processes.quiet_server import QuietServer, listening_socket
from offhook.processes.room_knocks import RoomKnocks
from offhook.processes.routes_told import AccountsTold, ApplicationsTold
from offhook.processes.why_ended import why_ended
from offhook.processes.worker_doors import WorkerDoors
from offhook.records.api_keys import ApiKeys
from offhook.records.call_story import CallStories
from offhook.records.caller_ids import CallerIds
from offhook.records.calls import Calls
from offhook.records.channel_identities import ChannelIdentities
from offhook.records.clients import Clients
from offhook.records.conferences import Conferences
from offhook.records.database import Database
from offhook.records.emails import Emails
from offhook.records.gathers import Gathers
from offhook.records.limits import Limits
from offhook.records.message_arrivals import MessageArrivals
from offhook.records.message_queue import MessageQueue
from offhook.records.messages import Messages
from offhook.records.notifications import Notifications
from offhook.records.numbers import Numbers
from offhook.records.recordings import Recordings
from offhook.records.tallies import Tallies
from offhook.records.transcriptions import Transcriptions
from offhook.records.trunks import Trunks
from offhook.records.usage import Usage
from offhook.records.users import Users
from offhook.records.verb_records import VerbRecords
from offhook.records.workers import LEASE_S, Workers
from offhook.rest.app import create_app
from offhook.rest.messaging_ports import MessagingPorts
from offhook.rest.ports import Ports, Readiness
from offhook.surroundings import Surroundings
from offhook.tls_files import TlsFilesUnusable

DEMO_FD = "OFFHOOK_DEMO_FD"

logger = structlog.get_logger()


class ProcessStates:
    """What the supervisor says of the other processes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ready: dict[str, list[bool]] = {}
        self.processes: dict[str, dict[str, Any]] = {}
        """Kind, state, pid and restarts of each, by name."""

    def take(self, message: dict[str, Any]) -> None:
        """The supervisor's newest word."""
        ready: dict[str, list[bool]] = {}
        self.processes = message.get("processes", {})
        for process in self.processes.values():
            ready.setdefault(process["kind"], []).append(process["state"] == "ready")
        self._ready = ready

    def readiness(self) -> Readiness:
        """Which parts are up. Asks the database, so it may block."""
        return Readiness(
            sip=self._is_any_ready("worker") and all(self._ready.get("edge", ())),
            database=self._database.is_there() and self._is_any_ready("dispatcher"),
            speech=self._is_any_ready("voice") and self._is_any_ready("recogniser"),
            is_draining=any(
                process["kind"] == "worker" and process["state"] == "stopping"
                for process in self.processes.values()
            ),
        )

    def by_name(self) -> dict[str, str]:
        """What each process does."""
        return {name: str(process["state"]) for name, process in self.processes.items()}

    def _is_any_ready(self, kind: str) -> bool:
        return any(self._ready.get(kind, ()))


async def run(
    settings: Settings, surroundings: Surroundings, bound: socket.socket, tls: KeptCertificate | None
) -> None:
    """Serve until told to stop."""
    control = await ControlChannel.open()
    database = open_database(settings)
    states = ProcessStates(database)
    doors = _doors(database, surroundings)
    knocks = _knocks(database, surroundings)
    app = create_app(
        Ports(
            accounts=AccountsTold(database, doors.tell_numbers_changed),
            api_keys=ApiKeys(database),
            users=Users(database),
            limits=Limits(database),
            numbers=NumbersTold(Numbers(database), doors.tell_numbers_changed),
            applications=ApplicationsTold(database, doors.tell_numbers_changed),
            clients=Clients(database),
            caller_ids=CallerIds(database),
            usage=Usage(database),
            calls=Calls(database),
            gathers=Gathers(database),
            notifications=Notifications(database),
            traces=CallStories(database),
            messaging=_messaging(settings, database),
            recordings=Recordings(database, settings.recordings_folder),
            transcriptions=Transcriptions(database),
            conferences=Conferences(database),
            verb_records=VerbRecords(database),
            call_control=doors,
            live_calls=doors,
            live_streams=doors,
            conference_control=knocks,
            readiness=states.readiness,
            instance_id=surroundings.instance_id,
            public_url=settings.resolved_public_url,
            recordings_are_open=settings.open_recordings,
            why_ended=why_ended,
            process_states=states.by_name,
            metrics=_metrics(database, surroundings, states).text,
            metrics_allow=settings.metrics_readers_allowed,
        ),
        trusted_proxies=settings.http_trusted_proxies,
    )
    servers = [(QuietServer(app, tls), bound)]
    if DEMO_FD in os.environ:
        servers.append((QuietServer(load_demo()), socket.socket(fileno=int(os.environ[DEMO_FD]))))
    try:
        async with watched(Meter(), surroundings.run_dir, "api"), asyncio.TaskGroup() as tasks:
            for server, its_socket in servers:
                tasks.create_task(server.serve(sockets=[its_socket]))
            control.tell(ready=True, port=bound.getsockname()[1])
            await control.until_stopped(states.take)
            for server, _ in servers:
                server.stop()
    finally:
        await doors.close()
        await knocks.close()
        database.close()
        control.close()


def _messaging(settings: Settings, database: Database) -> MessagingPorts:
    return MessagingPorts(
        messages=Messages(database),
        emails=Emails(database),
        channel_identities=ChannelIdentities(database),
        arrivals=MessageArrivals(database),
        receipts=MessageQueue(database, partial(message_request, settings=settings)),
        gateway_secret=settings.sms_secret.get_secret_value() if settings.sms_secret else None,
    )


def _metrics(database: Database, surroundings: Surroundings, states: ProcessStates) -> MetricsPage:
    workers, tallies = Workers(database), Tallies(database)
    return MetricsPage(
        Sources(
            run_dir=surroundings.run_dir,
            processes=lambda: states.processes,
            is_database_up=database.is_there,
            running_calls=tallies.running_calls,
            workers=lambda: workers.alive(LEASE_S),
            outbox_depth=tallies.outbox_depth,
            outbox_oldest_s=tallies.outbox_oldest_s,
            trunks=Trunks(database).enabled_with_states,
        )
    )


def _knocks(database: Database, surroundings: Surroundings) -> RoomKnocks:
    workers = Workers(database)
    return RoomKnocks(workers=lambda: workers.alive(LEASE_S), secret=surroundings.cluster_secret)


def _doors(database: Database, surroundings: Surroundings) -> WorkerDoors:
    workers, calls = Workers(database), Calls(database)
    return WorkerDoors(
        workers=lambda: workers.alive(LEASE_S), get_call=calls.get, secret=surroundings.cluster_secret
    )


def _certificate(settings: Settings, surroundings: Surroundings) -> KeptCertificate | None:
    """What HTTPS begins with. Raises TlsFilesUnusable."""
    if settings.tls_files is None:
        return None
    kept = KeptCertificate(settings.tls_files, surroundings.certificates)
    if (fault := kept.begin()) is not None:
        logger.error("http.certificate_not_taken", reason=str(fault), effect=FROM_THE_COPY)
    return kept


def main() -> None:
    """Run the process."""
    settings = Settings()
    log.configure(level=settings.log_level, as_json=settings.log_json, process="api")
    try:
        surroundings = Surroundings.from_environment()
        tls = _certificate(settings, surroundings)
        bound = listening_socket(settings.http_host, settings.http_port)
    except TlsFilesUnusable as fault:
        sys.stderr.write(f"offhook: {fault}\n")
        sys.exit(CONFIGURATION_FAULT)
    except OSError as error:
        sys.stderr.write(
            f"offhook: REST cannot listen on {settings.http_host}:{settings.http_port}: {error.strerror}; "
            f"set OFFHOOK_HTTP_PORT or OFFHOOK_HTTP_HOST\n"
        )
        sys.exit(CONFIGURATION_FAULT)
    uvloop.run(run(settings, surroundings, bound, tls))


if __name__ == "__main__":
    main()
