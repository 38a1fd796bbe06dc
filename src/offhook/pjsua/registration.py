"""Registering at carriers and PBXs. PJSUA keeps a registration with an account, and sends it; when it is sent again, after
what pause, and what is made of an answer, is decided above.

Everything here runs on the owner thread.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pjsua2 as pj
import structlog

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.trunks import SipTransport
from offhook.pjsua.account import IncomingCalls
from offhook.pjsua.accounts import ConfigOf, MediaKind
from offhook.pjsua.invite import Invite
from offhook.pjsua.sip_call import guarded
from offhook.pjsua.sip_uris import transport_of
from offhook.pjsua.unsent import why_not_sent

log = structlog.get_logger()

LEAVE_S = 2.0
"""How long a registrar may take to answer that we are gone."""
ANSWER_S = 33.0
"""Until when the library knows whether a REGISTER was answered."""
KEPT_FOR_CALLS = 2
"""Accounts that registrations leave to calls with credentials."""
BEHIND_NAT_ALONE = 1
"""Of `contactRewriteUse`: a private address counts as ours even where the registrar sees another port of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be registered, and where."""

    registrar: str
    """Its SIP URI."""
    address: str
    """Who we are there: a SIP URI."""
    username: str
    password: str | None = field(repr=False)
    """None proves nothing to who asks."""
    contact: str | None = None
    """Where we are to be called, with angle brackets; the engine's own address unless given."""
    expires_s: int = 600
    kind: MediaKind
    route: str = ""
    """The SIP URI of the first hop, where the registrar's does not say it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What a proxy in front is told."""


@dataclass(frozen=True, slots=True)
class RegistrarSaid:
    """A final answer to a REGISTER; without any, the status is the library's own."""

    status: int
    reason: str
    expires_s: int
    """For how long we are registered now; 0 is not at all."""


Tell = Callable[[str, RegistrarSaid], None]


class Registration(IncomingCalls):
    """One account that registers; calls may come to it."""

    def __init__(
        self, on_invite: Callable[[int, Invite], None], tell: Callable[["Registration", RegistrarSaid], None]
    ) -> None:
        super().__init__(on_invite)
        self._told = tell
        self.is_registered = False
        self.is_asked = False
        """Whether a REGISTER is not answered yet, before which the library sends no other."""

    @guarded
    def onRegState(self, parameter: pj.OnRegStateParam) -> None:
        """The registrar answered, or did not."""
        self.is_asked = False
        status, expires_s = int(parameter.code), int(parameter.expiration)
        self.is_registered = 200 <= status < 300 and expires_s > 0
        self._told(self, RegistrarSaid(status, str(parameter.reason), expires_s if self.is_registered else 0))


class Registrations:
    """Those of one engine, each with a key of its owner's choice."""

    def __init__(
        self,
        config_of: ConfigOf,
        on_invite: Callable[[int, Invite], None],
        *,
        tell: Tell,
        told_of: Callable[[str], SipTransport],
        most: int,
    ) -> None:
        """`told_of` gives the `by` of who registers at a SIP URI; `most` is how many accounts the build has besides the
        engine's own."""
        self._config_of = config_of
        self._on_invite = on_invite
        self._tell = tell
        self._told_of = told_of
        self._most = most - KEPT_FOR_CALLS
        self._of_key: dict[str, Registration] = {}
        self._leaving: dict[Registration, float] = {}
        self._untold: set[Registration] = set()
        """Those of them that the registrar, once it has answered, is still to be told of."""

    def __len__(self) -> int:
        return len(self._of_key) + len(self._leaving)

    def begin(self, key: str, wish: Wish) -> None:
        """Make an account that can register; it does so with `send`. Raises NoFreeSlot and pj.Error."""
        if len(self) >= self._most:
            raise NoFreeSlot(f"this build of PJSIP registers at {max(0, self._most)} trunks at most")
        config = self._config_of(replace(wish.kind, by=self._told_of(wish.registrar)))
        config.sipConfig.contactForced = ""
        if transport_of(wish.registrar) != SipTransport.UDP and not config.natConfig.contactUseSrcPort:
            # It stays where we listen, though the registrar sees another port, unless it sees another address as well.
            config.natConfig.contactRewriteUse = BEHIND_NAT_ALONE
        config.idUri = wish.address
        config.regConfig.registrarUri = wish.registrar
        config.regConfig.registerOnAdd = False
        config.regConfig.timeoutSec = wish.expires_s
        config.regConfig.retryIntervalSec = config.regConfig.firstRetryIntervalSec = 0
        config.regConfig.dropCallsOnFail = False
        config.natConfig.sipOutboundUse = 0
        if wish.route:
            config.sipConfig.proxies.append(wish.route)
        for name, value in wish.headers.items():
            header = pj.SipHeader()
            header.hName, header.hValue = name, value
            config.regConfig.headers.push_back(header)
        if wish.contact is not None:
            config.sipConfig.contactForced = wish.contact
            config.natConfig.contactRewriteUse = 0
        if wish.password is not None:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", wish.username, 0, wish.password))
        account = Registration(self._on_invite, self._said)
        account.create(config, False)
        self._of_key[key] = account

    def send(self, key: str) -> None:
        """Register, or register anew; what comes back is told. Raises OffhookError for what cannot be sent."""
        account = self._of_key.get(key)
        if account is not None:
            try:
                account.setRegistration(True)
                account.is_asked = True
            except pj.Error as error:
                raise OffhookError(why_not_sent(error)) from error

    def end(self, key: str, at: float, *, says_so: bool = True) -> None:
        """Be registered no more; its account goes when the registrar has answered, or a moment later, or at once where it is
        not told."""
        account = self._of_key.pop(key, None)
        if account is None:
            return
        self._leaving[account] = at
        if says_so and account.is_asked:
            self._untold.add(account)
            self._leaving[account] = at + ANSWER_S
        elif says_so and account.is_registered:
            self._leave(account, at)

    def _leave(self, account: Registration, at: float) -> None:
        try:
            account.setRegistration(False)
            self._leaving[account] = at + LEAVE_S
        except pj.Error as error:
            log.debug("pjsua.not_unregistered", error=error.info())

    def end_all(self, at: float) -> None:
        """Be registered nowhere; who has not answered before is waited for no longer than who is told now."""
        for key in tuple(self._of_key):
            self.end(key, at)
        self._leaving = {account: min(latest, at + LEAVE_S) for account, latest in self._leaving.items()}

    @property
    def is_leaving(self) -> bool:
        """Whether some registrar has not answered yet that we are gone."""
        return bool(self._leaving)

    def destroy_left(self, at: float) -> None:
        """Let accounts go that are not registered any more; not inside of a callback."""
        for account in [each for each in self._untold if not each.is_asked]:
            self._untold.remove(account)
            self._leaving[account] = at
            if account.is_registered:
                self._leave(account, at)
        for account in [each for each, latest in self._leaving.items() if at >= latest]:
            del self._leaving[account]
            self._untold.discard(account)
            account.shutdown()
            pj.Account.__swig_destroy__(account)

    def destroy(self) -> None:
        """Let all of them go; only before the library ends, and after its calls."""
        self.end_all(0.0)
        self.destroy_left(float("inf"))

    def _said(self, account: Registration, said: RegistrarSaid) -> None:
        if account in self._leaving:
            if account not in self._untold:
                self._leaving[account] = 0.0
            return
        key = next((key for key, each in self._of_key.items() if each is account), None)
        if key is not None:
            self._tell(key, said)
