"""Where an offer wants its audio to go: to the address of one machine, or nothing is sent there.

A name would be looked up by the library, which does nothing else meanwhile; a group's address has our audio sent to whole networks.
"""

import re
from ipaddress import IPv4Address, ip_address

CONNECTION = re.compile(rb"[\r\n]c=[^ \r\n]* +[^ \r\n]* +([^\s/]*)")
"""RFC 8866, 5.7."""
FAMILY = re.compile(rb"[\r\n]c=IN +IP([46])\b")
REPORTS = re.compile(rb"[\r\n]a=rtcp:[ \t]*\d+[ \t]*[^\s\d]\S*[ \t]+\S+[ \t]+([^\s/]+)")
"""RFC 3605, with whatever blanks the library takes."""
BROADCAST = IPv4Address("255.255.255.255")


def is_of_one_machine(host: str) -> bool:
    """Whether this is the address of one machine, or of none, as in a hold of the old way; a name is not."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_multicast and address != BROADCAST


def sends_elsewhere(text: bytes) -> bool:
    """Whether the SDP in a message names any other address."""
    found = (*CONNECTION.findall(text), *REPORTS.findall(text))
    return not all(is_of_one_machine(host.decode("ascii", "replace")) for host in found)


def led_nowhere(text: bytes) -> bytes:
    """The message with the address of no machine in place of all such, and as long as before."""

    def corrected(found: re.Match[bytes]) -> bytes:
        line, host = found.group(0), found.group(1)
        if is_of_one_machine(host.decode("ascii", "replace")):
            return line
        nobody = b"::" if b"IP6" in line and len(host) > 1 else b"0"
        return line[: len(line) - len(host)] + nobody.ljust(len(host))

    return REPORTS.sub(corrected, CONNECTION.sub(corrected, text))


def asks_for_ipv6(text: bytes) -> bool:
    """Whether the SDP in a message has addresses of version 6 alone."""
    return set(FAMILY.findall(text)) == {b"6"}
