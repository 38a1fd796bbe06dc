"""Asks a trunk for `offhook trunk test`, and looks whether this machine can use it."""

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from offhook.call.trunks import Trunk
from offhook.processes.trunk_health import asking, tls_context
from offhook.processes.trunk_services import TrunkServices
from offhook.trunking.probe import NoAnswer, ask_registration

if TYPE_CHECKING:
    from offhook.config import Settings


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
        socket.getaddrinfo(trunk.host, None)
    except OSError as error:
        odd.append(
            f"{trunk.host} has no address now ({error.strerror or error}); calls pass it over until it has one"
        )
    except UnicodeError:
        odd.append(f"{trunk.host} is no host name that DNS knows")
    if settings.edge != "none" and trunk.transport == "tls":
        odd.append("tls is not open here: the edge (OFFHOOK_EDGE) calls over udp and tcp")
    if settings.edge == "none" and trunk.transport not in settings.transports:
        odd.append(
            f"{trunk.transport} is not open here: add it to OFFHOOK_SIP_TRANSPORTS, which is {settings.sip_transports}"
        )
    return odd


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
    if answer.status in (401, 403, 407):
        return Result(
            "register",
            False,
            f"does not take the user name and password: it answered REGISTER with {answer.words}",
        )
    return Result("register", False, f"answered REGISTER with {answer.words}")
