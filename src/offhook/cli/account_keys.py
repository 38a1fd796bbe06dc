"""`offhook account keys`: names and secrets for programs, each of which can be taken back alone."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from offhook.cli.opening import FAILED, opened_database

keys = typer.Typer(help="API keys, for programs.", no_args_is_help=True)
Sid = Annotated[str, typer.Argument(help="The account's sid, auth id or e-mail address.", metavar="SID")]


@keys.command()
def ls(
    sid: Sid,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the API keys of an account."""
    from offhook.cli.account import find
    from offhook.records.accounts import Accounts
    from offhook.records.api_keys import ApiKeys

    with opened_database() as database:
        found = ApiKeys(database).of_account(find(Accounts(database), sid).sid)
    told = [
        {
            "key": key.key_id,
            "name": key.friendly_name,
            "date_created": key.date_created.isoformat(),
            "date_revoked": key.date_revoked.isoformat() if key.date_revoked else None,
        }
        for key in found
    ]
    if as_json:
        typer.echo(json.dumps(told))
        return
    for each in told:
        revoked = f"  revoked {each['date_revoked']}" if each["date_revoked"] else ""
        typer.echo(f"{each['key']}  {each['name']}{revoked}")


@keys.command()
def add(
    sid: Sid,
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an API key. Its secret is shown this once."""
    from offhook.cli.account import find
    from offhook.records.accounts import Accounts
    from offhook.records.api_keys import ApiKeys

    with opened_database() as database:
        owner = find(Accounts(database), sid)
        made, secret = ApiKeys(database).add(owner.sid, name, now=datetime.now(UTC))
    if as_json:
        typer.echo(json.dumps({"key": made.key_id, "secret": secret}))
        return
    typer.echo(f"key     {made.key_id}\nsecret  {secret}  (shown only this once)")


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="The key: SK and 32 hex digits.")]) -> None:
    """Take an API key back; it opens nothing a second later."""
    from offhook.records.api_keys import ApiKeys

    with opened_database() as database:
        is_done = ApiKeys(database).revoke(key, now=datetime.now(UTC))
    if not is_done:
        typer.echo(f"There is no API key {key} that still opens something.", err=True)
        raise typer.Exit(FAILED)
    typer.echo(f"{key} was revoked.")
