"""Values of settings that say where something is on the network: each is read by itself, and refused with what would be right."""

import ipaddress
import re

from offhook.call.ip_addresses import is_ip_address, read_ip_address
from offhook.call.trunk_input import is_host_name, read_host

BROADCAST = ipaddress.ip_address("255.255.255.255")
PUBLIC_ADDRESS = "write an IPv4 address like 203.0.113.5, a name that leads to one, or stun:host:port"
STUN_SERVER = "write it like stun.example.com:3478, an IPv6 address in brackets"
SIP_HOST = "write an IPv4 address of this machine, or 0.0.0.0; OFFHOOK_SIP_HOST_IPV6 is for ::, OFFHOOK_SIP_PORT for the port"
HTTP_HOST = (
    "write an address of this machine, such as 127.0.0.1, 0.0.0.0 or ::; OFFHOOK_HTTP_PORT is for the port"
)
LEAST_PORT, LAST_PORT = 1024, 65535
"""Of audio: what is below belongs to the system."""
PORTS_PER_CALL = 2


def read_sip_host(text: str) -> str:
    """Where SIP is bound: an IPv4 address, or a name of this machine. Raises ValueError."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", text):
        raise ValueError(SIP_HOST)
    return _of_one(_address_or_name(text, SIP_HOST), SIP_HOST)


def read_http_host(text: str) -> str:
    """Where REST is bound: an address of either version, or a name of this machine. Raises ValueError."""
    if is_ip_address(bare := text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text):
        return _of_one(str(read_ip_address(bare)), HTTP_HOST)
    return _address_or_name(text, HTTP_HOST)


def read_public_address(text: str) -> str:
    """What the outside is told, or `stun:` and who is asked for it. Raises ValueError."""
    if text.lower().startswith("stun:"):
        try:
            read_stun_server(text[5:])
        except ValueError as error:
            raise ValueError(f"{error}; write a server that is asked as stun:host:port") from None
        return text
    if is_ip_address(text) and read_ip_address(text).version == 4:
        if read_ip_address(text).is_unspecified:
            raise ValueError(
                f"{text} is where packets are taken, and nobody can send there; {PUBLIC_ADDRESS}"
            )
        return _of_one(text, PUBLIC_ADDRESS)
    return _address_or_name(text, PUBLIC_ADDRESS)


def read_stun_server(text: str) -> tuple[str, int | None]:
    """A STUN server as `host:port`, an IPv6 address in brackets: the host, and the port where it has one. Raises ValueError."""
    host, port = read_host(text) if text else ("", None)
    if not host or (":" in host and not text.startswith("[")):
        raise ValueError(f"{text!r} is no STUN server: {STUN_SERVER}")
    return host, port


def read_port_range(text: str) -> str:
    """Ports for audio, `first-last`. Raises ValueError."""
    found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", text, re.ASCII)
    right = f"write a range of ports like 10000-10199, within {LEAST_PORT} to {LAST_PORT}"
    if found is None:
        raise ValueError(right)
    first, last = int(found[1]), int(found[2])
    if first > last:
        raise ValueError(f"{text} ends before it begins; {right}")
    if first < LEAST_PORT or last > LAST_PORT:
        raise ValueError(f"{text} is not within {LEAST_PORT} to {LAST_PORT}; {right}")
    if last - (first + first % 2) + 1 < PORTS_PER_CALL:
        raise ValueError(
            f"{text} has no room for a call, which takes an even port and the one after it; {right}"
        )
    return text


def _address_or_name(text: str, right: str) -> str:
    if re.fullmatch(r"[0-9][0-9.]*", text):
        if not is_ip_address(text):
            raise ValueError(f"{text[:80]} is no IPv4 address, which has four numbers of 0 to 255; {right}")
    elif not is_host_name(text):
        raise ValueError(right)
    return text


def _of_one(text: str, right: str) -> str:
    if is_ip_address(text):
        address = read_ip_address(text)
        if address.is_multicast or address == BROADCAST:
            raise ValueError(f"{text} is the address of a group, and not of one machine; {right}")
    return text
