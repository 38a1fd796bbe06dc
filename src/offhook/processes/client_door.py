"""Where a plain server asks new calls from addresses that it does not know for a password, as Kamailio does in `edge/phones.cfg`.

All of it runs on the SIP engine's thread, in memory. Whether there is such a client makes no difference on the way: an unknown one is
checked against what nobody has.
"""

import hashlib
import re
import time
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network

import structlog

from offhook.edge.kamailio_config import SCANNERS
from offhook.pjsua.invite import user_part
from offhook.pjsua.newcomers import Newcomer, Proven, TurnedAway
from offhook.pjsua.packet_filter import IpAddress
from offhook.processes.client_book import ClientBook
from offhook.processes.few_lines import FewLines
from offhook.trunking.bans import BanBook
from offhook.trunking.expiring import Expiring
from offhook.trunking.nonces import Nonces
from offhook.trunking.offers import Offers, Strangers
from offhook.trunking.proof import Credentials, challenge, credentials_of, decoy, is_right

log = structlog.get_logger()

BAD_REQUEST, FORBIDDEN, ASKED, UNAVAILABLE = 400, 403, 407, 503
SHORTEST_ASKING = 256
"""Bytes over UDP that a challenge is worth: whose address was made up gets not much more than was said to us."""
LONGEST_NAME = 64
"""As logins have it."""
SITE_BITS = 64
REPEATED_S, MOST_REPEATED = 32.0, 4096
"""How long the same message may come again (64 times T1 of RFC 3261), and how many are known by."""
FLOW_S, MOST_FLOWS = 3700.0, 16_384
"""How long it is known by which addresses and ports somebody has proven who he is."""
METHOD = "INVITE"
SILENCE = TurnedAway(0)
STARTING = TurnedAway(UNAVAILABLE)
TOO_SHORT = TurnedAway(BAD_REQUEST, "Request Too Short")
BANNED = TurnedAway(FORBIDDEN, "Too Many Failed Logins")
WRONG = TurnedAway(FORBIDDEN, "Wrong Name Or Password")
OTHER_TARGET = TurnedAway(BAD_REQUEST, "Digest Is For Another Request-URI")
_SCANNER = re.compile(SCANNERS, re.IGNORECASE)
_HOST = re.compile(r"sips?:(?:[^@;>\s]*@)?(\[[^\]\s]*\]|[^:;>?\s]*)", re.IGNORECASE)


class ClientDoor:
    """That of one worker."""

    def __init__(
        self,
        clients: ClientBook,
        *,
        digests: str,
        on_refused: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`digests` is OFFHOOK_SIP_DIGESTS; `on_refused` hears why somebody was not let in."""
        self._clients = clients
        self._on_refused = on_refused
        self._clock = clock
        self._offers = Offers(digests)
        self._nonces, self._bans = Nonces(), BanBook()
        self._strangers = Strangers()
        self._repeated: Expiring[str] = Expiring(MOST_REPEATED)
        self._flows: Expiring[bool] = Expiring(MOST_FLOWS)
        self._decoy = decoy()
        self._lines = FewLines(clock)

    def judge(self, newcomer: Newcomer) -> Proven | TurnedAway | None:
        """Who calls, or what he is answered; None where there is no client who could prove himself."""
        if not self._clients.is_read:
            return STARTING
        if not len(self._clients):
            return None
        at, shown = self._clock(), _fingerprint(newcomer)
        if (login := self._repeated.get(shown, at)) is not None:
            return Proven(login, is_again=True)
        if _SCANNER.search(newcomer.agent):
            return self._refused("scanner", SILENCE)
        flow = newcomer.transport, newcomer.source_name
        if not self._flows.get(flow, at) and not self._strangers.are_heard(_site(newcomer.source), at):
            return self._refused("flood", SILENCE)
        credentials = credentials_of(newcomer.credentials, self._offers.allowed)
        judged = self._judge(newcomer, credentials, at)
        if isinstance(judged, Proven):
            self._repeated.keep(shown, judged.login, at + REPEATED_S)
            self._flows.keep(flow, True, at + FLOW_S)
        return judged

    def _judge(self, newcomer: Newcomer, credentials: Credentials | None, at: float) -> Proven | TurnedAway:
        name = credentials.name if credentials is not None else newcomer.invite.caller
        site, key, client = _site(newcomer.source), _key(name), self._clients.get(name)
        is_known = client is not None
        if self._bans.is_banned(key, site, at, is_known=is_known, is_shown=credentials is not None):
            return self._refused("banned", BANNED)
        if credentials is None:
            return self._ask(newcomer, key, at, is_stale=False)
        if not self._nonces.holds(credentials.nonce, str(newcomer.source), at):
            return self._ask(newcomer, key, at, is_stale=True)
        is_his = is_right(credentials, METHOD, client or self._decoy)
        if client is None or not is_his:
            return self._wrong(newcomer, name, at, is_known=is_known)
        if not _is_target(credentials.uri, newcomer):
            return self._refused("unproven", OTHER_TARGET)
        if not self._nonces.use(key, credentials.nonce, credentials.count, at):
            return self._ask(newcomer, key, at, is_stale=True)
        self._bans.right(key, site, at)
        self._offers.spoken(key, site, _port(newcomer), credentials.algorithm, at)
        return Proven(client.login)

    def _ask(self, newcomer: Newcomer, key: str, at: float, *, is_stale: bool) -> TurnedAway:
        if newcomer.transport == "udp" and len(newcomer.text) < SHORTEST_ASKING:
            return self._refused("unproven", TOO_SHORT)
        nonce = self._nonces.made(str(newcomer.source), at)
        offered = self._offers.to(
            key, _site(newcomer.source), _port(newcomer), newcomer.asked, at, is_stale=is_stale
        )
        headers = tuple(
            ("Proxy-Authenticate", challenge(nonce, algorithm, is_stale=is_stale)) for algorithm in offered
        )
        return self._refused("unproven", TurnedAway(ASKED, headers=headers))

    def _wrong(self, newcomer: Newcomer, name: str, at: float, *, is_known: bool) -> TurnedAway:
        """Not asked again: some phones would go on with the same password until they are banned."""
        for ban in self._bans.wrong(_key(name), _site(newcomer.source), at, is_known=is_known):
            self._tell("client.banned", newcomer, who=_shown(ban.who), seconds=ban.seconds)
        self._tell("client.password_wrong", newcomer, name=_shown(_key(name)))
        return self._refused("wrong_password", WRONG)

    def _tell(self, event: str, newcomer: Newcomer, **more: object) -> None:
        left_out = self._lines.left_out((event, _site(newcomer.source)))
        if left_out is not None:
            log.warning(event, source=newcomer.source_name, **more, without_a_line=left_out)

    def _refused(self, why: str, answer: TurnedAway) -> TurnedAway:
        self._on_refused(why)
        return answer


def _site(address: IpAddress) -> str:
    """What an address counts as: itself, and with IPv6 the network of its site."""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), SITE_BITS), strict=False))


def _key(name: str) -> str:
    """A name as it is remembered; what is longer than any login takes no more room."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"long:{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}"


def _shown(name: str) -> str:
    """Without what a terminal takes for anything else than text."""
    return ascii(name)[1:-1]


def _port(newcomer: Newcomer) -> str:
    return newcomer.source_name.rpartition(":")[2]


def _fingerprint(newcomer: Newcomer) -> bytes:
    return hashlib.sha256(
        f"{newcomer.transport} {newcomer.source_name}\r\n".encode() + newcomer.text
    ).digest()


def _is_target(uri: str, newcomer: Newcomer) -> bool:
    """Whether what was proven for one target is asked of it: ports, parameters and a host's capitals do not say who is called."""
    if uri == newcomer.uri:
        return bool(uri)
    hosts = _host(uri), _host(newcomer.uri)
    return bool(hosts[0]) and hosts[0] == hosts[1] and user_part(uri) == newcomer.invite.called


def _host(uri: str) -> str:
    found = _HOST.match(uri)
    return found[1].lower() if found is not None else ""
