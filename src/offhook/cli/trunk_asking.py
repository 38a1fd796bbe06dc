"""Asks a trunk for `offhook trunk test`, and looks whether this machine can use it."""

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from offhook.call.trunks import WITHOUT_PASSWORD, Trunk
from offhook.pjsua.build import installed_build
from offhook.processes.addresses import LOOPBACK_HOST, public_host
from offhook.processes.trunk_health import asking, tls_context
from offhook.processes.trunk_services import TrunkServices
from offhook.trunking.probe import NoAnswer, ask_registration

if TYPE_CHECKING:
    from offhook.config import Settings

LOOPBACK_HOSTS = (LOOPBACK_HOST, "localhost")


@dataclass(frozen=True, slots=True)
class Result:
    """What came back."""

    asked: str
    """options or register."""
    is_well: bool
    said: str
    """To be put after the trunk's name."""


async def ask(trunk: Trunk, settings: "Settings") -> list[Result]:
    """OPTIONS, and where the trunk registers, our user name and password."""
    results = [await _options(trunk, settings)]
    if trunk.registers:
        results.append(await _register(trunk, settings))
    return results


def oddities_here(trunk: Trunk, settings: "Settings") -> list[str]:
    """What keeps this machine from using the trunk as it is."""
    odd = []
    try:
        found = {str(known[4][0]) for known in socket.getaddrinfo(trunk.host, None)}
        bound = public_host(settings, installed_build())
        if settings.edge == "none" and bound in LOOPBACK_HOSTS and not any(map(_is_here, found)):
            odd.append(
                f"SIP is bound to {bound} here, which reaches this machine alone: set OFFHOOK_SIP_HOST=0.0.0.0, "
                "or an address of this machine"
            )
    except OSError as error:
        odd.append(
            f"{trunk.host} has no address now ({error.strerror or error}); calls pass it over until it has one"
        )
    except UnicodeError:
        odd.append(f"{trunk.host} is no host name that DNS knows")
    if ":" in trunk.host and settings.sip_host_ipv6 is None:
        odd.append("IPv6 is not open here: set OFFHOOK_SIP_HOST_IPV6")
    # Kamailio calls over udp and tcp in any case.
    if trunk.transport not in settings.transports and (settings.edge == "none" or trunk.transport == "tls"):
        odd.append(
            f"{trunk.transport} is not open here: add it to OFFHOOK_SIP_TRANSPORTS, which is {settings.sip_transports}"
        )
    return odd


def _is_here(address: str) -> bool:
    return ip_address(address.partition("%")[0]).is_loopback


async def _options(trunk: Trunk, settings: "Settings") -> Result:
    is_well, said = await asking(settings, TrunkServices())(trunk)
    return Result("options", is_well, said)


async def _register(trunk: Trunk, settings: "Settings") -> Result:
    try:
        [hop, *_] = await TrunkServices().hops(trunk)
        answer = await ask_registration(trunk, at=hop, make_context=lambda: tls_context(settings))
    except NoAnswer as none:
        return Result("register", False, str(none))
    if answer.status == 200:
        return Result("register", True, "takes the user name and password")
    if answer.status in (401, 407) and trunk.password is None:
        return Result("register", False, f"asks for a password, and {WITHOUT_PASSWORD.format(trunk.name)}")
    if answer.status in (401, 403, 407):
        return Result(
            "register",
            False,
            f"does not take the user name and password: it answered REGISTER with {answer.words}",
        )
    return Result("register", False, f"answered REGISTER with {answer.words}")
