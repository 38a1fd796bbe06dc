"""The addresses that registered phones are called at: what they say of themselves, and the way that they came. Pure.

Kamailio sends such a call where the first `alias` among the parameters says. The SIP library unescapes what it writes: a
`%61lias` of the phone's own would stand before ours. So an address is built of what is known to do no harm.
"""

import re
from urllib.parse import unquote

from offhook.call.ip_addresses import read_ip_address

LONGEST_ADDRESS = 250
"""The SIP library reads addresses of 256 characters."""
PROTOCOLS = {"udp": 1, "tcp": 2, "tls": 3}
"""As Kamailio numbers them in `alias`."""
STEERING = frozenset({"alias", "received", "maddr", "lr", "r2", "ftag", "ttl", "method", "gr"})
"""Parameters that say where a request goes or what it is, which is ours to say. What else phones write is for themselves."""
_ADDRESS = re.compile(
    r"sips?:(?:(?P<user>[^@:]*)(?::[^@]*)?@)?(?P<host>\[[^\]]*\]|[^;?:\[\]@]+)(?::(?P<port>\d{1,5}))?(?P<more>;[^?@]*)?(?:\?.*)?",
    re.IGNORECASE,
)
_HOST_NAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9.!*_+`'~-]+", re.IGNORECASE)
_ENDS_WORDS = re.compile(r"[\x00-\x20\x7f<>\"\\;?@]")
"""What neither a user nor the value of a parameter may hold, escaped or not: it would end it, or somebody may think so."""
_ALIAS = re.compile(r";alias=([^~;]+)~(\d+)~(\d)$")


def called_at(address: str, host: str, port: int, transport: str) -> str | None:
    """A phone's own address with the way to it; None where nothing can be called that it would know as its own.

    `host` and `port` are where it registered from, IPv6 in brackets, and `transport` one of `PROTOCOLS`.
    """
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return None
    user, own_host, own_port = found["user"], found["host"], found["port"]
    if user is not None and (not user or _ENDS_WORDS.search(_unescaped(user))):
        return None
    own_is_ipv6, is_ipv6 = _is_ipv6(own_host), _is_ipv6(host)
    if own_is_ipv6 is None and not _HOST_NAME.fullmatch(own_host):
        return None
    if own_is_ipv6 is not None and own_is_ipv6 is not is_ipv6:  # nobody could be called there from here
        own_host, own_port = host, str(port)
    uri = "sip:" + (f"{user}@" if user else "") + own_host + (f":{own_port}" if own_port else "")
    uri += "".join(f";{each}" for each in (found["more"] or "").split(";") if _is_harmless(each))
    uri += f";alias={host}~{port}~{PROTOCOLS[transport]}"
    return uri if len(uri) <= LONGEST_ADDRESS else None


def way_of(address: str) -> tuple[str, str, int, str] | None:
    """What such an address was made of: the phone's own, and the host, port and transport it came from."""
    found = _ALIAS.search(address)
    if found is None:
        return None
    names = {number: name for name, number in PROTOCOLS.items()}
    return address[: found.start()], found[1], int(found[2]), names.get(int(found[3]), "udp")


def called_again(address: str) -> str | None:
    """An address as it was kept once, by today's rule; as it is where no phone registered with it."""
    way = way_of(address)
    return called_at(*way) if way is not None else address


def _is_harmless(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return (
        _NAME.fullmatch(name) is not None
        and name.lower() not in STEERING
        and not _ENDS_WORDS.search(_unescaped(value))
    )


def _unescaped(text: str) -> str:
    return unquote(text, "latin-1")


def _is_ipv6(host: str) -> bool | None:
    """None where it is a name."""
    try:
        return read_ip_address(host.removeprefix("[").removesuffix("]")).version == 6
    except ValueError:
        return None
