"""Who asks, how often they may, and on whose account they may act. What the API families have alike.

An account acts on itself and on its sub-accounts, three levels down. Whatever else a path names does not exist for it.
"""

from fastapi import Request

from offhook.call.resource_rows import UserRole
from offhook.call.rows import AccountRow, AccountStatus
from offhook.rest.errors import INACTIVE, Refusal, forbidden, not_found, too_many
from offhook.rest.ports import Accounts
from offhook.rest.signing_in import SignedIn

LEVELS = 3
"""How many levels of sub-accounts an account may act on."""
READING = ("GET", "HEAD")
CHANGEABLE = (AccountStatus.ACTIVE, AccountStatus.UNINITIALIZED)
"""The states of an account in which what it has can be changed."""


def role_of(caller: SignedIn) -> UserRole:
    """What whoever signed in may do: a user's own role, else the account's."""
    if caller.user is not None:
        return caller.user.role
    named = caller.account.role.lower()
    return UserRole(named) if named in list(UserRole) else UserRole.DEVELOPER


def within_rights(request: Request, caller: SignedIn) -> SignedIn:
    """The same caller, whose request is counted. Raises Refusal where they ask too often, or change what they may only
    look at."""
    wait_s = request.app.state.request_rates.wait_s(caller.account.sid)
    if wait_s:
        raise too_many("The account asks more often than it may.", wait_s)
    if request.method not in READING and role_of(caller) is UserRole.VIEWER:
        raise forbidden("A viewer may only look: GET.")
    return caller


def operated(accounts: Accounts, caller: AccountRow, name: str) -> AccountRow:
    """The account that the path names by its sid, auth id or e-mail address. Raises Refusal."""
    if name in (caller.sid, caller.auth_id):
        return caller
    if caller.email_address and name.lower() == caller.email_address.lower():
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


def must_be_changeable(request: Request, account: AccountRow) -> None:
    """Let nobody change what a closed or suspended account has. Raises Refusal."""
    if request.method not in READING and account.status not in CHANGEABLE:
        raise Refusal(403, INACTIVE, f"The account is {account.status}: it can only be looked at.")
