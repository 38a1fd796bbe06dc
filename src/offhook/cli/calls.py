"""`offhook calls`: looks at calls, running and over, straight in the database."""

import json
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from offhook.cli.calls_reconcile import reconcile
from offhook.cli.opening import BAD_USE, FAILED, opened_database

if TYPE_CHECKING:
    from rich.table import Table

    from offhook.call.info import CallStatus
    from offhook.call.rows import CallRow
    from offhook.records.call_story import CallStory
    from offhook.records.database import Database

LOOK_EVERY_S = 0.5
PIPE_COLUMNS = 240

AccountOption = Annotated[
    str | None, typer.Option("--account", help="The account's SID; the first account unless given.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]

calls = typer.Typer(help="Calls: list, follow, look into, and check them.", no_args_is_help=True)
calls.command()(reconcile)


@calls.command("ls")
def list_calls(
    status: Annotated[
        str | None, typer.Option("--status", help="Only calls in this state, such as in-progress.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Only calls from here; % is any run of characters.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Only calls to there; % is any run of characters.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help="Only calls begun since: 30m, 1h, 2d, or a date.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 20,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """List calls, newest first."""
    from offhook.call.listing import CallFilter
    from offhook.cli.call_words import call_json, read_since
    from offhook.records.calls import Calls

    try:
        begun = read_since(since, datetime.now(UTC)) if since is not None else None
        wanted = CallFilter(
            from_=from_, to=to, status=_status(status) if status else None, started_from=begun
        )
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USE) from None
    with opened_database() as database:
        page = Calls(database).page(_account_sid(database, account), wanted, offset=0, limit=limit)
    if as_json:
        typer.echo(json.dumps([call_json(call) for call in page.rows], indent=2))
        return
    _print(_table(page.rows))
    typer.echo(
        f"{len(page.rows)} of {page.total} calls" if page.total else "There is no such call.", err=True
    )


@calls.command()
def tail(account: AccountOption = None, as_json: JsonOption = False) -> None:
    """Follow calls: a line for each that begins or changes its state, until Ctrl-C. First those that run now."""
    from offhook.call.errors import RecordsAway
    from offhook.records.call_changes import CallChanges

    with opened_database() as database:
        changes = CallChanges(database, _account_sid(database, account))
        rows: tuple[CallRow, ...] = changes.running()
        is_away = False
        try:
            while True:
                for call in rows:
                    typer.echo(_line(call, as_json=as_json))
                sys.stdout.flush()
                time.sleep(LOOK_EVERY_S)
                try:
                    rows = changes.look()
                    is_away = False
                except RecordsAway as away:
                    rows = ()
                    if not is_away:
                        typer.echo(f"The database is away: {away}; waiting for it.", err=True)
                    is_away = True
        except (KeyboardInterrupt, BrokenPipeError):
            return


@calls.command()
def show(
    sid: Annotated[str, typer.Argument(help="The call: CA…, ID…-CA…, or its 32 hex digits.")],
    account: Annotated[
        str | None, typer.Option("--account", help="Only a call of this account; any account unless given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show one call on one axis of time: SIP, webhooks, verbs, keys, speech, callbacks, media, and why it ended."""
    from offhook.cli.call_words import plain, read_call_id
    from offhook.records.call_story import CallStories

    call_id = read_call_id(sid)
    if call_id is None:
        typer.echo(
            f"{plain(sid)[:100]} names no call: a call's SID is CA and 32 hex digits; `offhook calls ls` shows the newest",
            err=True,
        )
        raise typer.Exit(BAD_USE)
    with opened_database() as database:
        story = CallStories(database).read(call_id, account_sid=account)
    if story is None:
        where = f" in account {plain(account)}" if account else ""
        typer.echo(f"no call CA{call_id}{where}; `offhook calls ls` shows the newest", err=True)
        raise typer.Exit(FAILED)
    typer.echo(json.dumps(_story_json(story), indent=2) if as_json else _story_words(story))


def _status(text: str) -> "CallStatus":
    from offhook.call.info import CallStatus

    try:
        return CallStatus(text.lower())
    except ValueError:
        known = ", ".join(status.value for status in CallStatus)
        raise ValueError(f"{text!r} is no state of a call; the states are {known}") from None


def _account_sid(database: "Database", given: str | None) -> str:
    from offhook.records.accounts import Accounts

    accounts = Accounts(database)
    if given is not None and accounts.get(given) is None:
        typer.echo(f"There is no account {given!r}; `offhook account ls` shows them.", err=True)
        raise typer.Exit(FAILED)
    if given is not None:
        return given
    known = accounts.all()
    if not known:
        typer.echo("There is no account yet; `offhook serve` makes the first.", err=True)
        raise typer.Exit(FAILED)
    return known[0].sid


def _table(rows: "tuple[CallRow, ...]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from offhook.cli.call_words import plain, seconds, sid_of

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("BEGUN (UTC)", no_wrap=True, min_width=19)
    table.add_column("SID", no_wrap=True, min_width=34)
    for name in ("DIRECTION", "FROM", "TO", "STATUS"):
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    table.add_column("TALKED", justify="right", no_wrap=True)
    table.add_column("REASON", overflow="ellipsis", no_wrap=True)
    for call in rows:
        begun, talked = f"{call.date_created:%Y-%m-%d %H:%M:%S}", seconds(call.duration_s)
        who = call.direction.value, plain(call.from_), plain(call.to), call.status.value
        table.add_row(*(Text(value) for value in (begun, sid_of(call), *who, talked, plain(call.reason))))
    return table


def _print(table: "Table") -> None:
    from rich.console import Console

    Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS, highlight=False).print(table)


def _line(call: "CallRow", *, as_json: bool) -> str:
    from offhook.cli.call_words import call_json, plain, seconds, sid_of

    if as_json:
        return json.dumps(call_json(call))
    end = f"  talked {seconds(call.duration_s)}" if call.status.is_final else ""
    why = f"  {plain(call.reason)}" if call.reason else ""
    moment = f"{call.date_updated:%H:%M:%S.%f}"[:-3]
    who = f"{call.direction.value}  {plain(call.from_)} → {plain(call.to)}"
    return f"{moment}  {sid_of(call)}  {call.status.value:11}  {who}{end}{why}"


def _story_json(story: "CallStory") -> dict[str, Any]:
    from offhook.cli.call_words import call_json

    return {
        "call": call_json(story.call),
        "why": story.why,
        "began_at": story.began_at.isoformat(timespec="milliseconds"),
        "has_timeline": story.has_timeline,
        "events": [{"ms": at, "kind": kind, **facts} for at, kind, facts in story.events],
    }


def _story_words(story: "CallStory") -> str:
    from offhook.cli.call_ladder import ladder
    from offhook.cli.call_words import plain, seconds, sid_of

    call = story.call
    name = f" ({plain(call.caller_name)})" if call.caller_name else ""
    rows = (
        ("from", f"{plain(call.from_)}{name}"),
        ("to", plain(call.to)),
        ("begun", f"{story.began_at:%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"),
        ("rang", seconds(call.ring_duration_s)),
        ("talked", seconds(call.duration_s)),
        ("worker", call.worker_id),
        ("account", call.account_sid),
        ("why", story.why),
    )
    lines = [f"{sid_of(call)}  {call.direction.value}, {call.status.value}"]
    lines += [f"  {label:8} {value}" for label, value in rows if value]
    if not story.has_timeline:
        lines += ["", "No timeline was kept of this call; this is what its records say."]
    return "\n".join([*lines, "", *ladder(story)])
