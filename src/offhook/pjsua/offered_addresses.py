"""Where an offer wants its audio to go: to the address of one machine, or nothing is sent there.

A name would be looked up by the library, which does nothing else meanwhile; a group's address has our audio sent to whole networks.
It looks the names of refused audio up as well, so lines that no audio is sent to lose theirs. Pure.
"""

import re
from ipaddress import IPv4Address, ip_address

CONNECTION = re.compile(rb"[\r\n]c=[^ \r\n]* +[^ \r\n]* +([^\s/]*)")
"""RFC 8866, 5.7."""
FAMILY = re.compile(rb"[\r\n]c=IN +IP([46])\b")
REPORTS = re.compile(rb"[\r\n]a=rtcp:[ \t]*\d+[ \t]*[^\s\d]\S*[ \t]+\S+[ \t]+([^\s/]+)")
"""RFC 3605, with whatever blanks the library takes."""
BEFORE_A_LINE_OF_MEDIA = re.compile(rb"(?<=[\r\n])(?=m=)")
HEARING = re.compile(rb"m=audio[ \t]+0*[1-9]", re.IGNORECASE)
"""Audio that is not refused: its port is not 0 (RFC 3264, 5.1)."""
IGNORED = b"none"
"""Instead of `rtcp`: an attribute that nobody knows, which is passed over (RFC 8866, 5.13)."""
NOBODY = "0"
"""0.0.0.0, in few letters."""
BROADCAST = IPv4Address("255.255.255.255")


def is_of_one_machine(host: str) -> bool:
    """Whether this is the address of one machine, or of none, as in a hold of the old way; a name is not."""
    if host == NOBODY:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_multicast and address != BROADCAST


def for_audio_alone(text: bytes) -> bytes:
    """The message without what has nothing to do with audio that is sent, and as long as before.

    Lines of other media, and of port 0, name no machine where they named a host or a group. Reports that are wanted over the other
    version of IP than the audio are not asked for: the library would refuse the call.
    """
    before, media = _sections(text)
    if not media:
        return text
    if not _goes_where_all_do(media):
        before = led_nowhere(before)
    ours = [
        _with_its_reports(section, before) if HEARING.match(section) else led_nowhere(section)
        for section in media
    ]
    return b"".join((before, *ours))


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
        nobody = b"::" if b"IP6" in line and len(host) > 1 else NOBODY.encode()
        return line[: len(line) - len(host)] + nobody.ljust(len(host))

    return REPORTS.sub(corrected, CONNECTION.sub(corrected, text))


def asks_for_ipv6(text: bytes) -> bool:
    """Whether the audio in a message has addresses of version 6 alone."""
    before, media = _sections(text)
    heard = [section for section in media if HEARING.match(section)]
    if not media or _goes_where_all_do(media):
        heard.append(before)
    return {family for section in heard for family in FAMILY.findall(section)} == {b"6"}


def _sections(text: bytes) -> tuple[bytes, list[bytes]]:
    """What stands before the first line of media, and each of those with its own lines."""
    before, *media = BEFORE_A_LINE_OF_MEDIA.split(text)
    return before, media


def _goes_where_all_do(media: list[bytes]) -> bool:
    """Whether some audio goes where the lines before it say."""
    return any(HEARING.match(section) and not CONNECTION.search(section) for section in media)


def _with_its_reports(section: bytes, before: bytes) -> bytes:
    families = FAMILY.findall(section) or FAMILY.findall(before)

    def corrected(found: re.Match[bytes]) -> bytes:
        line, host = found.group(0), found.group(1).decode("ascii", "replace")
        if not families or not is_of_one_machine(host) or ip_address(host).version == int(families[-1]):
            return line
        return line.replace(b"rtcp", IGNORED, 1)

    return REPORTS.sub(corrected, section)
