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
from offhook.call.rows import AccountRow
from offhook.rest.callers import must_be_changeable, operated, role_of, within_rights
from offhook.rest.errors import forbidden
from offhook.rest.ports import Ports
from offhook.rest.restcomm import answers
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.paging import PageAsked, envelope, read_page
from offhook.rest.restcomm.spelling import Spelling
from offhook.rest.signing_in import SignedIn, SigningIn


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


def let_in(request: Request, account_sid: str) -> Access:
    """Check who asks, how often, and that the account of the path is theirs and may be changed, where it is.

    Raises Refusal, RecordsAway.
    """
    access = let_in_whatever_status(request, account_sid)
    must_be_changeable(request, access.account)
    return access


def let_in_whatever_status(request: Request, account_sid: str) -> Access:
    """The same, but an account that is not active may be changed too. Raises Refusal, RecordsAway."""
    caller = _caller(request)
    ports: Ports = request.app.state.ports
    return _access(request, caller, operated(ports.accounts, caller.account, account_sid))


def let_in_as_oneself(request: Request) -> Access:
    """Check who asks, and how often, where no account is named: their own is meant. Raises Refusal, RecordsAway."""
    caller = _caller(request)
    return _access(request, caller, caller.account)


LetIn = Annotated[Access, Depends(let_in)]
LetInWhateverStatus = Annotated[Access, Depends(let_in_whatever_status)]
LetInAsOneself = Annotated[Access, Depends(let_in_as_oneself)]


def _caller(request: Request) -> SignedIn:
    return within_rights(request, _signed_in(request))


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
