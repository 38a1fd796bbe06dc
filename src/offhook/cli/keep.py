"""`offhook keep`: how many days calls, transcripts, callbacks and recordings are kept."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offhook.records.keeping import Kind

keep = typer.Typer(help="How long things are kept, for each account.", no_args_is_help=True)

Days = Annotated[str | None, typer.Option(metavar="DAYS", help="A number of days, `ever`, or `standard`.")]


@keep.command()
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the days of all accounts."""
    from rich.console import Console
    from rich.table import Column, Table

    from offhook.cli.opening import opened_database, read_settings
    from offhook.processes.retention import standard_days
    from offhook.records.keeping import AccountKeeping, Kind

    settings = read_settings()
    with opened_database(settings) as database:
        accounts = AccountKeeping(database, standard_days(settings))
        keeping, own = accounts.of_all(), {sid: accounts.own(sid) for sid in accounts.of_all()}
    if as_json:
        shown = {sid: {kind.value: its.days[kind] or None for kind in Kind} for sid, its in keeping.items()}
        typer.echo(json.dumps(shown, indent=2))
        return
    table = Table(Column("Account", min_width=34), *(kind.value for kind in Kind), box=None, pad_edge=False)
    for sid, its in keeping.items():
        table.add_row(sid, *(_words(its.days[kind], is_own=kind in own[sid]) for kind in Kind))
    Console().print(table, "Days; those with a * are the account's own, all others those of the settings.")


@keep.command("set")
def set_(
    account: Annotated[str, typer.Argument(metavar="SID", help="The account.")],
    rows: Days = None,
    transcripts: Days = None,
    callbacks: Days = None,
    recordings: Days = None,
) -> None:
    """Give an account days of its own; `standard` takes them away again. They count from the next hour on."""
    from offhook.cli.opening import opened_database, read_settings
    from offhook.processes.retention import standard_days
    from offhook.records.keeping import AccountKeeping, Kind

    given = {
        Kind.ROWS: rows,
        Kind.TRANSCRIPTS: transcripts,
        Kind.CALLBACKS: callbacks,
        Kind.RECORDINGS: recordings,
    }
    days = {kind: _days(text, kind) for kind, text in given.items() if text is not None}
    if not days:
        raise typer.BadParameter("say what: --rows, --transcripts, --callbacks or --recordings")
    settings = read_settings()
    with opened_database(settings) as database:
        if not AccountKeeping(database, standard_days(settings)).put(account, days):
            typer.echo(f"There is no account {account}; `offhook keep show` lists them.", err=True)
            raise typer.Exit(1)
    for kind, its_days in days.items():
        typer.echo(f"{kind.value}: {'as the settings say' if its_days is None else _words(its_days)}")


def _days(text: str, kind: "Kind") -> int | None:
    from offhook.records.keeping import FOR_EVER, MOST_DAYS

    if text == "standard":
        return None
    if text == "ever":
        return FOR_EVER
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_DAYS):
        raise typer.BadParameter(
            f"{text!r} is no number of days: write 1 to {MOST_DAYS}, `ever`, or `standard`",
            param_hint=f"--{kind.value}",
        )
    return int(text)


def _words(days: int, *, is_own: bool = False) -> str:
    return f"{days or 'ever'}{' *' if is_own else ''}"
