"""The kernel's filter on a socket: whose packets come in."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address

import pytest

from offhook.pjsua.packet_filter import (
    AnyHost,
    Source,
    address_of,
    admit_all,
    admit_only,
    discard,
    dropped_by,
)

Bind = Callable[[str], socket.socket]


@pytest.fixture
def bind() -> Iterator[Bind]:
    """Makes UDP sockets, which are closed after the test."""
    with ExitStack() as stack:

        def bound(host: str) -> socket.socket:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            one = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            one.bind((host, 0))
            one.settimeout(10)
            return one

        yield bound


def source(host: str, known: socket.socket | None = None) -> Source:
    return Source(ip_address(host), known.getsockname()[1] if known is not None else None)


def taken(to: socket.socket, senders: list[socket.socket]) -> list[int]:
    """Which of the senders are heard, each of which sends its place; the last one always is."""
    for place, sender in enumerate(senders):
        sender.sendto(bytes([place]), to.getsockname())
    heard: list[int] = []
    while not heard or heard[-1] != len(senders) - 1:
        heard.append(to.recv(10)[0])
    return heard


def test_one_address_and_port_alone(bind: Bind) -> None:
    ear, known, port, host = bind("127.0.0.1"), bind("127.0.0.1"), bind("127.0.0.1"), bind("127.0.0.2")
    admit_only(ear.fileno(), [source("127.0.0.1", known)])
    assert taken(ear, [port, host, known]) == [2]
    assert dropped_by(ear.fileno()) == 2
    admit_all(ear.fileno())
    assert taken(ear, [port, host, known]) == [0, 1, 2]


def test_nobody_and_what_came_already(bind: Bind) -> None:
    ear, early, late = bind("127.0.0.1"), bind("127.0.0.1"), bind("127.0.0.1")
    early.sendto(b"early", ear.getsockname())
    admit_only(ear.fileno(), [])
    early.sendto(b"early", ear.getsockname())
    discard(ear.fileno())
    discard(ear.fileno())
    admit_all(ear.fileno())
    late.sendto(b"late", ear.getsockname())
    assert ear.recv(10) == b"late"


def test_several_hosts_with_any_port(bind: Bind) -> None:
    ear, stranger, one, other = bind("127.0.0.1"), bind("127.0.0.2"), bind("127.0.0.3"), bind("127.0.0.1")
    admit_only(ear.fileno(), [source("127.0.0.1"), source("127.0.0.3")])
    assert taken(ear, [stranger, one, other]) == [1, 2]


def test_version_6(bind: Bind) -> None:
    ear, known, stranger = bind("::1"), bind("::1"), bind("::1")
    admit_only(ear.fileno(), [source("2001:db8::1"), source("::1", known)])
    assert taken(ear, [stranger, known]) == [1]


def test_a_port_of_any_host(bind: Bind) -> None:
    ear, stranger, known = bind("127.0.0.1"), bind("127.0.0.2"), bind("127.0.0.3")
    admit_only(ear.fileno(), [source("127.0.0.1"), AnyHost(known.getsockname()[1])])
    assert taken(ear, [stranger, known]) == [1]


def test_nobody(bind: Bind) -> None:
    ear, stranger = bind("127.0.0.1"), bind("127.0.0.2")
    admit_only(ear.fileno(), [])
    stranger.sendto(b"x", ear.getsockname())
    assert dropped_by(ear.fileno()) == 1
    admit_all(ear.fileno())
    admit_all(ear.fileno())


def test_the_socket_stays_its_owners(bind: Bind) -> None:
    ear = bind("127.0.0.1")
    assert address_of(ear.fileno()) == ear.getsockname()
    os.fstat(ear.fileno())
    with pytest.raises(OSError, match="Bad file descriptor"):
        address_of(10_000)
