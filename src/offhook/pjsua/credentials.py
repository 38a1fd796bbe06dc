"""Digest credentials of single calls, and whether their audio is encrypted: PJSUA keeps both with an account, so a call
that has its own gets an account besides the engine's.

It has the ports and the proxy of the engine's account, and goes a moment after its last call. Everything here
runs on the owner thread.
"""

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

import pjsua2 as pj

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.pjsua.accounts import ConfigOf, MediaKind

if TYPE_CHECKING:
    from offhook.pjsua.sip_call import SipCall

Credentials = tuple[str, str]
"""A user name and its password, for every realm."""
_Kind = tuple[Credentials | None, MediaKind, str]
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f]")


class Identities:
    """The accounts of calls that need one besides the engine's. Those with the same credentials have one together."""

    def __init__(self, config_of: ConfigOf, *, most: Callable[[], int]) -> None:
        """`most` is how many there may be at once."""
        self._config_of = config_of
        self._most = most
        self._of_kind: dict[_Kind, pj.Account] = {}
        self._of_call: dict[SipCall, _Kind] = {}
        self._left: list[pj.Account] = []

    def get(self, credentials: Credentials | None, kind: MediaKind, route: str) -> pj.Account:
        """An account for a call, which goes by a `route` where it is not empty. Raises NoFreeSlot, OffhookError for what cannot stand in a header, and pj.Error."""
        known = self._of_kind.get((credentials, kind, route))
        return known if known is not None else self._create(credentials, kind, route)

    def _create(self, credentials: Credentials | None, kind: MediaKind, route: str) -> pj.Account:
        most = self._most()
        if len(self._of_kind) + len(self._left) >= most:
            raise NoFreeSlot(
                f"calls with {most} different credentials, or with encrypted audio, run already; this build of PJSIP "
                f"holds no more"
            )
        user, password = credentials or ("", "")
        if _UNPRINTABLE.search(user + password):  # the library would write it into the header as it is
            raise OffhookError("a user name or password for a call is not a single line of text")
        config = self._config_of(kind)
        # An address that nobody calls: an incoming call that matched the account would find nobody to take it.
        config.idUri = f"sip:{secrets.token_hex(8)}@calls.invalid"
        if credentials is not None:
            config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        if route:
            config.sipConfig.proxies.append(route)
        account = pj.Account()
        account.create(config, False)
        self._of_kind[credentials, kind, route] = account
        return account

    def enter(self, call: "SipCall", credentials: Credentials | None, kind: MediaKind, route: str) -> None:
        """The call uses the account that `get` gave for these."""
        self._of_call[call] = (credentials, kind, route)

    def leave(self, call: "SipCall") -> None:
        """The call is over. Its account is still in use within the callback that says so."""
        kind = self._of_call.pop(call, None)
        if kind is not None and kind not in self._of_call.values():
            self._left.append(self._of_kind.pop(kind))

    def destroy_left(self) -> None:
        """Let accounts go whose call is over; not inside of a callback."""
        while self._left:
            account = self._left.pop()
            account.shutdown()
            pj.Account.__swig_destroy__(account)

    def destroy(self) -> None:
        """Let all of them go; only before the library ends, and after its calls."""
        self._left += self._of_kind.values()
        self._of_kind.clear()
        self._of_call.clear()
        self.destroy_left()
