"""Has the kernel drop what comes to a socket of ours from anybody but some addresses: a program of classic BPF.

Such a program is a socket's own and asks for no privileges. What it drops costs no thread of ours anything, and no library
gets to see it.
"""

import ctypes
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

IpAddress = IPv4Address | IPv6Address

SO_ATTACH_FILTER, SO_DETACH_FILTER, SO_MEMINFO = 26, 27, 55
DROPS_AT = 8
"""SK_MEMINFO_DROPS: which of the numbers of SO_MEMINFO."""
MEMINFO_BYTES = 64
NETWORK_HEADER = 0xFFF00000
"""SKF_NET_OFF: what follows counts from the IP header; otherwise from the UDP header."""
LOAD_WORD, LOAD_HALF, LOAD_BYTE, AND, IF_EQUAL, RETURN = 0x20, 0x28, 0x30, 0x54, 0x15, 0x06
ALL_OF_IT, NOTHING = 0xFFFFFFFF, 0
SOURCE_AT = {4: 12, 6: 8}
"""Where the source stands in a header, by the version of IP."""

Instruction = tuple[int, int, int, int]
"""Code, how many instructions to pass over when true, when false, and a number."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where packets may come from."""

    address: IpAddress
    port: int | None = None
    """None for any."""


@dataclass(frozen=True, slots=True)
class AnyHost:
    """A port, wherever it is."""

    port: int


Admitted = Source | AnyHost


def admit_only(descriptor: int, sources: Iterable[Admitted]) -> None:
    """Have the kernel take packets from these alone, from nobody where there are none; all of one version of IP, and one at least with an
    address. Replaces what was said before. Raises OSError."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in program(tuple(sources)))
    memory = ctypes.create_string_buffer(code, len(code))
    told = struct.pack("HL", len(code) // 8, ctypes.addressof(memory))
    with _Borrowed(descriptor) as borrowed:
        borrowed.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, told)


def admit_all(descriptor: int) -> None:
    """Have the kernel take packets from anybody again. Raises OSError."""
    with _Borrowed(descriptor) as borrowed, suppress(FileNotFoundError):  # there was none
        borrowed.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)


def discard(descriptor: int) -> None:
    """Throw away what came already. Raises OSError."""
    with _Borrowed(descriptor) as borrowed, suppress(BlockingIOError):
        while True:
            borrowed.recv(1, socket.MSG_DONTWAIT)


def dropped_by(descriptor: int) -> int:
    """How many packets the kernel did not let in, because of a filter or of a full buffer. Raises OSError."""
    with _Borrowed(descriptor) as borrowed:
        numbers = borrowed.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO_BYTES)
    return int(struct.unpack_from("I", numbers, 4 * DROPS_AT)[0]) if len(numbers) >= 4 * (DROPS_AT + 1) else 0


def address_of(descriptor: int) -> tuple[str, int]:
    """The address that a socket is bound to. Raises OSError."""
    with _Borrowed(descriptor) as borrowed:
        name = borrowed.getsockname()
    return str(name[0]), int(name[1])


def program(sources: tuple[Admitted, ...]) -> list[Instruction]:
    """The instructions that take in packets of these sources."""
    accept: Instruction = (RETURN, 0, 0, ALL_OF_IT)
    if not sources:
        return [(RETURN, 0, 0, NOTHING)]
    version = next(source.address.version for source in sources if isinstance(source, Source))
    body: list[Instruction] = []
    for source in sources:
        tests = _tests(source)
        for place, (load, value) in enumerate(tests):
            # Each test is two instructions; one that fails goes on after this source's acceptance.
            left = 2 * (len(tests) - place - 1) + 1
            body += [load, (IF_EQUAL, 0, left, value)]
        body.append(accept)
    head: list[Instruction] = [
        (LOAD_BYTE, 0, 0, NETWORK_HEADER),
        (AND, 0, 0, 0xF0),
        (IF_EQUAL, 1, 0, version << 4),
        (RETURN, 0, 0, NOTHING),
    ]
    return [*head, *body, (RETURN, 0, 0, NOTHING)]


def _tests(source: Admitted) -> list[tuple[Instruction, int]]:
    if isinstance(source, AnyHost):
        return [((LOAD_HALF, 0, 0, 0), source.port)]
    packed = source.address.packed
    begin = NETWORK_HEADER + SOURCE_AT[source.address.version]
    words = [
        ((LOAD_WORD, 0, 0, begin + at), int.from_bytes(packed[at : at + 4]))
        for at in range(0, len(packed), 4)
    ]
    return words if source.port is None else [*words, ((LOAD_HALF, 0, 0, 0), source.port)]


class _Borrowed:
    """A socket whose descriptor is somebody else's, and stays open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> socket.socket:
        # Told what it is, Python does not ask. Of the two families that it may have, this one has room for the names of both.
        self._socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM, 0, fileno=self._descriptor)
        return self._socket

    def __exit__(self, *_: object) -> None:
        self._socket.detach()
