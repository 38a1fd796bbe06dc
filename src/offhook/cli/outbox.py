"""`offhook outbox`: the callbacks that wait, were delivered, or were given up; and their sending again."""

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from offhook.cli.opening import BAD_USE, FAILED, opened_database

if TYPE_CHECKING:
    from rich.table import Table

    from offhook.call.rows import CallbackRow
    from offhook.records.callbacks import Callbacks
    from offhook.records.outbox import State

PIPE_COLUMNS = 240

AccountOption = Annotated[
    str | None, typer.Option("--account", help="Only callbacks of the account with this SID.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The callback's id, or how it begins.")]

outbox = typer.Typer(
    help="Callbacks: list, look into, send again. They are kept for OFFHOOK_CALLBACK_KEEP_DAYS.",
    no_args_is_help=True,
)


@outbox.command("ls")
def list_callbacks(
    state: Annotated[
        str | None, typer.Option("--state", help="Only those that are pending, leased, done or dead.")
    ] = None,
    account: AccountOption = None,
    before: Annotated[
        str | None, typer.Option("--before", help="Only older ones: 10m, 1h, 2d, or a date.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List callbacks, newest first."""
    from offhook.cli.call_words import read_since
    from offhook.cli.callback_words import callback_json, callback_table
    from offhook.records.callbacks import CallbackFilter, Callbacks

    try:
        created_before = read_since(before, datetime.now(UTC)) if before is not None else None
        wanted = CallbackFilter(
            state=_state(state) if state else None, account_sid=account, created_before=created_before
        )
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USE) from None
    with opened_database() as database:
        rows = Callbacks(database).newest(wanted, limit=limit)
        counts = Callbacks(database).counts(account)
    if as_json:
        typer.echo(json.dumps([callback_json(row) for row in rows], indent=2))
        return
    if rows:
        _print(callback_table(rows))
    else:
        typer.echo("There is no such callback.", err=True)
    typer.echo("In all: " + ", ".join(f"{count} {state}" for state, count in counts.items()), err=True)


@outbox.command()
def show(id: IdArgument, as_json: JsonOption = False) -> None:
    """Show a callback with all its attempts."""
    from offhook.cli.callback_words import callback_json, callback_story
    from offhook.records.callbacks import Callbacks

    with opened_database() as database:
        found = _find(Callbacks(database), id)
    typer.echo(json.dumps(callback_json(found), indent=2) if as_json else callback_story(found))


@outbox.command()
def dead(account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Show which URLs callbacks were given up at, how many, and why."""
    from offhook.cli.callback_words import dead_json, dead_table
    from offhook.records.callbacks import Callbacks

    with opened_database() as database:
        urls = Callbacks(database).dead_urls(account)
    if as_json:
        typer.echo(json.dumps([dead_json(url) for url in urls], indent=2))
    elif urls:
        _print(dead_table(urls))
        typer.echo("`offhook outbox replay --dead` sends them again.", err=True)
    else:
        typer.echo("No callback was given up.", err=True)


@outbox.command()
def replay(
    id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The callback's id, or how it begins.")
    ] = None,
    is_dead: Annotated[bool, typer.Option("--dead", help="All that were given up.")] = False,
    account: AccountOption = None,
    host: Annotated[
        str | None, typer.Option("--host", help="With --dead: only those to this host, as app.example:8080.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Send a callback again, or all that were given up. It keeps its id and its history."""
    from offhook.records.callbacks import Callbacks

    if (id is None) != is_dead or (id is not None and (account or host)):
        typer.echo("Give the id of one callback, or --dead with --account or --host as you like.", err=True)
        raise typer.Exit(BAD_USE)
    with opened_database() as database:
        callbacks = Callbacks(database)
        if id is None:
            count = callbacks.replay_dead(account, host)
        else:
            found = _find(callbacks, id)
            if not callbacks.replay(found.id):
                typer.echo(f"{found.id} is being sent right now; look again in a minute.", err=True)
                raise typer.Exit(FAILED)
            count = 1
    if as_json:
        typer.echo(json.dumps({"replayed": count}))
    elif count:
        typer.echo(f"{count} callback{'s' if count > 1 else ''} will be sent within a second or so.")
    else:
        typer.echo("No such callback was given up.", err=True)


def _state(word: str) -> "State":
    from offhook.records.outbox import State

    try:
        return State(word.lower())
    except ValueError:
        raise ValueError(f"{word!r} is no state: write {', '.join(State)}") from None


def _find(callbacks: "Callbacks", id: str) -> "CallbackRow":
    from offhook.cli.call_words import plain

    found = callbacks.alike(id.strip().lower()) if id.strip() else ()
    if len(found) == 1:
        return found[0]
    if found:
        ids = "\n".join(f"  {row.id}  {row.state}" for row in found)
        typer.echo(f"{plain(id)} begins more than one id:\n{ids}", err=True)
    else:
        counts = callbacks.counts()
        there = ", ".join(f"{count} {state}" for state, count in counts.items())
        typer.echo(f"There is no callback {plain(id)[:100]}.", err=True)
        typer.echo(f"There are {there}; `offhook outbox ls` shows the newest.", err=True)
    raise typer.Exit(FAILED)


def _print(table: "Table") -> None:
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS, highlight=False).print(table)
