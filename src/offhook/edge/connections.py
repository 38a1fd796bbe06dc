"""Who holds TCP connections to Kamailio, by the kernel's own table: Kamailio 5.6 counts them all together, and takes any byte
for a sign of life.

Pure, but for reading that table.
"""

import contextlib
import ipaddress
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from offhook.call.ip_addresses import Address, Network

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
ESTABLISHED = "01"
MOST_EACH = 64
"""Connections of one address that have proven nothing."""
GRACE_S = 3.0
"""How long one may be there before it counts: phones of one office come back all at once."""
MOST_AT_ONCE = 512
"""Connections of one address that have proven nothing, however new."""
PROOF_S = 30.0
"""By when a connection must have brought something that counts: a slow byte does not."""
SITE_BITS = 64
"""What one stranger may have of addresses of version 6."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One that somebody made to us."""

    address: Address
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{self.port}"

    @property
    def whose(self) -> Address | Network:
        """What counts as one address."""
        if self.address.version == 4:
            return self.address
        return ipaddress.ip_network((self.address, SITE_BITS), strict=False)


def connections_to(ports: Collection[int], tables: Iterable[Path] = TABLES) -> frozenset[Connection]:
    """All that are open to these ports of this machine."""
    return frozenset(found for table in tables for found in _read(table, ports))


class IdleConnections:
    """Knows since when each is there, and which are to go."""

    def __init__(
        self, *, is_trusted: Callable[[Address], bool], has_proven: Callable[[Connection], bool]
    ) -> None:
        """`is_trusted` is whether who calls from an address may have as many as it likes; `has_proven` asks Kamailio."""
        self._is_trusted = is_trusted
        self._has_proven = has_proven
        self._since: dict[Connection, float] = {}
        self._proven: set[Connection] = set()

    def to_close(self, found: Collection[Connection], at: float) -> tuple[Connection, ...]:
        """Those of strangers that are too many, the newest first, or too old for one that has proven nothing."""
        self._since = {each: self._since.get(each, at) for each in found}
        self._proven &= self._since.keys()
        of_one: defaultdict[object, list[Connection]] = defaultdict(list)
        for each in found:
            if each not in self._proven and not self._is_trusted(each.address):
                of_one[each.whose].append(each)
        return tuple(each for mine in of_one.values() for each in self._of_one(mine, at))

    def _of_one(self, mine: list[Connection], at: float) -> Iterator[Connection]:
        mine.sort(key=lambda each: self._since[each])
        settled = [each for each in mine if at - self._since[each] >= GRACE_S]
        late = [each for each in settled if at - self._since[each] >= PROOF_S]
        doubted = dict.fromkeys([*settled[MOST_EACH:], *mine[MOST_AT_ONCE:], *late])
        for each in reversed(doubted):
            if self._has_proven(each):
                self._proven.add(each)
            else:
                yield each


def _read(table: Path, ports: Collection[int]) -> Iterator[Connection]:
    try:
        lines = table.read_text("ascii", "replace").splitlines()[1:]
    except OSError:  # there is no such family here
        return
    for line in lines:
        _, own, other, state, *_ = line.split(maxsplit=4)
        if state == ESTABLISHED and int(own.rpartition(":")[2], 16) in ports:
            with contextlib.suppress(ValueError):
                host, _, port = other.partition(":")
                yield Connection(_address(host), int(port, 16))


def _address(digits: str) -> Address:
    """The kernel writes words of 32 bits, each as this machine has it in memory."""
    raw = bytes.fromhex(digits)
    words = [raw[place : place + 4][::-1] for place in range(0, len(raw), 4)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
