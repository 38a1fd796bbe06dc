"""Digest credentials of single calls: PJSUA keeps them with an account, so a call that has some gets an
account of its own.

It has the ports and the proxy of the engine's account, and goes a moment after its call. Everything here
runs on the owner thread.
"""

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

import pjsua2 as pj

from offhook.call.errors import NoFreeSlot, OffhookError

if TYPE_CHECKING:
    from offhook.pjsua.sip_call import SipCall

Credentials = tuple[str, str]
"""A user name and its password, for every realm."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f]")


class Identities:
    """The accounts of calls with credentials."""

    def __init__(self, config: Callable[[], pj.AccountConfig], *, most: int) -> None:
        """`most` is how many accounts the build holds, the engine's own included."""
        self._config = config
        self._most = most - 1
        self._of_call: dict[SipCall, pj.Account] = {}
        self._left: list[pj.Account] = []

    def with_credentials(self, credentials: Credentials) -> pj.Account:
        """An account for a call. Raises NoFreeSlot, OffhookError for what cannot stand in a header, and pj.Error."""
        if len(self._of_call) + len(self._left) >= self._most:
            raise NoFreeSlot(f"all {self._most} calls that may have credentials at once are taken")
        user, password = credentials
        if _UNPRINTABLE.search(user + password):  # the library would write it into the header as it is
            raise OffhookError("a user name or password for a call is not a single line of text")
        config = self._config()
        # An address that nobody calls: an incoming call that matched the account would find nobody to take it.
        config.idUri = f"sip:{secrets.token_hex(8)}@calls.invalid"
        config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))
        account = pj.Account()
        account.create(config, False)
        return account

    def enter(self, call: "SipCall", account: pj.Account) -> None:
        """The call uses the account."""
        call.can_authenticate = True
        self._of_call[call] = account

    def leave(self, call: "SipCall") -> None:
        """The call is over. Its account is still in use within the callback that says so."""
        account = self._of_call.pop(call, None)
        if account is not None:
            self._left.append(account)

    def destroy_left(self) -> None:
        """Let accounts go whose call is over; not inside of a callback."""
        while self._left:
            account = self._left.pop()
            account.shutdown()
            pj.Account.__swig_destroy__(account)

    def destroy(self) -> None:
        """Let all of them go; only before the library ends, and after its calls."""
        self._left += self._of_call.values()
        self._of_call.clear()
        self.destroy_left()
