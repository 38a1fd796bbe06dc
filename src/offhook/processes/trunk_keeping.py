"""What a worker does about trunks all the time: it reads them, and the first one of a server asks and registers, too."""

import asyncio
import socket
from dataclasses import dataclass

from offhook.call.trunks import Trunk
from offhook.config import Settings
from offhook.pjsua.engine import Engine
from offhook.processes.addresses import EVERY_HOST
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_health import TrunkHealth, asking
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_registrations import TrunkRegistrations
from offhook.processes.trunk_services import TrunkServices
from offhook.processes.trunk_states import TrunkStates
from offhook.records.database import Database
from offhook.records.trunks import Trunks

DISCARD_PORT = 9


@dataclass(frozen=True, slots=True)
class Trunking:
    """All that a worker knows of trunks."""

    records: Trunks
    book: TrunkBook
    hosts: TrunkHosts
    services: TrunkServices

    @classmethod
    def of(cls, settings: Settings, database: Database) -> "Trunking":
        """By the settings; a proxy in front looks hosts up by itself."""
        records, is_behind = Trunks(database), settings.edge != "none"
        return cls(
            records,
            TrunkBook(records, setting=settings.trunk, asked_every_s=settings.trunk_options_s),
            TrunkHosts(is_left_to_others=is_behind),
            TrunkServices(is_left_to_others=is_behind),
        )


async def keep_trunks(settings: Settings, worker_index: int, engine: Engine, trunking: Trunking) -> None:
    """Until cancelled."""
    book = trunking.book
    async with asyncio.TaskGroup() as tasks:
        if worker_index == 0:  # one for all: a registrar would take the last Contact for the only one
            states = TrunkStates(trunking.records)
            if settings.trunk_options_s:
                health = TrunkHealth(
                    book, states, asking(settings, TrunkServices()), every_s=settings.trunk_options_s
                )
                tasks.create_task(health.keep())
            registrations = TrunkRegistrations(
                engine,
                book,
                states,
                trunking.hosts,
                trunking.services,
                contact_at=lambda trunk: _contact_at(settings, trunk),
            )
            tasks.create_task(registrations.keep())
        tasks.create_task(book.keep())


def _contact_at(settings: Settings, trunk: Trunk) -> str | None:
    """Where a trunk calls us: behind an edge that is the edge, whose address a worker on loopback would not tell."""
    if settings.edge == "none":
        return None
    host = settings.public_address or settings.sip_host or EVERY_HOST
    if host == EVERY_HOST:
        host = _own_address_towards(trunk)
    return f"{host}:{settings.sip_port}"


def _own_address_towards(trunk: Trunk) -> str:
    """The address of this machine that packets to the trunk leave by; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((trunk.host, trunk.port or DISCARD_PORT))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
