"""Which UDP ports of this machine somebody has, by the kernel's own table."""

from collections.abc import Iterable
from pathlib import Path

TABLES = (Path("/proc/net/udp"), Path("/proc/net/udp6"))


def udp_ports_taken(tables: Iterable[Path] = TABLES) -> frozenset[int] | None:
    """All that a process is bound to, whatever the address; None where the kernel does not say."""
    ports: set[int] = set()
    is_told = False
    for table in tables:
        try:
            lines = table.read_text("ascii", "replace").splitlines()[1:]
        except OSError:  # there is no such family here
            continue
        is_told = True
        ports |= {int(line.split(maxsplit=2)[1].rpartition(":")[2], 16) for line in lines}
    return frozenset(ports) if is_told else None
