"""Looks up SRV records (RFC 2782): which hosts and ports serve SIP for a name, in which order.

Python's own resolver knows addresses only, and the SIP library would ask with everything else standing still.
"""

import asyncio
import ipaddress
import random
import secrets
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from offhook.call.trunk_input import is_host_name
from offhook.call.trunks import SipTransport

RESOLVER_FILE = Path("/etc/resolv.conf")
PORT = 53
TRY_S = 1.0
"""How long one server may take before the next one is asked."""
SRV, IN = 33, 1
RECURSION_WANTED, IS_ANSWER, ERROR_MASK = 0x0100, 0x8000, 0x000F
NAME_ERROR = 3
HEADER = struct.Struct("!6H")
MOST_PARTS = 128
"""A name in a message points to parts of others, and in a forged one to itself."""
SERVICES = {
    SipTransport.UDP: "_sip._udp",
    SipTransport.TCP: "_sip._tcp",
    SipTransport.TLS: "_sips._tcp",
}
Server = tuple[str, int]
LONGEST_NAME_BYTES = 255


@dataclass(frozen=True, slots=True)
class Target:
    """One record."""

    priority: int
    weight: int
    port: int
    host: str
    ttl_s: int


def name_servers(file: Path = RESOLVER_FILE) -> tuple[Server, ...]:
    """Those that this machine asks."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ()
    words = (line.split() for line in lines)
    named = (word[1].partition("%")[0] for word in words if len(word) > 1 and word[0] == "nameserver")
    return tuple((name, PORT) for name in named if _is_address(name))


async def ask_srv(
    host: str, transport: SipTransport, servers: Sequence[Server], *, try_s: float = TRY_S
) -> tuple[Target, ...]:
    """The records for SIP at a name, unordered; empty where there are none, or no server answers."""
    name = f"{SERVICES[transport]}.{host}"
    for server in servers:
        try:
            async with asyncio.timeout(try_s):
                return await _ask(name, server)
        except (OSError, TimeoutError, ValueError):
            continue
    return ()


def in_domain(targets: Iterable[Target], host: str) -> tuple[Target, ...]:
    """Those that are the host itself or lie below it. Whoever forges answers of DNS can lead elsewhere, and show a good
    certificate of that other host; one of a name below the carrier's own nobody else is given."""
    return tuple(each for each in targets if each.host == host or each.host.endswith(f".{host}"))


def in_order(
    targets: Iterable[Target], chance: Callable[[float, float], float] = random.uniform
) -> Iterator[Target]:
    """The lowest priority first, and among equals by chance, as their weights say. A dot as the only host says that
    there is no such service."""
    left = sorted((each for each in targets if each.host), key=lambda each: (each.priority, each.weight > 0))
    while left:
        equals = [each for each in left if each.priority == left[0].priority]
        drawn, weight = chance(0, sum(each.weight for each in equals)), 0.0
        for chosen in equals:
            weight += chosen.weight
            if weight >= drawn:
                break
        left.remove(chosen)
        yield chosen


async def _ask(name: str, server: Server) -> tuple[Target, ...]:
    number, loop = secrets.randbelow(1 << 16), asyncio.get_running_loop()
    answer: asyncio.Future[bytes] = loop.create_future()
    endpoint, _ = await loop.create_datagram_endpoint(lambda: _Line(number, answer), remote_addr=server)
    try:
        endpoint.sendto(question(number, name))
        return read_answer(await answer)
    finally:
        endpoint.close()


class _Line(asyncio.DatagramProtocol):
    def __init__(self, number: int, answer: asyncio.Future[bytes]) -> None:
        self._number = number
        self._answer = answer

    def datagram_received(self, data: bytes, _address: object) -> None:
        is_ours = len(data) >= HEADER.size and HEADER.unpack_from(data)[0] == self._number
        if is_ours and not self._answer.done():
            self._answer.set_result(data)

    def error_received(self, error: Exception) -> None:
        if not self._answer.done():
            self._answer.set_exception(error)


def question(number: int, name: str) -> bytes:
    """The message that asks for a name's SRV records. Raises ValueError for what is no name."""
    plain = name.removesuffix(".")
    if not is_host_name(plain):
        raise ValueError(f"{name} is no name")
    asked = b"".join(bytes([len(label)]) + label.encode() for label in plain.split(".")) + b"\0"
    if len(asked) > LONGEST_NAME_BYTES:
        raise ValueError(f"{name} is longer than a name may be")
    return HEADER.pack(number, RECURSION_WANTED, 1, 0, 0, 0) + asked + struct.pack("!2H", SRV, IN)


def read_answer(data: bytes) -> tuple[Target, ...]:
    """The SRV records of an answer; empty where there is no such name. Raises ValueError for what is no answer."""
    try:
        _, flags, questions, answers, _, _ = HEADER.unpack_from(data)
        if not flags & IS_ANSWER or flags & ERROR_MASK not in (0, NAME_ERROR):
            raise ValueError("it could not answer")
        at = HEADER.size
        for _ in range(questions):
            at = _name(data, at)[1] + 4
        return tuple(_targets(data, at, answers))
    except (struct.error, IndexError) as error:
        raise ValueError("the answer is cut short") from error


def _targets(data: bytes, at: int, count: int) -> Iterator[Target]:
    for _ in range(count):
        at = _name(data, at)[1]
        kind, group, ttl_s, length = struct.unpack_from("!2HIH", data, at)
        at += 10
        if kind == SRV and group == IN:
            priority, weight, port = struct.unpack_from("!3H", data, at)
            host = _name(data, at + 6)[0].lower()
            if not host or (port and is_host_name(host)):
                yield Target(priority, weight, port, host, ttl_s)
        at += length


def _name(data: bytes, at: int) -> tuple[str, int]:
    """A name, and where what follows it begins."""
    labels: list[str] = []
    end: int | None = None
    for _ in range(MOST_PARTS):
        length = data[at]
        if length & 0xC0:
            end = at + 2 if end is None else end
            at = struct.unpack_from("!H", data, at)[0] & 0x3F_FF
        elif length == 0:
            return ".".join(labels), at + 1 if end is None else end
        else:
            labels.append(data[at + 1 : at + 1 + length].decode("ascii", "replace"))
            at += 1 + length
    raise ValueError("a name in the answer has no end")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
