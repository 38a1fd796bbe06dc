"""The edge process: runs Kamailio on the SIP port, and tells it of workers, phones and trunks."""

import asyncio
import sys
from collections.abc import Callable

import structlog
import uvloop

from offhook import log
from offhook.bootstrap import open_database
from offhook.call.trunks import SipTransport
from offhook.config import Settings
from offhook.control import CONFIGURATION_FAULT, ControlChannel
from offhook.edge.calls_book import CallsBook
from offhook.edge.informer import Informer
from offhook.edge.installed import KamailioAbsent, find_kamailio
from offhook.edge.kamailio import Kamailio, KamailioFailed
from offhook.edge.kamailio_config import Digests, EdgeKeys, KamailioConfig
from offhook.edge.listening import listening
from offhook.edge.phone_book import PhoneBook
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.metrics import Meter
from offhook.pjsua.build import installed_build
from offhook.processes.addresses import public_host
from offhook.processes.edge_calls import EdgeCalls
from offhook.processes.edge_connections import EdgeConnections
from offhook.processes.edge_log import EdgeLog
from offhook.processes.edge_phones import EdgePhones
from offhook.processes.edge_tls import EdgeCertificates
from offhook.processes.edge_word import signing_key
from offhook.processes.metrics_socket import shown
from offhook.records.database import DatabaseFault
from offhook.records.phones import Phones
from offhook.records.trunks import Trunks
from offhook.records.workers import LEASE_S, Workers
from offhook.surroundings import Surroundings
from offhook.tls_files import TlsFilesUnusable

LOOK_EVERY_S = 0.5
SILENT_S = 10.0
"""A Kamailio that has not answered for this long is started anew."""
ASK_AGAIN_S = 0.1
INCOMPLETE_S = 15.0
"""How long the edge waits for all workers before it calls itself ready; calls are taken meanwhile."""

logger = structlog.get_logger()


class EdgeEnded(Exception):
    """Kamailio ended, or hangs."""


class Edge:
    """All that the edge process is made of."""

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._build = installed_build()
        self._host = public_host(settings, self._build)
        self._folder = surroundings.run_dir / "kamailio"
        self._keys = EdgeKeys(signing=signing_key(surroundings.cluster_secret))
        self._certificates = EdgeCertificates(settings, self._folder, surroundings.certificates)

    async def run(self) -> None:
        """Serve until told to stop. Raises KamailioAbsent, KamailioFailed, EdgeEnded."""
        control = await ControlChannel.open()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        config = self._config()
        config.list_file.touch()
        self._certificates.write()
        kamailio = Kamailio(find_kamailio(), self._folder, EdgeLog().pass_on)
        rpc = KamailioRpc(config.rpc_socket, self._folder / "answers.sock")
        database = open_database(self._settings)
        informer = Informer(rpc, list_file=config.list_file, new_calls_per_s=self._build.new_calls_per_s)
        meter = Meter()
        refused = meter.counter("offhook_edge_refused", "What Kamailio refused or dropped, by why.", "reason")
        phones = EdgePhones(
            PhoneBook(rpc),
            Phones(database),
            Trunks(database),
            port=self._settings.sip_port,
            restore_key=self._keys.restore,
            on_counted=lambda what, more: refused.add(what, by=more),
        )
        connections = EdgeConnections(
            rpc,
            ports=[port for each in config.listen for port in (each.port, each.tls_port) if port is not None],
            allowed=config.callers_allowed,
            of_trunks=lambda: phones.trunk_networks,
            on_counted=lambda what, more: refused.add(what, by=more),
        )
        workers = Workers(database)

        calls = EdgeCalls(CallsBook(rpc), self._folder / "calls")

        def tell() -> int:
            calls.turn()
            connections.turn()
            known = informer.tell(workers.alive(LEASE_S))
            phones.turn()
            self._certificates.turn(rpc)
            return known

        try:
            await kamailio.start(config.text(), config.listen)
            ended = asyncio.create_task(kamailio.ended())
            informing = asyncio.create_task(self._inform(tell, control))
            stopped = asyncio.create_task(control.until_stopped())
            async with shown(meter, self._folder.parent, "edge"):
                await asyncio.wait((ended, informing, stopped), return_when=asyncio.FIRST_COMPLETED)
            informing.cancel()
            if stopped.done():
                return
            if ended.done():
                raise EdgeEnded(f"Kamailio ended with status {ended.result()}")
            await informing
        finally:
            await kamailio.stop()
            rpc.close()
            database.close()
            control.close()

    def _config(self) -> KamailioConfig:
        settings, tls = self._settings, self._certificates.tls
        return KamailioConfig(
            listen=listening(
                self._host,
                settings.sip_port,
                settings.public_address,
                ipv6_host=settings.sip_host_ipv6,
                tcp=SipTransport.TCP in settings.transports,
                tls_port=tls.port if tls is not None else None,
            ),
            callers_allowed=settings.callers_allowed,
            new_calls_per_s=max(1, round(self._build.new_calls_per_s * settings.workers)),
            list_file=self._folder / "dispatcher.list",
            rpc_socket=self._folder / "rpc.sock",
            takes_phones=True,
            digests=Digests(settings.sip_digests),
            pins_sources=settings.sip_pin_sources,
            keys=self._keys,
            tls=tls,
        )

    async def _inform(self, tell: Callable[[], int], control: ControlChannel) -> None:
        """Tell Kamailio what is so for ever, and the supervisor once that it works. Raises EdgeEnded."""
        loop = asyncio.get_running_loop()
        started_at = answered_at = loop.time()
        is_ready = False
        while True:
            try:
                known = await asyncio.to_thread(tell)
                answered_at = loop.time()
                is_complete = known >= self._settings.workers or loop.time() - started_at >= INCOMPLETE_S
                if is_complete and not is_ready:
                    control.tell(ready=True, sip_host=self._host, sip_port=self._settings.sip_port)
                    is_ready = True
            except DatabaseFault as fault:
                answered_at = loop.time()
                logger.warning(
                    "edge.rows_unknown", error=str(fault), effect="Kamailio goes on with what it knows"
                )
            except (RpcFailed, OSError) as failure:
                if loop.time() - answered_at >= SILENT_S:
                    raise EdgeEnded(f"Kamailio has not answered for {SILENT_S:g} s: {failure}") from failure
            await asyncio.sleep(LOOK_EVERY_S if is_ready else ASK_AGAIN_S)


def main() -> None:
    """Run the process."""
    settings = Settings()
    log.configure(level=settings.log_level, as_json=settings.log_json, process="edge")
    try:
        uvloop.run(Edge(settings, Surroundings.from_environment()).run())
    except (KamailioAbsent, KamailioFailed, TlsFilesUnusable) as failure:
        sys.stderr.write(f"offhook: {failure}\n")
        sys.exit(CONFIGURATION_FAULT)
    except EdgeEnded as end:
        logger.error("edge.ended", reason=str(end))
        sys.exit(1)


if __name__ == "__main__":
    main()
