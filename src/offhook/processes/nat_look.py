"""What there is to know of the way from the outside to us: what is bound, what is told, and what others see. Blocks for some seconds."""

import socket
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from offhook.call.errors import OffhookError
from offhook.call.ip_addresses import Network
from offhook.config import Settings
from offhook.edge.listening import EVERY_HOST, interface_addresses
from offhook.pjsua.build import BuildNotesUnreadable, installed_build
from offhook.processes.addresses import public_host
from offhook.processes.public_address import find_address, stun_server
from offhook.processes.stun import seen_address

SOMEWHERE = ("192.0.2.1", 9)
"""An address of nobody (RFC 5737): the way there is the default one."""
LOOP_S = 1.0
CONTAINER_MARK = Path("/.dockerenv")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a STUN server saw of a packet from one of the audio ports."""

    server: str
    from_port: int
    address: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NatLook:
    """All of it."""

    bound: str
    interfaces: tuple[str, ...]
    """IPv4 addresses of this machine."""
    setting: str | None
    """OFFHOOK_PUBLIC_ADDRESS."""
    advertised: str | None
    """What Contact and SDP tell the outside; None where it cannot be found."""
    seen: tuple[Seen, ...] = ()
    looped_from: str | None = None
    """Where a packet seemed to come from that was sent to the advertised address and arrived; None for one that did not."""
    troubles: tuple[str, ...] = ()
    """What could not be found out, and why."""
    local_networks: tuple[Network, ...] = ()
    sip_port: int = 0
    rtp_ports: str = ""
    is_in_container: bool = False


def look(settings: Settings, stun: tuple[str, ...]) -> NatLook:
    """Look. `stun` are servers as `host:port`, besides the one of the settings."""
    bound = _bound(settings)
    interfaces = interface_addresses()
    troubles: list[str] = []
    servers = list(
        dict.fromkeys(text if text.lower().startswith("stun:") else f"stun:{text}" for text in stun)
    )
    setting = settings.public_address
    if setting is not None and stun_server(setting) is not None and setting not in servers:
        servers.insert(0, setting)
    advertised: str | None
    try:
        advertised = find_address(setting) if setting is not None else _own(bound)
    except OffhookError as error:
        advertised = None
        troubles.append(str(error))
    with ExitStack() as held:
        ports = _two_ports(settings, bound, held)
        seen = tuple(_asked(servers, ports[0] if ports else None, troubles))
        looped_from = _loop(ports, advertised) if advertised is not None and ports is not None else None
    return NatLook(
        bound=bound,
        interfaces=interfaces,
        setting=setting,
        advertised=advertised,
        seen=seen,
        looped_from=looped_from,
        troubles=tuple(troubles),
        local_networks=settings.local_networks,
        sip_port=settings.sip_port,
        rtp_ports=settings.rtp_ports,
        is_in_container=CONTAINER_MARK.exists(),
    )


def _bound(settings: Settings) -> str:
    try:
        return public_host(settings, installed_build())
    except (ImportError, BuildNotesUnreadable):
        return settings.sip_host or EVERY_HOST


def _own(bound: str) -> str:
    """What is told where nothing is set: the bound address, or the one of the way out."""
    if bound != EVERY_HOST:
        return bound
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(SOMEWHERE)
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _two_ports(settings: Settings, bound: str, held: ExitStack) -> tuple[socket.socket, socket.socket] | None:
    """Two audio ports that are free now; None where there are none, or the address is not of this machine."""
    first, count = settings.rtp_range
    found: list[socket.socket] = []
    for port in range(first + count - 1, first - 1, -1):
        probe = socket.socket(socket.AF_INET6 if ":" in bound else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            probe.bind((bound, port))
        except OSError:
            probe.close()
            continue
        found.append(held.enter_context(probe))
        if len(found) == 2:
            return found[0], found[1]
    return None


def _asked(servers: list[str], bound: socket.socket | None, troubles: list[str]) -> list[Seen]:
    if servers and bound is None:
        troubles.append("no two ports of OFFHOOK_RTP_PORTS can be bound, so that no STUN server was asked")
        return []
    found = []
    for name in servers:
        server = stun_server(name)
        if server is None:
            troubles.append(f"{name.removeprefix('stun:')} is no STUN server; write host:port")
            continue
        assert bound is not None
        try:
            address, port = seen_address(server, bound=bound)
        except OffhookError as error:
            troubles.append(str(error))
        else:
            found.append(Seen(f"{server[0]}:{server[1]}", bound.getsockname()[1], address, port))
    return found


def _loop(ports: tuple[socket.socket, socket.socket], advertised: str) -> str | None:
    """Send a packet from one audio port to the other, by the advertised address."""
    sending, hearing = ports
    mark = f"offhook doctor {time.monotonic_ns()}".encode()
    try:
        sending.sendto(mark, (advertised, hearing.getsockname()[1]))
        end = time.monotonic() + LOOP_S
        while (left_s := end - time.monotonic()) > 0:
            hearing.settimeout(left_s)
            data, source = hearing.recvfrom(2048)
            if data == mark:
                return str(source[0])
    except OSError:  # it did not come, or there is no way there
        return None
    return None
