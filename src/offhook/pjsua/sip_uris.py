"""SIP URIs of calls that are made: how they are written, and what they say of the way."""

import re
from urllib.parse import quote

from offhook.call.trunks import SipTransport

PLAIN_IN_USER = "-_.!~*'()&=+$,;?/"
"""What stands in the user of a SIP URI as it is, besides letters and digits (RFC 3261, 25.1)."""
TRANSPORT = re.compile(r";transport=([A-Za-z]+)", re.IGNORECASE)
MADDR = re.compile(r";maddr=([^;?]+)", re.IGNORECASE)
TARGET = re.compile(
    r"sips?:(?:[^@]*@)?(\[[0-9A-Fa-f:.]+\]|[^\s@:;?\[\]<>]+)(?::([0-9]{1,5}))?(?=[;?]|$)", re.IGNORECASE
)
IPV6_HOST = re.compile(r"^sips?:(?:[^@]*@)?\[", re.IGNORECASE)


def name_addr(uri: str, name: str) -> str:
    """A SIP address with the name that is shown for it, if there is one."""
    plain = "".join(character for character in name if character.isprintable())
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{uri}>' if plain else f"<{uri}>"


def own_address(user: str, host: str) -> str:
    """The SIP URI of somebody here; `host` is `host:port`."""
    return f"sip:{quote(user, safe=PLAIN_IN_USER)}@{host}"


def transport_of(uri: str) -> str:
    """What a SIP URI is called by: its own `;transport=`, TLS where it is a `sips:` one, UDP unless it says so."""
    if uri[:5].lower() == "sips:":
        return SipTransport.TLS
    found = TRANSPORT.search(uri.rpartition("@")[2])
    return found.group(1).lower() if found else SipTransport.UDP


def said_transport_of(uri: str) -> str:
    """The transport that a SIP URI names in so many words; empty where it names none."""
    return transport_of(uri) if uri[:5].lower() == "sips:" or TRANSPORT.search(uri.rpartition("@")[2]) else ""


def goes_past_proxy(uri: str) -> bool:
    """Whether a call goes straight to a SIP URI though there is a proxy in front: over TLS, where the library itself sees that the
    certificate names whom we call. A phone is called the way that it registered."""
    return transport_of(uri) == SipTransport.TLS and ";alias=" not in uri.lower()


def is_ipv6(uri: str) -> bool:
    """Whether the host of a SIP URI is an address of version 6."""
    return bool(IPV6_HOST.match(uri))


def asked_host_of(uri: str) -> str:
    """The host that is asked at a SIP URI (RFC 3261, 19.1.1), without brackets; empty for what is none."""
    target, elsewhere = target_of(uri), MADDR.search(uri.rpartition("@")[2])
    return elsewhere[1].strip("[]") if elsewhere else target[0] if target else ""


def target_of(uri: str) -> tuple[str, int | None] | None:
    """The host of a SIP URI, without brackets, and its port where it names one; None for what is none."""
    found = TARGET.match(uri)
    return (found[1].strip("[]"), int(found[2]) if found[2] else None) if found else None
