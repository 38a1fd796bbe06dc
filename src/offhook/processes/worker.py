"""A worker process: SIP, audio, and the calls it owns."""

import asyncio
import gc
import ipaddress
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import structlog
import uvloop

from offhook import log
from offhook.bootstrap import (
    Speech,
    open_database,
    open_speech,
    webhook_client,
)
from offhook.call.info import new_id
from offhook.call.port import Audio
from offhook.config import Network, Settings
from offhook.control import CONFIGURATION_FAULT, ControlChannel
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.rcml.lost import lost_callback
from offhook.interpreter.ports import Tools
from offhook.interpreter.prompts import PromptStore, write_wav
from offhook.pjsua.build import allow_open_files, installed_build
from offhook.pjsua.engine import EngineFailed
from offhook.pjsua.invite import Invite
from offhook.pjsua.switchboard import Switchboard
from offhook.processes.addresses import callers_allowed, engine_settings, fitted_to_ports
from offhook.processes.call_runs import CallRuns
from offhook.processes.door import Door
from offhook.processes.lag import LagGauge, watch
from offhook.processes.lease import Lease
from offhook.processes.poke import Poke
from offhook.processes.programs import Programs
from offhook.processes.quiet_server import QuietServer, listening_socket
from offhook.processes.routes import Routes
from offhook.records.accounts import Accounts
from offhook.records.database import Database
from offhook.records.installation import instance_id
from offhook.records.lost import LostCalls
from offhook.records.numbers import Numbers
from offhook.records.recorder import Recorder
from offhook.records.workers import Workers
from offhook.speech.pcm import duration_s
from offhook.speech.tone import special_information_tone
from offhook.surroundings import Surroundings
from offhook.verbs import Say, Target
from offhook.webhooks.client import WebhookClient

logger = structlog.get_logger()

FINISH_GRACE_S = 2.0
COLLECT_AFTER = (5_000, 20, 20)
"""Objects made before the collector looks for cycles among the young, and how often among the older."""
MEGABYTE = 1_000_000
FORBIDDEN, UNAVAILABLE = 403, 503


class Worker:
    """All that one worker process is made of, opened in order and closed in the other."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._worker_id = new_id()
        self._is_stopping = False

    async def run(self) -> None:
        """Take calls until told to stop. Raises EngineFailed."""
        control = await ControlChannel.open()
        database = open_database(self._settings)
        poke = Poke(self._surroundings.dispatcher_socket)
        installation = instance_id(database)
        dialect = Rcml(instance_id=installation)
        recorder = Recorder(database, worker_id=self._worker_id, instance_id=installation, poke=poke)
        client, demo_client = webhook_client(self._settings), self._demo_client()
        speech = open_speech(self._settings, self._surroundings)
        try:
            self._close_predecessors(database, poke)
            routes = Routes(Numbers(database).find_for_call, is_quick=database.is_local)
            runs = CallRuns(
                programs=self._programs(dialect, client, demo_client),
                find_number=routes.find,
                first_account_sid=_first_account_sid(database),
                tools=self._tools(client, speech, recorder),
                partials_sender=client,
                trunk=self._settings.trunk,
            )
            await self._take_calls(runs, routes, database, control)
        finally:
            await speech.close()
            await client.close()
            if demo_client is not None:
                await demo_client.close()
            await asyncio.to_thread(recorder.close)
            database.close()
            poke.close()
            control.close()

    async def _take_calls(
        self, runs: CallRuns, routes: Routes, database: Database, control: ControlChannel
    ) -> None:
        settings, index, gauge = self._settings, self._surroundings.worker_index, LagGauge()
        build = fitted_to_ports(installed_build(), settings.worker_rtp_range(index)[1])
        allow_open_files(build)
        listening = engine_settings(settings, build, index)
        switchboard = Switchboard(listening, build, refuse=self._refusal(gauge), on_incoming=runs.take)
        await switchboard.start()
        runs.connect(switchboard)
        bound = listening_socket("127.0.0.1", 0)
        door = QuietServer(Door(runs, self._surroundings.cluster_secret, on_numbers_changed=routes.forget))
        lease = Lease(
            Workers(database),
            worker_id=self._worker_id,
            worker_index=index,
            address=f"http://127.0.0.1:{bound.getsockname()[1]}",
            sip_address=f"{listening.sip_host}:{switchboard.engine.sip_port}",
            build=build,
            free_slots=lambda: switchboard.free_slots,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(door.serve(sockets=[bound]))
                keeping = [tasks.create_task(lease.keep()), tasks.create_task(watch(gauge))]
                await lease.taken.wait()
                _spare_the_collector()
                control.tell(
                    ready=True,
                    sip_host=listening.sip_host,
                    sip_port=switchboard.engine.sip_port,
                    build=build.name,
                    call_slots=build.call_slots,
                    needs_loopback=build.asserts and settings.sip_host is None,
                )
                await control.until_stopped()
                self._is_stopping = True
                await self._drain(runs, lease, control)
                await runs.stop()
                door.stop()
                for task in keeping:
                    task.cancel()
                await serving
        finally:
            await switchboard.stop()
            await asyncio.to_thread(lease.give_up)

    async def _drain(self, runs: CallRuns, lease: Lease, control: ControlChannel) -> None:
        """Let running calls come to their end, for as long as the settings and the operator are patient."""
        if not self._settings.drain_s or not runs.count:
            return
        logger.info("worker.draining", calls=runs.count, seconds=self._settings.drain_s)
        await lease.drain()
        waits = [asyncio.create_task(runs.finished()), asyncio.create_task(control.until_stopped())]
        await asyncio.wait(waits, timeout=self._settings.drain_s, return_when=asyncio.FIRST_COMPLETED)
        for waiting in waits:
            waiting.cancel()

    def _programs(self, dialect: Rcml, client: WebhookClient, demo_client: WebhookClient | None) -> Programs:
        demo_url = self._surroundings.demo_url
        demo = (Target(demo_url), demo_client) if demo_url and demo_client else None
        return Programs(dialect=dialect, fetch=client, demo=demo)

    def _demo_client(self) -> WebhookClient | None:
        if self._surroundings.demo_url is None:
            return None
        return webhook_client(self._settings, also_loopback=True)

    def _tools(self, client: WebhookClient, speech: Speech, recorder: Recorder) -> Tools:
        sounds = self._surroundings.sounds / str(self._surroundings.worker_index)
        # What a predecessor that died had kept is nobody's now.
        shutil.rmtree(sounds, ignore_errors=True)
        sounds.mkdir(parents=True)
        return Tools(
            prompts=PromptStore(
                fetch=client,
                voice=speech.voice,
                decoder=speech.decoder,
                folder=sounds,
                cache_bytes=self._settings.sound_cache_mb * MEGABYTE,
            ),
            recognisers=speech.recognisers,
            default_recogniser=self._settings.asr,
            recorder=recorder,
            wall_clock=lambda: datetime.now(UTC),
            apology=Say(text=self._settings.apology),
            apology_tone=_apology_tone(sounds),
            finish_grace_s=FINISH_GRACE_S,
        )

    def _close_predecessors(self, database: Database, poke: Poke) -> None:
        lost = LostCalls(database, final_callback=lost_callback, poke=poke).close_predecessors(
            worker_index=self._surroundings.worker_index, except_worker_id=self._worker_id
        )
        if lost:
            logger.warning("worker.closed_lost_calls", calls=lost)

    def _refusal(self, gauge: LagGauge) -> Callable[[Invite], int | None]:
        allowed, most_lag_s = callers_allowed(self._settings), self._settings.shed_lag_s

        @lru_cache(maxsize=4096)
        def may_call(address: str) -> bool:
            return _is_within(address, allowed)

        def refuse(invite: Invite) -> int | None:
            if not may_call(invite.source.rpartition(":")[0].strip("[]")):
                logger.warning("call.source_refused", source=invite.source, setting="OFFHOOK_SIP_ALLOW")
                return FORBIDDEN
            if gauge.steady_s > most_lag_s:
                logger.warning("call.shed", lag_s=round(gauge.steady_s, 3), setting="OFFHOOK_SHED_LAG_S")
                return UNAVAILABLE
            return UNAVAILABLE if self._is_stopping else None

        return refuse


def _is_within(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _spare_the_collector() -> None:
    """What was made until here stays: it need not be looked through again and again for what could go."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _first_account_sid(database: Database) -> str:
    account, _, _ = Accounts(database).ensure_first(None, None)
    return account.sid


def _apology_tone(folder: Path) -> Audio:
    path, pcm = folder / "apology.wav", special_information_tone()
    write_wav(path, pcm)
    return Audio(path=path, duration_s=duration_s(pcm), label="special information tone")


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


if __name__ == "__main__":
    main()
