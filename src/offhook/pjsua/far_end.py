"""By which addresses a far end is known: where its signalling comes from, and where it asked for it to be sent."""

import re
from ipaddress import ip_address

from offhook.pjsua.invite import first_header, headers_of
from offhook.pjsua.packet_filter import IpAddress, Source

URI_HOST = re.compile(r"sips?:(?:[^@;>\s]{0,256}@)?(\[[0-9a-f:.]+\]|[0-9.]+)(?=[:;>\s]|$)", re.IGNORECASE)
"""With a bound, for it is looked for anew behind each `sip:` of a text that a far end has made long."""
EDGE_HEADER = "X-Offhook-Edge"
"""What the edge in front of a worker tells of a call begins with the address that it came from."""


def source_of(text: str) -> Source | None:
    """An `address:port`, read; brackets around one of version 6. None for what is none, and for no address at all."""
    host, _, port = text.rpartition(":")
    address = _literal(host)
    if address is None or address.is_unspecified or not port.isdigit():
        return None
    return Source(address, int(port))


def hosts_of(message: str, source: str) -> frozenset[IpAddress]:
    """The addresses that whoever sent this message is known by: it came from `source`, and its Contact and Record-Route
    say where requests are to go. Names are not looked up."""
    headers = headers_of(message)
    said = [value for name, value in headers if name.lower() in ("contact", "record-route")]
    found = [_literal(host) for value in said for host in URI_HOST.findall(value)]
    sender = source_of(source)
    if sender is not None:
        found.append(sender.address)
        if sender.address.is_loopback:  # an edge of ours may be in front, and that writes this header itself
            found.append(_literal(first_header(headers, EDGE_HEADER).partition(" ")[0]))
    return frozenset(host for host in found if host is not None)


def _literal(host: str) -> IpAddress | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None
