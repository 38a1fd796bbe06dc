"""Who may do what: HTTP Basic, and whose account a path names.

An account acts on itself and on its sub-accounts, three levels down. Whatever else a path names does not exist
for it. From here on every question to the records carries the sid of the account that was let in.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from offhook.call.rows import AccountRow, AccountStatus
from offhook.rest.errors import INACTIVE, UNAUTHORIZED, Refusal, not_found
from offhook.rest.ports import Accounts, Ports
from offhook.rest.restcomm import answers
from offhook.rest.restcomm.answers import Fields, Kind
from offhook.rest.restcomm.paging import PageAsked, envelope, read_page
from offhook.rest.restcomm.spelling import Spelling

LEVELS = 3
"""How many levels of sub-accounts an account may act on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A request that was let in: to whose account, asking what, to be answered how."""

    account: AccountRow
    """The account that the path names."""
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
    """Check who asks, and that the account of the path is theirs. Raises Refusal."""
    ports: Ports = request.app.state.ports
    caller = _authenticate(ports.accounts, request.headers.get("authorization", ""))
    return Access(
        account=_operated(ports.accounts, caller, account_sid),
        ports=ports,
        spelling=request.scope["spelling"],
        query=request.query_params,
    )


LetIn = Annotated[Access, Depends(let_in)]


def _authenticate(accounts: Accounts, authorization: str) -> AccountRow:
    name, token = _credentials(authorization)
    account = accounts.find(name)
    # Compared in any case, so that an unknown name takes as long as a wrong token.
    is_right = _same(token, account.auth_token if account else "")
    if account is None or not is_right:
        raise _unauthorized()
    if account.status is not AccountStatus.ACTIVE:
        raise Refusal(403, INACTIVE, "The account is not active.")
    return account


def _credentials(authorization: str) -> tuple[str, str]:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise _unauthorized()
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise _unauthorized() from None
    name, colon, token = text.partition(":")
    if not (name and colon and token):
        raise _unauthorized()
    return name, token


def _same(given: str, kept: str) -> bool:
    digests = (hashlib.sha256(text.encode("utf-8")).digest() for text in (given, kept))
    return hmac.compare_digest(*digests)


def _unauthorized() -> Refusal:
    return Refusal(
        401,
        UNAUTHORIZED,
        "Sign in with HTTP Basic: the account's sid and its auth token.",
        {"WWW-Authenticate": 'Basic realm="Restcomm realm"'},
    )


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
