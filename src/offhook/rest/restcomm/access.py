"""Who may do what: who signed in, how often they may ask, and whose account a path names.

An account acts on itself and on its sub-accounts, three levels down. Whatever else a path names does not exist
for it. From here on every question to the records carries the sid of the account that was let in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from offhook.call.rows import AccountRow
from offhook.rest.errors import not_found, too_many
from offhook.rest.ports import Accounts, Ports
from offhook.rest.restcomm import answers
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.paging import PageAsked, envelope, read_page
from offhook.rest.restcomm.spelling import Spelling
from offhook.rest.signing_in import SignedIn, SigningIn

LEVELS = 3
"""How many levels of sub-accounts an account may act on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that was let in: to whose account, asking what, to be answered how."""

    account: AccountRow
    """The account that the path names."""
    by_key: bool
    """Whether an API key let it in."""
    ports: Ports
    spelling: Spelling
    query: Mapping[str, str]

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
    """Check who asks, how often, and that the account of the path is theirs. Raises Refusal, RecordsAway."""
    state = request.app.state
    ports: Ports = state.ports
    caller = _signed_in(request)
    wait_s = state.request_rates.wait_s(caller.account.sid)
    if wait_s:
        raise too_many("The account asks more often than it may.", wait_s)
    return Access(
        account=_operated(ports.accounts, caller.account, account_sid),
        by_key=caller.by_key,
        ports=ports,
        spelling=request.scope["spelling"],
        query=request.query_params,
    )


LetIn = Annotated[Access, Depends(let_in)]


def _signed_in(request: Request) -> SignedIn:
    signing_in: SigningIn = request.app.state.signing_in
    return signing_in.sign_in(request.headers.get("authorization", ""), request.app.state.source(request))


def _operated(accounts: Accounts, caller: AccountRow, name: str) -> AccountRow:
    """The account that the path names by its sid or e-mail address."""
    if name == caller.sid or name == caller.email_address:
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
