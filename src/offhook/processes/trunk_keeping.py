"""What a worker does about trunks all the time: it reads them, and the first one of a server asks and registers, too."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address

from offhook.call.ip_addresses import is_ip_address
from offhook.call.trunks import SipTransport, Trunk
from offhook.config import Settings
from offhook.edge.listening import EVERY_HOST_OF_VERSION_6
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
ANYWHERE, ANYWHERE_OF_VERSION_6 = "192.0.2.1", "2001:db8::1"
"""Addresses for documentation: what is out there."""


@dataclass(frozen=True, slots=True)
class Trunking:
    """All that a worker knows of trunks."""

    records: Trunks
    book: TrunkBook
    hosts: TrunkHosts
    services: TrunkServices

    @classmethod
    def of(cls, settings: Settings, database: Database) -> "Trunking":
        """By the settings."""
        records = Trunks(database)
        return cls(
            records,
            TrunkBook(records, setting=settings.trunk, asked_every_s=settings.trunk_options_s),
            TrunkHosts(),
            TrunkServices(),
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
                contact_at=lambda trunk: contact_at(settings, trunk),
                is_behind=settings.edge != "none",
            )
            tasks.create_task(registrations.keep())
        tasks.create_task(book.keep())


def contact_at(settings: Settings, trunk: Trunk) -> str | None:
    """Where a trunk calls us: behind an edge that is the edge, whose address a worker on loopback would not tell; without one, what
    listens for TCP and TLS. None where the library tells it, as over UDP."""
    is_over_tls, has_edge = trunk.transport is SipTransport.TLS, settings.edge != "none"
    if is_over_tls and settings.sip_tls_files is None:
        return None  # that is the connection that we made
    if not has_edge and trunk.transport is SipTransport.UDP:
        return None
    if ":" in trunk.host:
        host = settings.sip_host_ipv6 or EVERY_HOST_OF_VERSION_6
    else:
        host = settings.public_address or settings.sip_host or EVERY_HOST
    if host in (EVERY_HOST, EVERY_HOST_OF_VERSION_6):
        host = _own_address_towards(trunk)
    if not has_edge and host != settings.public_address and _may_be_behind_nat(host):
        return None  # of which the library learns from the registrar
    at = f"[{host}]" if ":" in host else host
    if is_over_tls:
        return f"{at}:{settings.sip_tls_port};transport=tls"
    return f"{at}:{settings.sip_port}{'' if has_edge else ';transport=tcp'}"


def _may_be_behind_nat(host: str) -> bool:
    return not is_ip_address(host) or (":" not in host and not ip_address(host).is_global)


def _own_address_towards(trunk: Trunk) -> str:
    """The address of this machine that packets to the trunk leave by, or to anywhere where its name has no address now, or its
    loopback where no way leads out; nothing is sent."""
    if ":" in trunk.host:
        family, anywhere, loopback = socket.AF_INET6, ANYWHERE_OF_VERSION_6, "::1"
    else:
        family, anywhere, loopback = socket.AF_INET, ANYWHERE, "127.0.0.1"
    for host in (trunk.host, anywhere):
        with socket.socket(family, socket.SOCK_DGRAM) as probe, suppress(OSError):
            probe.connect((host, trunk.port or DISCARD_PORT))
            return str(probe.getsockname()[0])
    return loopback
