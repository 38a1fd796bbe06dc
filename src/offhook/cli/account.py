"""`offhook account`: who may use the server, how much, and what they sign in with."""

import json
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offhook.cli.account_keys import keys
from offhook.cli.opening import BAD_USE, FAILED, opened_database

if TYPE_CHECKING:
    from offhook.call.rows import AccountLimits, AccountRow
    from offhook.records.accounts import Accounts
    from offhook.records.database import Database

SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
LIMITS = ("concurrent-calls", "calls-per-s", "requests-per-s", "destinations")

account = typer.Typer(help="Accounts: limits, passwords, API keys.", no_args_is_help=True)
account.add_typer(keys, name="keys")

Sid = Annotated[str, typer.Argument(help="The account's sid, auth id or e-mail address.", metavar="SID")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@account.command()
def ls(as_json: AsJson = False) -> None:
    """List all accounts with their limits."""
    from offhook.records.accounts import Accounts

    with opened_database() as database:
        told = [_told(database, each) for each in Accounts(database).all()]
    if as_json:
        typer.echo(json.dumps(told))
        return
    for each in told:
        typer.echo(f"{each['sid']}  {each['status']:9} {each['friendly_name']}{_short(each['limits'])}")


@account.command()
def show(sid: Sid, as_json: AsJson = False) -> None:
    """Show an account: its limits, and what it can be signed in with."""
    from offhook.records.accounts import Accounts

    with opened_database() as database:
        found = find(Accounts(database), sid)
        told = _told(database, found)
    if as_json:
        typer.echo(json.dumps(told))
    else:
        limits = told.pop("limits")
        lines = [f"{name.replace('_', ' '):18} {_word(value)}" for name, value in told.items()]
        lines += [f"{name.replace('_', ' '):18} {_word(value, 'no limit')}" for name, value in limits.items()]
        typer.echo("\n".join(lines))


@account.command()
def limits(
    sid: Sid,
    concurrent_calls: Annotated[
        int | None, typer.Option(min=0, help="Calls that run at once, in both directions.")
    ] = None,
    calls_per_s: Annotated[
        float | None, typer.Option(min=0.001, help="Calls that begin in a second; 0.2 is one in 5 s.")
    ] = None,
    requests_per_s: Annotated[
        float | None, typer.Option(min=0.001, help="Requests to REST in a second.")
    ] = None,
    destinations: Annotated[
        str | None,
        typer.Option(
            help="Prefixes of numbers that may be called, comma-separated: +49,+43; + is all but premium-rate."
        ),
    ] = None,
    clear: Annotated[
        list[str] | None,
        typer.Option("--clear", help=f"Take a limit away: {', '.join(LIMITS)}; may be given again."),
    ] = None,
) -> None:
    """Set limits of an account. Each holds within a few seconds, and does not end what runs already."""
    from offhook.records.accounts import Accounts
    from offhook.records.limits import Limits

    given: dict[str, Any] = {
        "concurrent_calls": concurrent_calls,
        "calls_per_s": calls_per_s,
        "requests_per_s": requests_per_s,
        "destinations": _prefixes(destinations) if destinations is not None else None,
    }
    changes = {name: value for name, value in given.items() if value is not None} | _cleared(clear or [])
    with opened_database() as database:
        found = find(Accounts(database), sid)
        wanted = replace(Limits(database).get(found.sid), **changes)
        if changes:
            Limits(database).set(found.sid, wanted)
    for name, value in _limits(wanted).items():
        typer.echo(f"{name.replace('_', ' '):18} {_word(value, 'no limit')}")


@account.command()
def token(
    sid: Sid,
    renew: Annotated[
        bool, typer.Option("--renew", help="Make a new one first; the old one opens nothing then.")
    ] = False,
) -> None:
    """Print an account's auth token, and nothing else."""
    from offhook.records.accounts import Accounts

    with opened_database() as database:
        accounts = Accounts(database)
        found = find(accounts, sid)
        shown = accounts.renew_token(found.sid, now=datetime.now(UTC)) if renew else found.auth_token
    typer.echo(shown)


@account.command()
def password(
    sid: Sid,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read it from standard input, one line.")] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take it away: only the token opens then.")
    ] = False,
) -> None:
    """Set the password that a person signs in to REST with; it is asked for twice."""
    from offhook.records.accounts import Accounts

    with opened_database() as database:
        accounts = Accounts(database)
        found = find(accounts, sid)
        wanted = None if remove else _new_password(stdin)
        accounts.set_password(found.sid, wanted, now=datetime.now(UTC))
    typer.echo(f"The password of {found.sid} was {'removed' if remove else 'set'}.")


def find(accounts: "Accounts", name: str) -> "AccountRow":
    """The account with this name; leaves with status 1 where there is none."""
    found = accounts.find(name)
    if found is None:
        typer.echo(f"There is no account {name}: `offhook account ls` lists them.", err=True)
        raise typer.Exit(FAILED)
    return found


def _new_password(from_stdin: bool) -> str:
    from offhook.rest.signing_in import TOKEN_LIKE

    given = sys.stdin.readline().rstrip("\r\n") if from_stdin else _asked_twice()
    fault = None
    if not SHORTEST_PASSWORD <= len(given) <= LONGEST_PASSWORD:
        fault = f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; take a few words."
    elif TOKEN_LIKE.fullmatch(given):
        fault = "That looks like an auth token; take a few words."
    if fault:
        typer.echo(fault, err=True)
        raise typer.Exit(BAD_USE)
    return given


def _asked_twice() -> str:
    given: str = typer.prompt("New password", hide_input=True, confirmation_prompt="Once more")
    return given


def _prefixes(text: str) -> tuple[str, ...]:
    from offhook.call.destinations import PREFIX

    prefixes = tuple(part.strip() for part in text.split(",") if part.strip())
    for prefix in prefixes:
        if not PREFIX.fullmatch(prefix):
            raise typer.BadParameter(
                f"{prefix!r} is no prefix: write + and the digits that numbers begin with, such as +49, or digits as "
                f"they are dialled",
                param_hint="--destinations",
            )
    return prefixes


def _cleared(names: list[str]) -> dict[str, None]:
    for name in names:
        if name not in LIMITS:
            raise typer.BadParameter(
                f"{name!r} is no limit; there are {', '.join(LIMITS)}", param_hint="--clear"
            )
    return {name.replace("-", "_"): None for name in names}


def _told(database: "Database", each: "AccountRow") -> dict[str, Any]:
    """An account without what must not be seen."""
    from offhook.records.api_keys import ApiKeys
    from offhook.records.limits import Limits

    keys_open = [key for key in ApiKeys(database).of_account(each.sid) if key.date_revoked is None]
    return {
        "sid": each.sid,
        "auth_id": each.auth_id,
        "friendly_name": each.friendly_name,
        "email_address": each.email_address,
        "status": str(each.status),
        "parent_sid": each.parent_sid,
        "date_created": each.date_created.isoformat(),
        "has_password": each.password_hash is not None,
        "api_keys": len(keys_open),
        "limits": _limits(Limits(database).get(each.sid)),
    }


def _limits(kept: "AccountLimits") -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(kept).items()}


def _short(limits: dict[str, Any]) -> str:
    """The limits that are set, behind the name."""
    held = [f"{name.replace('_', '-')} {_word(value)}" for name, value in limits.items() if value is not None]
    return f"  ({'; '.join(held)})" if held else ""


def _word(value: object, for_none: str = "-") -> str:
    match value:
        case None:
            return for_none
        case bool():
            return "yes" if value else "no"
        case list():
            return ",".join(str(part) for part in value) or "none at all"
        case float():
            return f"{value:g}"
        case _:
            return str(value)
