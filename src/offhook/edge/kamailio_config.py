"""The configuration of Kamailio: what varies, and the text that comes of it.

Pure. What does not vary is `routing.cfg`, in Kamailio's own language. Written for Kamailio 5.6, as Debian 12 has it,
with the modules of its package `kamailio` alone.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NOBODY = "0.0.0.0/32"
"""Stands for an empty list of networks: no packet comes from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """An address that Kamailio takes SIP on, over UDP."""

    host: str
    port: int
    advertise: str | None = None
    """The host that the other side is told instead, such as the public address of a NAT."""

    @property
    def line(self) -> str:
        """The line of the configuration."""
        advertised = f" advertise {_bracketed(self.advertise)}:{self.port}" if self.advertise else ""
        return f"listen=udp:{_bracketed(self.host)}:{self.port}{advertised}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KamailioConfig:
    """What varies from one Kamailio to another."""

    listen: tuple[Listen, ...]
    callers_allowed: tuple[Network, ...]
    """Who may send calls; anyone else is told 403, and nothing at all when going on."""
    new_calls_per_s: int
    """How many new calls all workers together take; more are told 503. It can be changed while Kamailio runs."""
    list_file: Path
    """Where the dispatcher finds the workers."""
    rpc_socket: Path
    """Where Kamailio takes JSON-RPC, as datagrams."""

    def text(self) -> str:
        """The whole of kamailio.cfg."""
        lines = [
            "#!KAMAILIO",
            "# Made by Offhook. Change the settings that it is made of, not this file.",
            "",
            f'#!define ALLOWED "{_joined(self.callers_allowed)}"',
            f'#!define LIST_FILE "{_plain(self.list_file)}"',
            f'#!define RPC_SOCKET "{_plain(self.rpc_socket)}"',
            f'offhook.new_calls_per_s = {self.new_calls_per_s} desc "How many new calls a second are let through"',
            *dict.fromkeys(listen.line for listen in self.listen),
            "",
        ]
        return "\n".join(lines) + files(__package__).joinpath("routing.cfg").read_text("utf-8")


def _joined(networks: Iterable[Network]) -> str:
    return ",".join(dict.fromkeys(str(network) for network in networks)) or NOBODY


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _plain(path: Path) -> str:
    """A path that needs no quoting in Kamailio's language, which has none in a definition."""
    text = str(path)
    if set(text) & set('"\\\n'):
        raise ValueError(f"{text!r} cannot be written into a Kamailio configuration: choose a plainer path")
    return text
