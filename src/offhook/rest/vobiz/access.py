"""Who may do what: the headers X-Auth-ID and X-Auth-Token or HTTP Basic say who asks, and the path whose account is meant.

Both take an account's sid or its Auth ID, and its token. An account acts on itself and on its sub-accounts; whatever
else a path names does not exist for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from offhook.call.rows import AccountRow, CallRow
from offhook.rest.callers import must_be_changeable, operated, within_rights
from offhook.rest.errors import UNAUTHORIZED, Refusal, not_found
from offhook.rest.ports import Ports
from offhook.rest.signing_in import SignedIn, SigningIn
from offhook.rest.vobiz.answers import read_uuid
from offhook.rest.vobiz.paths import PREFIX

AUTH_ID, AUTH_TOKEN = "x-auth-id", "x-auth-token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that was let in: to whose account, asking what."""

    account: AccountRow
    """The account that the path names."""
    ports: Ports
    query: Mapping[str, str]
    path: str
    """As the route knows it."""

    def uri(self, below: str) -> str:
        """The URI of something of the account, relative to the server."""
        return f"{PREFIX}/Account/{self.account.auth_id}/{below}/"

    def url(self, below: str) -> str:
        """The same, absolute, with nothing after it."""
        return f"{self.ports.public_url.rstrip('/')}{PREFIX}/Account/{self.account.sid}/{below}"

    def call(self, text: str) -> CallRow:
        """The account's call with this UUID. Blocks. Raises Refusal."""
        call_id = read_uuid(text)
        call = self.ports.calls.get(self.account.sid, call_id) if call_id else None
        if call is None:
            raise not_found(f"call {text[:80]}")
        return call


def let_in(request: Request, auth_id: str) -> Access:
    """Check who asks, how often, and that the account of the path is theirs. Raises Refusal, RecordsAway."""
    caller = within_rights(request, _signed_in(request))
    ports: Ports = request.app.state.ports
    account = operated(ports.accounts, caller.account, auth_id)
    must_be_changeable(request, account)
    return Access(account=account, ports=ports, query=request.query_params, path=request.scope["path"])


LetIn = Annotated[Access, Depends(let_in)]


def _signed_in(request: Request) -> SignedIn:
    signing_in: SigningIn = request.app.state.signing_in
    source: str = request.app.state.source(request)
    name, token = request.headers.get(AUTH_ID, ""), request.headers.get(AUTH_TOKEN, "")
    try:
        if name and token:
            return signing_in.prove(name, token, source)
        return signing_in.sign_in(request.headers.get("authorization", ""), source)
    except Refusal as refusal:
        if refusal.status != 401:
            raise
        message = "Sign in with X-Auth-ID and X-Auth-Token, or with HTTP Basic: the account's Auth ID and its token."
        raise Refusal(401, UNAUTHORIZED, message, {"WWW-Authenticate": 'Basic realm="Account"'}) from None
