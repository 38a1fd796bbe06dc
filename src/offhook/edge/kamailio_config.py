"""The configuration of Kamailio: what varies, and the text that comes of it.

Pure. What does not vary is `modules.cfg`, `routing.cfg`, `calls.cfg`, `phones.cfg` and `registrations.cfg`, in Kamailio's own
language. Written for Kamailio 5.6, as Debian 12 has it, with the modules of its package `kamailio`, and for TLS (`tls_config.py`) one more.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from offhook.call.ip_addresses import Network, without_scopes
from offhook.call.resource_rows import SIP_REALM
from offhook.edge.tls_config import EdgeTls

NOBODY = "0.0.0.0/32"
"""Stands for an empty list of networks: no packet comes from there."""
SCANNERS = "friendly-scanner|sipvicious|sipsak|sip-scan|sundayddr|iwar|sivus|pplsip|sipcli|vaxsipuseragent|smap|gulp|sipptk|eyebeam_scan"
COUNTING_VERSIONS = "5_8", "6_0", "6_1"
"""Those of Kamailio that count the TCP connections of an address, as they name themselves."""
_PARTS = "modules.cfg", "routing.cfg", "calls.cfg", "phones.cfg", "registrations.cfg"
_FLAGS = (
    "#!define FROM_WORKER 1",
    "#!define PEER 2",
    "#!define PHONE 3",
    "#!define PINGED 4",
    "#!define RESTORING 5",
    "#!define FAR_SIDE 6",
    f'#!define SCANNERS "({SCANNERS})"',
    "#!define STRANGERS_EACH 200",
    "#!define STRANGERS_PER_S 2000",
    "#!define MOST_LINES 60",
    "#!define MOST_LOOKUPS 3",
    '#!substdef "!KEPT_CONNECTION!3700!g"',
    "#!define RINGING 600",
    "#!define RUNNING 86400",
    "#!define ENDING 60",
    "#!define MOST_ADDRESSES 12",
    "#!define LONGEST_KNOWN 600",
    "#!define MOST_PLACES 10",
    "#!define NONCE_LIFE 300",
    "#!define MOST_OFFERED 5000",
    "#!define SHORTEST_ASKING 256",
    "#!define MOST_FAILURES 5",
    "#!define FIRST_BAN 600",
    "#!define LONGEST_BAN 86400",
)
"""Numbers of flags, and limits: packets of a stranger in 2 s and of all in one, lines of the log a minute, names that are looked up
at once, seconds that a call is remembered, addresses that it tells of itself at once and characters that are kept of these, places of a login, bytes that a challenge is worth,
seconds that a nonce holds, and how often and how long whoever guesses is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """An address that Kamailio takes SIP on, over UDP, and over TCP where `tcp` says so."""

    host: str
    port: int
    advertise: str | None = None
    """The host that the other side is told instead, such as the public address of a NAT."""
    tcp: bool = True
    tls_port: int | None = None
    """Where it takes SIP over TLS; None does not."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the configuration."""
        ports = {
            "udp": self.port,
            **({"tcp": self.port} if self.tcp else {}),
            **({"tls": self.tls_port} if self.tls_port is not None else {}),
        }
        host = _bracketed(self.host)
        advertise = f" advertise {_bracketed(self.advertise)}" if self.advertise else ""
        return tuple(
            f"listen={transport}:{host}:{port}" + (f"{advertise}:{port}" if advertise else "")
            for transport, port in ports.items()
        )


class Digests(StrEnum):
    """What phones may prove themselves with."""

    BOTH = "both"
    """SHA-256, and MD5 for those that know no better."""
    MD5 = "md5"
    SHA_256 = "sha-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeKeys:
    """Secrets of one run of Kamailio, none of which leaves this machine."""

    signing: str = field(default_factory=secrets.token_hex, repr=False)
    """What Kamailio proves to the workers with that it speaks, when it tells them who calls."""
    restore: str = field(default_factory=secrets.token_hex, repr=False)
    """With it registrations are told anew after a restart."""
    nonce: str = field(default_factory=secrets.token_hex, repr=False)
    decoy: str = field(default_factory=secrets.token_hex, repr=False)


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
    takes_phones: bool = False
    """Whether it will be told of clients; until then, phones are told to try again."""
    digests: Digests = Digests.BOTH
    pins_sources: bool = True
    """Whether requests in a call are taken from its far side alone."""
    keys: EdgeKeys = field(default_factory=EdgeKeys)
    tls: EdgeTls | None = None
    connections_each: int | None = None
    """How many TCP connections one address may have, where nobody but Kamailio counts them; None where Offhook does."""

    def text(self) -> str:
        """The whole of kamailio.cfg."""
        lines = [
            "#!KAMAILIO",
            "# Made by Offhook. Change the settings that it is made of, not this file.",
            "",
            f'#!define ALLOWED "{_joined(self.callers_allowed)}"',
            f'#!define LIST_FILE "{_plain(self.list_file)}"',
            f'#!define RPC_SOCKET "{_plain(self.rpc_socket)}"',
            *_FLAGS,
            f'#!define REALM "{SIP_REALM}"',
            f"#!define TAKES_PHONES {self.takes_phones:d}",
            f"#!define PINS_SOURCES {self.pins_sources:d}",
            f'#!define OFFERS "{self.digests}"',
            f'#!define SIGNING_KEY "{self.keys.signing}"',
            f'#!define RESTORE_KEY "{self.keys.restore}"',
            f'#!define NONCE_KEY "{self.keys.nonce}"',
            f'#!define DECOY "{self.keys.decoy[:32]}.{self.keys.decoy}"',
            f'offhook.new_calls_per_s = {self.new_calls_per_s} desc "How many new calls a second are let through"',
            *(self.tls.lines if self.tls is not None else ()),
            *self._counting_connections(),
            *dict.fromkeys(line for listen in self.listen for line in listen.lines),
            "",
        ]
        return "\n".join(lines) + "\n".join(
            files(__package__).joinpath(name).read_text("utf-8") for name in _PARTS
        )

    def _counting_connections(self) -> tuple[str, ...]:
        each = self.connections_each
        if each is None:
            return ()
        ports = ",".join(dict.fromkeys(str(listen.port) for listen in self.listen if listen.tcp))
        rule = f"-A INPUT -p tcp --syn -m multiport --dports {ports} -m connlimit --connlimit-above {each}"
        return (
            "",
            f"# One address may have {each} TCP connections. Kamailio counts them from 5.8 on; for an older one let the kernel do it:",
            f"#   iptables {rule} -j REJECT --reject-with tcp-reset",
            f"#   ip6tables {rule} --connlimit-mask 64 -j REJECT --reject-with tcp-reset",
            *(
                line
                for version in COUNTING_VERSIONS
                for line in (f"#!ifdef KAMAILIO_{version}", f"tcp_accept_iplimit={each}", "#!endif")
            ),
            "",
        )


def _joined(networks: Iterable[Network]) -> str:
    return ",".join(dict.fromkeys(str(network) for network in without_scopes(networks))) or NOBODY


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _plain(path: Path) -> str:
    """A path that needs no quoting in Kamailio's language, which has none in a definition."""
    text = str(path)
    if set(text) & set('"\\\n'):
        raise ValueError(f"{text!r} cannot be written into a Kamailio configuration: choose a plainer path")
    return text
