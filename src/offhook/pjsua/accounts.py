"""The engine's own accounts: PJSUA keeps with an account whether SIP and audio travel over IPv4 or IPv6, and encrypted or not.

So there is one for each mixture that may come in, and an INVITE goes to the one that its offer fits. Everything here
runs on the owner thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pjsua2 as pj
import structlog

from offhook.call.trunks import SipTransport, Srtp
from offhook.pjsua.account import IncomingCalls
from offhook.pjsua.invite import Invite, offers_ipv6, offers_srtp
from offhook.pjsua.local_networks import Inner, LocalNetworks

log = structlog.get_logger()

SRTP_USE: Mapping[Srtp, int] = {
    Srtp.OFF: pj.PJMEDIA_SRTP_DISABLED,
    Srtp.OPTIONAL: pj.PJMEDIA_SRTP_OPTIONAL,
    Srtp.REQUIRED: pj.PJMEDIA_SRTP_MANDATORY,
}


@dataclass(frozen=True, slots=True)
class MediaKind:
    """How the audio of a call travels."""

    is_ipv6: bool = False
    srtp: Srtp = Srtp.OFF
    inner: Inner | None = None
    """How the far end reaches us, where not by our public address."""
    is_past_proxy: bool = False
    """Whether the call goes straight to the far end though there is a proxy in front."""
    is_crossed: bool = False
    """Whether its signalling goes by the other version of IP."""
    by: SipTransport = SipTransport.UDP
    """What carries its signalling, where its Contact is to say more of that than the library finds out."""

    @property
    def is_signalled_by_ipv6(self) -> bool:
        """Whether its signalling goes by IPv6."""
        return self.is_ipv6 != self.is_crossed


PLAIN = MediaKind()
ConfigOf = Callable[[MediaKind], pj.AccountConfig]


class OwnAccounts:
    """Where calls arrive."""

    def __init__(
        self, config_of: ConfigOf, on_invite: Callable[[int, Invite], None], local: LocalNetworks
    ) -> None:
        self._config_of = config_of
        self._local = local
        self._most_inner = 0
        self._on_invite = on_invite
        self._of_kind: dict[MediaKind, IncomingCalls] = {}

    def create(self, *, has_ipv6: bool, srtp: Srtp) -> None:
        """Make those that are needed; `srtp` is what calls that come in may ask for, or must. Raises pj.Error."""
        families = (
            ((False, False), (True, False), (False, True), (True, True)) if has_ipv6 else ((False, False),)
        )
        for is_ipv6, is_crossed in families:
            for encryption in dict.fromkeys((Srtp.OFF, srtp)):
                self._create(MediaKind(is_ipv6, encryption, is_crossed=is_crossed))
        self._encrypted = srtp

    def reserve(self, most: int) -> None:
        """There may be so many more, for local networks; they are made when somebody there calls."""
        self._most_inner = most

    def set_public_address(self, address: str) -> None:
        """What SDP says from now on, in calls that come; those that run keep theirs."""
        for kind, account in self._of_kind.items():
            if kind.inner is None and not kind.is_ipv6:
                account.modify(self._config_of(kind))

    @property
    def plain(self) -> IncomingCalls:
        """That of a call of which nothing is known."""
        return self._of_kind[PLAIN]

    def __len__(self) -> int:
        return len(self._of_kind)

    def number_for(self, message: str, source: str) -> int:
        """PJSUA's number of the account that an INVITE from `source` goes to."""
        return int(self._for(message, source).getId())

    def of_kind(self, kind: MediaKind) -> IncomingCalls | None:
        """The account of such calls; None where there is none."""
        return self._of_kind.get(kind)

    def destroy(self) -> None:
        """Let all of them go; only before the library ends, and after its calls."""
        for account in self._of_kind.values():
            account.shutdown()
            pj.Account.__swig_destroy__(account)
        self._of_kind.clear()

    def _create(self, kind: MediaKind) -> None:
        account = IncomingCalls(self._on_invite)
        account.create(self._config_of(kind), kind == PLAIN)
        self._of_kind[kind] = account

    def _for(self, message: str, source: str) -> IncomingCalls:
        is_ipv6 = offers_ipv6(message, source)
        encryption = self._encrypted if offers_srtp(message) else Srtp.OFF
        is_crossed = is_ipv6 != source.startswith("[")
        inner = None if is_ipv6 or is_crossed else self._local.of_invite(message, source)
        if inner is not None:
            return self._inner(MediaKind(is_ipv6, encryption, inner))
        return self._of_kind.get(MediaKind(is_ipv6, encryption, is_crossed=is_crossed)) or self.plain

    def _inner(self, kind: MediaKind) -> IncomingCalls:
        if kind not in self._of_kind:
            if self._most_inner <= 0:
                log.warning(
                    "pjsua.local_network_not_minded", address=kind.inner, reason="no account is left for it"
                )
                return self._of_kind.get(MediaKind(kind.is_ipv6, kind.srtp)) or self.plain
            self._most_inner -= 1
            self._create(kind)
        return self._of_kind[kind]
