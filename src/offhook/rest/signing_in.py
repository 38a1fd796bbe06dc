"""Signing in, with HTTP Basic or as the routes read it: who asks, proved by an auth token, a person's password, or an API key's secret.

What is wrong is answered alike and takes as long: an unknown name goes the same way as a wrong secret, and whether
the slow check of a password is done depends on the secret that was sent, never on the account.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from offhook.call.resource_rows import UserRow
from offhook.call.rows import AccountRow, AccountStatus, ApiKeyRow
from offhook.rest.errors import INACTIVE, UNAUTHORIZED, Refusal, too_many
from offhook.rest.login_delays import LoginDelays
from offhook.rest.ports import Accounts, ApiKeys, Users

REMEMBERED_S = 1.0
"""How long an account is believed to be as it was read: a closed one is out after that."""
PASSWORD_FOR_S = 300.0
"""How long a password that was right is known again without the slow check."""
CHECKED_AT_ONCE = 2
"""Slow checks: each takes a core and 19 MB, which nobody gets more of by guessing."""
MOST_WAITING = 8
"""Requests that may be in a slow check or wait for one; more are sent away, or nobody else would be answered."""
MOST_KEPT = 10_000
KEY_ID = re.compile("SK[0-9a-f]{32}")
TOKEN_LIKE = re.compile("[0-9a-fA-F]{32,}")
"""No password looks like that, so nobody tries it slowly."""
Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who asks: an account, a user of it, or a program with an API key of it."""

    account: AccountRow
    by_key: bool
    user: UserRow | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What a name stands for."""

    until: float
    account: AccountRow | None
    key: ApiKeyRow | None
    user: UserRow | None

    @property
    def token(self) -> str:
        """What opens at once; empty for nothing."""
        return self.account.auth_token if self.account and not self.user else ""

    @property
    def password_hash(self) -> str | None:
        """What opens after the slow check."""
        owner = self.user or self.account
        return owner.password_hash if owner else None

    @property
    def owner_sid(self) -> str:
        """Whose password it is."""
        owner = self.user or self.account
        return owner.sid if owner else ""


class SigningIn:
    """Checks who asks. Blocks while it asks the records. Safe to use from many threads."""

    def __init__(
        self,
        accounts: Accounts,
        api_keys: ApiKeys,
        users: Users,
        delays: LoginDelays,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._api_keys = api_keys
        self._users = users
        self._delays = delays
        self._clock = clock
        self._lock = threading.Lock()
        self._checking = threading.BoundedSemaphore(CHECKED_AT_ONCE)
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._names: OrderedDict[str, _Known] = OrderedDict()
        self._passwords: OrderedDict[bytes, float] = OrderedDict()
        self._are_open: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._digest_key = secrets.token_bytes(32)

    def sign_in(self, authorization: str, source: str) -> SignedIn:
        """Who sends this header from `source`. Raises Refusal, RecordsAway."""
        name, secret = _credentials(authorization)
        return self.prove(name, secret, source)

    def prove(self, name: str, secret: str, source: str) -> SignedIn:
        """Who has this name and secret and asks from `source`. Raises Refusal, RecordsAway."""
        self._hold_back(source, name)
        known = self._known(name)
        if not self._proves(secret, known, source, name):
            self._delays.failed(source, name)
            raise unauthorized()
        self._delays.succeeded(source, name)
        assert known.account is not None
        if known.user is not None and known.user.status is not AccountStatus.ACTIVE:
            raise Refusal(403, INACTIVE, "The user is not active.")
        if known.account.status is not AccountStatus.ACTIVE:
            raise Refusal(403, INACTIVE, "The account is not active.")
        if known.account.parent_sid is not None and not self._is_open_above(known.account.parent_sid):
            raise Refusal(403, INACTIVE, "An account above this one is not active.")
        return SignedIn(known.account, by_key=known.key is not None, user=known.user)

    def _is_open_above(self, parent_sid: str) -> bool:
        """Whether an account and all above it are active."""
        now = self._clock()
        until, is_open = self._are_open.get(parent_sid, (0.0, False))
        if now < until:
            return is_open
        above: str | None = parent_sid
        is_open = True
        while is_open and above is not None:
            account = self._accounts.get(above)
            is_open = account is not None and account.status is AccountStatus.ACTIVE
            above = account.parent_sid if account else None
        with self._lock:
            _keep(self._are_open, parent_sid, (now + REMEMBERED_S, is_open))
        return is_open

    def _hold_back(self, source: str, name: str) -> None:
        wait_s = self._delays.wait_s(source, name)
        if wait_s:
            raise too_many("Too many failed logins from here.", wait_s)

    def _known(self, name: str) -> _Known:
        now = self._clock()
        known = self._names.get(name)
        if known is not None and now < known.until:
            return known
        key = self._api_keys.find(name) if KEY_ID.fullmatch(name) else None
        is_open = key is not None and key.date_revoked is None
        user = self._users.find(name) if "@" in name else None
        owner = key.account_sid if key and is_open else user.account_sid if user else name
        known = _Known(now + REMEMBERED_S, self._accounts.find(owner), key, user)
        with self._lock:
            _keep(self._names, name, known)
        return known

    def _proves(self, secret: str, known: _Known, source: str, name: str) -> bool:
        if KEY_ID.fullmatch(name):
            digest = hashlib.sha256(secret.encode("utf-8")).hexdigest()
            is_right = hmac.compare_digest(digest, known.key.secret_sha256 if known.key else "-" * 64)
            return is_right and known.account is not None
        if _same(secret, known.token):
            return known.account is not None
        if TOKEN_LIKE.fullmatch(secret):
            return False
        return self._is_password(secret, known, source, name) and known.account is not None

    def _is_password(self, secret: str, known: _Known, source: str, name: str) -> bool:
        """Slow, unless it was right lately and the account or user has it still."""
        kept = f"{known.owner_sid}\0{known.password_hash}"
        digest = hmac.digest(self._digest_key, f"{kept}\0{secret}".encode(), "sha256")
        if self._clock() < self._passwords.get(digest, 0.0):
            return True
        if not self._waiting.acquire(blocking=False):
            raise too_many("Too many people sign in with passwords now.", 1.0)
        try:
            with self._checking:
                self._hold_back(source, name)  # others may have failed while this one waited for its turn
                is_right = self._accounts.is_password(secret, known.password_hash)
        finally:
            self._waiting.release()
        if not is_right:
            return False
        with self._lock:
            _keep(self._passwords, digest, self._clock() + PASSWORD_FOR_S)
        return True


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MOST_KEPT:
        kept.popitem(last=False)


def _credentials(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise unauthorized()
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise unauthorized() from None
    name, colon, secret = text.partition(":")
    if not (name and colon and secret):
        raise unauthorized()
    return name, secret


def _same(given: str, kept: str) -> bool:
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in (given, kept))
    return hmac.compare_digest(*digests)


def unauthorized() -> Refusal:
    return Refusal(
        401,
        UNAUTHORIZED,
        "Sign in with HTTP Basic: the account's sid and its auth token, or an API key and its secret.",
        {"WWW-Authenticate": 'Basic realm="Restcomm realm"'},
    )
