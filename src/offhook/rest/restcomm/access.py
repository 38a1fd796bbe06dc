"""Who may do what: who signed in, how often they may ask, and whose account a path names.

An account acts on itself and on its sub-accounts, three levels down. Whatever else a path names does not exist
for it. From here on every question to the records carries the sid of the account that was let in.

A viewer only looks. Accounts, users and API keys are changed by administrators, and not with an API key: what can be
taken back must not make what stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from offhook.call.resource_rows import UserRole
from offhook.call.rows import AccountRow, AccountStatus
from offhook.rest.errors import INACTIVE, Refusal, forbidden, not_found, too_many
from offhook.rest.ports import Accounts, Ports
from offhook.rest.restcomm import answers
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.paging import PageAsked, envelope, read_page
from offhook.rest.restcomm.spelling import Spelling
from offhook.rest.signing_in import SignedIn, SigningIn

LEVELS = 3
"""How many levels of sub-accounts an account may act on."""
READING = ("GET", "HEAD")
CHANGEABLE = (AccountStatus.ACTIVE, AccountStatus.UNINITIALIZED)
"""The states of an account in which what it has can be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that was let in: to whose account, asking what, to be answered how."""

    account: AccountRow
    """The account that the path names."""
    caller: SignedIn
    """Who asks."""
    ports: Ports
    spelling: Spelling
    query: Mapping[str, str]

    @property
    def shows_tokens(self) -> bool:
        """Whether auth tokens are shown: not to users and programs, who can be shut out, as tokens would stay."""
        return not self.caller.by_key and self.caller.user is None

    def must_administer(self) -> None:
        """Let only administrators go on, and none with an API key. Raises Refusal."""
        if self.caller.by_key:
            raise forbidden("An API key does not change accounts, users or API keys; sign in as the account.")
        if role_of(self.caller) is not UserRole.ADMINISTRATOR:
            raise forbidden("Only an administrator changes accounts, users and API keys.")

    def every(self, kind: Kind, items: Sequence[Fields]) -> Response:
        """Answer with all there are, without pages."""
        return answers.every(kind, items, self.spelling.format)

    def words(self, kind: Kind, items: Sequence[str]) -> Response:
        """Answer with all there are of what is a word only."""
        return answers.words(kind, items, self.spelling.format)

    def page_asked(self) -> PageAsked:
        """The page that the query asks for. Raises Refusal."""
        return read_page(self.query)

    def one(self, kind: Kind, fields: Fields) -> Response:
        """Answer with a resource."""
        return answers.one(kind, fields, self.spelling.format)

    def many(
        self, kind: Kind, items: list[Fields], total: int, asked: PageAsked, filters: tuple[str, ...]
    ) -> Response:
        """Answer with a page of resources, whose links keep those of `filters` that were given."""
        around = envelope(
            asked,
            total,
            path=self.spelling.written,
            filters={name: self.query[name] for name in filters if name in self.query},
            last_sid=str(items[-1]["sid"]) if items else None,
        )
        return answers.many(kind, items, around, self.spelling.format)


def role_of(caller: SignedIn) -> UserRole:
    """What whoever signed in may do: a user's own role, else the account's."""
    if caller.user is not None:
        return caller.user.role
    named = caller.account.role.lower()
    return UserRole(named) if named in list(UserRole) else UserRole.DEVELOPER


def let_in(request: Request, account_sid: str) -> Access:
    """Check who asks, how often, and that the account of the path is theirs and may be changed, where it is.

    Raises Refusal, RecordsAway.
    """
    access = let_in_whatever_status(request, account_sid)
    if request.method not in READING and access.account.status not in CHANGEABLE:
        raise Refusal(403, INACTIVE, f"The account is {access.account.status}: it can only be looked at.")
    return access


def let_in_whatever_status(request: Request, account_sid: str) -> Access:
    """The same, but an account that is not active may be changed too. Raises Refusal, RecordsAway."""
    caller = _caller(request)
    ports: Ports = request.app.state.ports
    return _access(request, caller, _operated(ports.accounts, caller.account, account_sid))


def let_in_as_oneself(request: Request) -> Access:
    """Check who asks, and how often, where no account is named: their own is meant. Raises Refusal, RecordsAway."""
    caller = _caller(request)
    return _access(request, caller, caller.account)


LetIn = Annotated[Access, Depends(let_in)]
LetInWhateverStatus = Annotated[Access, Depends(let_in_whatever_status)]
LetInAsOneself = Annotated[Access, Depends(let_in_as_oneself)]


def _caller(request: Request) -> SignedIn:
    caller = _signed_in(request)
    wait_s = request.app.state.request_rates.wait_s(caller.account.sid)
    if wait_s:
        raise too_many("The account asks more often than it may.", wait_s)
    if request.method not in READING and role_of(caller) is UserRole.VIEWER:
        raise forbidden("A viewer may only look: GET.")
    return caller


def _access(request: Request, caller: SignedIn, account: AccountRow) -> Access:
    return Access(
        account=account,
        caller=caller,
        ports=request.app.state.ports,
        spelling=request.scope["spelling"],
        query=request.query_params,
    )


def _signed_in(request: Request) -> SignedIn:
    signing_in: SigningIn = request.app.state.signing_in
    return signing_in.sign_in(request.headers.get("authorization", ""), request.app.state.source(request))


def _operated(accounts: Accounts, caller: AccountRow, name: str) -> AccountRow:
    """The account that the path names by its sid or e-mail address."""
    if name == caller.sid or (caller.email_address and name.lower() == caller.email_address.lower()):
        return caller
    wanted = accounts.find(name)
    ancestor = wanted
    for _ in range(LEVELS):
        if ancestor is None or ancestor.parent_sid is None:
            break
        if wanted is not None and ancestor.parent_sid == caller.sid:
            return wanted
        ancestor = accounts.get(ancestor.parent_sid)
    raise not_found("such account")
