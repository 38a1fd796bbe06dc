"""A worker process: SIP, audio, and the calls it owns."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

import structlog
import uvloop

from offhook import log
from offhook.bootstrap import (
    Speech,
    open_clients,
    open_speech,
    open_tracer,
)
from offhook.call.info import new_id
from offhook.config import Settings
from offhook.control import CONFIGURATION_FAULT, ControlChannel
from offhook.interpreter.ports import NO_TRACER, Tools
from offhook.metrics import Meter
from offhook.pjsua.build import allow_open_files, installed_build
from offhook.pjsua.engine import EngineFailed
from offhook.pjsua.invite import Invite
from offhook.pjsua.newcomers import Newcomer, Proven, TurnedAway
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.processes.addresses import callers_allowed, engine_settings, fitted_to_ports
from offhook.processes.admission import Admission
from offhook.processes.auth_ids import AuthIds
from offhook.processes.call_runs import CallRuns
from offhook.processes.call_tools import call_tools
from offhook.processes.callers import Callers
from offhook.processes.client_book import ClientBook
from offhook.processes.client_calls import ClientCalls
from offhook.processes.client_door import ClientDoor
from offhook.processes.door import Door
from offhook.processes.drain import FAREWELL, drain
from offhook.processes.edge_word import as_told, signing_key
from offhook.processes.gate import Gate
from offhook.processes.lag import LagGauge, watched
from offhook.processes.languages import Languages
from offhook.processes.lease import Lease
from offhook.processes.legs import LocationsOf
from offhook.processes.live_changes import LiveChanges
from offhook.processes.meetings import ClusterMeetings
from offhook.processes.metered import MeteredRecorder, calls_ended
from offhook.processes.metered_speech import metered_recognisers, metered_voices, switch_counter
from offhook.processes.performances import Performances
from offhook.processes.poke import Poke
from offhook.processes.programs import Programs
from offhook.processes.public_address import follow_address
from offhook.processes.quiet_server import QuietServer, listening_socket
from offhook.processes.room_door import RoomDoor
from offhook.processes.routes import Routes
from offhook.processes.stranger_connections import judge_connections
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_keeping import Trunking, keep_trunks
from offhook.processes.waiting import once_there
from offhook.processes.watching import Watching
from offhook.processes.worker_records import WorkerRecords
from offhook.records.accounts import Accounts
from offhook.records.clients import Clients as ClientRows
from offhook.records.database import Database
from offhook.records.limits import CallsElsewhere, Limits
from offhook.records.numbers import Numbers
from offhook.records.phones import Phones
from offhook.records.recorder import Recorder
from offhook.records.rooms import Rooms
from offhook.records.workers import LEASE_S, Workers
from offhook.surroundings import Surroundings
from offhook.verbs import Target
from offhook.webhooks.clients import Clients

if TYPE_CHECKING:
    from offhook.tracing import CallTracer

logger = structlog.get_logger()

COLLECT_AFTER = (5_000, 20, 20)
"""Objects made before the collector looks for cycles among the young, and how often among the older."""
LEASE_LOST = 75
"""Exit status (EX_TEMPFAIL of sysexits.h) of a worker whose calls were given up: a new one may do better."""


class LeaseLost(Exception):
    """Somebody else has ended the calls of this worker, which was silent for too long."""


class Worker:
    """All that one worker process is made of, opened in order and closed in the other."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._worker_id = new_id()
        self._name = f"worker-{surroundings.worker_index}"
        self._meter = Meter()
        self._refused = self._meter.counter(
            "offhook_sip_refused", "Calls that were not taken, by why.", "reason"
        )
        self._trunk_failures = self._meter.counter(
            "offhook_trunk_failures", "Calls that a trunk did not take, so that another was tried.", "trunk"
        )
        self._is_stopping = False

    async def run(self) -> None:
        """Take calls until told to stop. Raises EngineFailed."""
        control = await ControlChannel.open()
        poke = Poke(self._surroundings.dispatcher_socket)
        records = await WorkerRecords.open(
            self._settings, self._surroundings, worker_id=self._worker_id, poke=poke
        )
        database = records.database
        if records.lost_calls:
            calls_ended(self._meter).add("failed", "worker_lost", by=records.lost_calls)
        self._meter.gauge(
            "offhook_records_away",
            "Whether facts go to the journal, the database being away.",
            lambda: float(records.recorder.is_away),
        )
        tracer = open_tracer(self._settings, self._name)
        watch = Watching(self._meter, tracer)
        clients = await once_there(lambda: open_clients(self._settings, self._surroundings, database, watch))
        speech = open_speech(self._settings, self._surroundings)
        try:
            numbers = Numbers(database)
            routes = Routes(numbers.find_for_call, copy=numbers.all, is_quick=database.is_local)
            workers = Workers(database)
            meetings = ClusterMeetings(
                Rooms(database, lease_s=LEASE_S),
                worker_id=self._worker_id,
                worker_of=workers.get,
                secret=self._surroundings.cluster_secret,
            )
            languages = self._languages(records)
            trunking = Trunking.of(self._settings, database)
            await trunking.book.read_now()
            runs = CallRuns(
                programs=self._programs(languages, clients),
                find_number=routes.find,
                first_account_sid=records.first_account_sid,
                tools_of=self._tools(clients, speech, records.recorder, tracer, languages),
                admission=self._admission(records),
                are_records_away=lambda: records.recorder.is_away,
                sender_of=clients.of,
                trunks=trunking.book,
                hosts=trunking.hosts,
                services=trunking.services,
                trunk_failed=self._trunk_failures.add,
                meetings=meetings,
                locations_of=_locations(database),
                clients=ClientCalls(Phones(database).calling),
            )
            await self._take_calls(runs, routes, meetings, records, control, trunking)
        finally:
            await speech.close()
            await clients.close()
            await records.close()
            if tracer is not None:
                await asyncio.to_thread(tracer.close)
            poke.close()
            control.close()

    async def _take_calls(
        self,
        runs: CallRuns,
        routes: Routes,
        meetings: ClusterMeetings,
        records: WorkerRecords,
        control: ControlChannel,
        trunking: Trunking,
    ) -> None:
        settings, index, gauge = self._settings, self._surroundings.worker_index, LagGauge()
        build = fitted_to_ports(installed_build(), settings.worker_rtp_range(index)[1])
        allow_open_files(build)
        switchboard = Switchboard(
            engine_settings(settings, build, index, self._surroundings.certificates),
            build,
            refuse=self._refusal(gauge, meetings, trunking.book),
            on_incoming=self._taken_by(runs),
        )
        switchboard.engine.is_one = trunking.book.are_one
        keep_clients = self._ask_newcomers(switchboard, meetings, trunking.book, records.database)
        await switchboard.start()
        runs.connect(switchboard)
        bound = listening_socket("127.0.0.1", self._surroundings.door_port)
        door = self._door(runs, routes, meetings)
        lease = self._lease(records, switchboard, bound.getsockname()[1])
        try:
            async with (
                watched(self._meter, self._surroundings.run_dir, self._name, gauge),
                asyncio.TaskGroup() as tasks,
            ):
                serving = tasks.create_task(door.serve(sockets=[bound]))
                keeping = [tasks.create_task(lease.keep()), tasks.create_task(routes.keep_copied())]
                keeping.append(tasks.create_task(keep_trunks(settings, index, switchboard.engine, trunking)))
                keeping.append(tasks.create_task(keep_clients()))
                if asked := self._surroundings.address_asked_of:
                    known, move = settings.public_address or "", switchboard.engine.set_public_address
                    keeping.append(tasks.create_task(follow_address(asked, known, move)))
                await lease.taken.wait()
                _spare_the_collector()
                self._tell_ready(control, switchboard)
                await _first_of(control.until_stopped(), lease.lost.wait())
                self._is_stopping = True
                runs.close()
                if not lease.lost.is_set():
                    await drain(runs, seconds=settings.drain_s, control=control, close=lease.drain)
                switchboard.engine.farewell.text = FAREWELL
                await runs.stop()
                await meetings.close()
                door.stop()
                for task in keeping:
                    task.cancel()
                await serving
        finally:
            await switchboard.stop()
            await asyncio.to_thread(lease.give_up)
        if lease.lost.is_set():
            raise LeaseLost

    def _ask_newcomers(
        self, switchboard: Switchboard, meetings: ClusterMeetings, trunks: TrunkBook, database: Database
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        """Have them prove who they are, where no edge does that; what keeps in mind who there is."""
        judge_connections(
            switchboard.engine.connections,
            Callers(callers_allowed(self._settings), trunks),
            lambda why, count: self._refused.add(why, by=count),
        )
        if self._settings.edge != "none":
            return _nothing
        book = ClientBook(Phones(database))
        door = ClientDoor(book, digests=self._settings.sip_digests, on_refused=self._refused.add)

        def judge(newcomer: Newcomer) -> Proven | TurnedAway | None:
            """Another worker of ours proves itself in its own way."""
            is_ours = meetings.hosting.place_of(newcomer.invite) is not None
            return None if is_ours else door.judge(newcomer)

        switchboard.engine.newcomers.judge = judge
        return book.keep

    def _admission(self, records: WorkerRecords) -> Admission:
        return Admission(
            Limits(records.database).get,
            CallsElsewhere(records.database, worker_id=self._worker_id),
            records.recorder,
            is_quick=records.database.is_local,
            country=self._settings.country,
            on_refused=self._refused.add,
        )

    def _lease(self, records: WorkerRecords, switchboard: Switchboard, door_port: int) -> Lease:
        engine = switchboard.engine
        return Lease(
            Workers(records.database),
            worker_id=self._worker_id,
            worker_index=self._surroundings.worker_index,
            address=f"http://127.0.0.1:{door_port}",
            sip_address=f"{engine.sip_host}:{engine.sip_port}",
            build=engine.build,
            free_slots=lambda: switchboard.free_slots,
            fence=records.fence,
        )

    def _door(self, runs: CallRuns, routes: Routes, meetings: ClusterMeetings) -> QuietServer:
        secret = self._surroundings.cluster_secret
        live = LiveChanges(runs.control, runs.programs)
        performances = Performances(runs.control)
        commands = Door(runs, secret, live=live, performances=performances, on_numbers_changed=routes.forget)
        return QuietServer(RoomDoor(commands, meetings.here, meetings.hosting, secret))

    def _taken_by(self, runs: CallRuns) -> Callable[[Incoming], None]:
        """What takes calls: behind an edge as that tells them."""
        if self._settings.edge == "none":
            return runs.take
        key = signing_key(self._surroundings.cluster_secret)

        def take(incoming: Incoming) -> None:
            incoming.invite = as_told(incoming.invite, key)
            runs.take(incoming)

        return take

    def _tell_ready(self, control: ControlChannel, switchboard: Switchboard) -> None:
        engine = switchboard.engine
        control.tell(
            ready=True,
            sip_host=engine.sip_host,
            sip_port=engine.sip_port,
            build=engine.build.name,
            call_slots=engine.build.call_slots,
            needs_loopback=engine.build.asserts and self._settings.sip_host is None,
        )

    def _languages(self, records: WorkerRecords) -> Languages:
        return Languages(
            instance_id=records.instance_id,
            public_url=self._settings.resolved_public_url,
            auth_ids=AuthIds(Accounts(records.database)),
            settings=self._settings,
        )

    def _programs(self, languages: Languages, clients: Clients) -> Programs:
        demo_url = self._surroundings.demo_url
        return Programs(
            languages=languages,
            fetch_of=clients.of,
            demo=(Target(demo_url), clients.for_demonstration) if demo_url is not None else None,
            retry_s=self._settings.webhook_retry_s,
        )

    def _tools(
        self,
        clients: Clients,
        speech: Speech,
        recorder: Recorder,
        tracer: "CallTracer | None",
        languages: Languages,
    ) -> Callable[[str], Tools]:
        return call_tools(
            self._settings,
            self._surroundings,
            clients=clients,
            voices=metered_voices(speech.voices, self._meter),
            decoder=speech.decoder,
            recognisers=metered_recognisers(speech.recognisers, self._meter),
            switched=switch_counter(self._meter),
            recorder=MeteredRecorder(
                recorder, self._meter, on_finished=tracer.finished if tracer is not None else None
            ),
            tracer=tracer or NO_TRACER,
            stream_languages=languages.of_streams,
        )

    def _refusal(
        self, gauge: LagGauge, meetings: ClusterMeetings, trunks: TrunkBook
    ) -> Callable[[Invite], int | None]:
        settings = self._settings
        gate = Gate(
            Callers(callers_allowed(settings), trunks),
            trunks,
            srtp=settings.srtp,
            edge_key=signing_key(self._surroundings.cluster_secret) if settings.edge != "none" else None,
            lag_s=lambda: gauge.steady_s,
            most_lag_s=settings.shed_lag_s,
            is_stopping=lambda: self._is_stopping,
            on_refused=self._refused.add,
        )

        def refuse(invite: Invite) -> int | None:
            return None if meetings.hosting.place_of(invite) is not None else gate.refuses(invite)

        return refuse


async def _nothing() -> None:
    """There is nothing to keep."""


def _locations(database: Database) -> LocationsOf:
    """Where clients can be reached, by the account's sid and the client's name."""
    find = ClientRows(database).locations

    async def locations(account_sid: str, login: str) -> tuple[str, ...]:
        return await asyncio.to_thread(find, account_sid, login)

    return locations


def _spare_the_collector() -> None:
    """What was made until here stays: it need not be looked through again and again for what could go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Return when one of them does; the others are cancelled."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


def main() -> None:
    """Run the process."""
    settings = Settings()
    surroundings = Surroundings.from_environment()
    name = f"worker-{surroundings.worker_index}"
    log.configure(level=settings.log_level, as_json=settings.log_json, process=name)
    try:
        uvloop.run(Worker(settings, surroundings).run())
    except EngineFailed as failure:
        sys.stderr.write(f"offhook: {failure}\n")
        sys.exit(CONFIGURATION_FAULT)
    except LeaseLost:
        sys.exit(LEASE_LOST)


if __name__ == "__main__":
    main()
