"""SIP URIs of calls that are made: how they are written, and what they say of the way."""

import re
from urllib.parse import quote

from offhook.call.trunks import SipTransport

PLAIN_IN_USER = "-_.!~*'()&=+$,;?/"
"""What stands in the user of a SIP URI as it is, besides letters and digits (RFC 3261, 25.1)."""
TRANSPORT = re.compile(r";transport=([A-Za-z]+)", re.IGNORECASE)
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


def is_ipv6(uri: str) -> bool:
    """Whether the host of a SIP URI is an address of version 6."""
    return bool(IPV6_HOST.match(uri))
