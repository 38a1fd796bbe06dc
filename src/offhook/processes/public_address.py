"""The address that the outside reaches us by, where the setting does not say it: a STUN server or a name does."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Callable

import structlog

from offhook.call.errors import OffhookError
from offhook.processes.stun import DEFAULT_PORT, seen_address

log = structlog.get_logger()

STUN = re.compile(r"stun:(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(\d+))?", re.IGNORECASE)
ASK_EVERY_S = 300.0
"""How often it is asked whether the address is still the same."""


class AddressUnknown(OffhookError):
    """The address could not be found; the text says why."""


def is_address(setting: str) -> bool:
    """Whether the setting is the address itself."""
    try:
        ipaddress.ip_address(setting)
    except ValueError:
        return False
    return True


def stun_server(setting: str) -> tuple[str, int] | None:
    """The host and port of a setting like `stun:host:port`; None for any other."""
    found = STUN.fullmatch(setting)
    return (found[1].strip("[]"), int(found[2] or DEFAULT_PORT)) if found else None


def find_address(setting: str) -> str:
    """The IPv4 address that a setting means: itself, what a STUN server sees, or what a name leads to. Blocks for some seconds.
    Raises AddressUnknown."""
    if is_address(setting):
        return setting
    try:
        server = stun_server(setting)
        if server is not None:
            return seen_address(server)[0]
        return str(socket.getaddrinfo(setting, None, socket.AF_INET)[0][4][0])
    except (OffhookError, OSError) as error:
        words = str(error) if isinstance(error, OffhookError) else f"{setting}: {error.strerror or error}"
        raise AddressUnknown(f"OFFHOOK_PUBLIC_ADDRESS={setting} leads to no address: {words}") from None


async def follow_address(setting: str, known: str, changed: Callable[[str], None]) -> None:
    """Ask again each few minutes, until cancelled, and tell of an address that is another than before."""
    while True:
        try:
            found = await asyncio.to_thread(find_address, setting)
        except AddressUnknown as unknown:
            log.warning("nat.public_address_not_asked", reason=str(unknown), kept=known)
        else:
            if found != known:
                log.warning(
                    "nat.public_address_changed",
                    before=known,
                    now=found,
                    reason="the audio of new calls uses it from now on; Contact does after a restart",
                )
                known = found
                changed(found)
        await asyncio.sleep(ASK_EVERY_S)
