"""`offhook db`: the database's structure, and copies of it."""

from typing import Annotated

import typer

database = typer.Typer(
    help="The database: bring it up to date, copy it to another one.", no_args_is_help=True
)


@database.command()
def upgrade() -> None:
    """Bring the database up to date; `offhook serve` does so by itself."""
    from offhook.config import Settings
    from offhook.records.database import DatabaseFault
    from offhook.records.migrate import current, head
    from offhook.records.migrate import upgrade as upgrade_to_head

    settings = Settings()
    url = settings.resolved_database_url
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        before = current(url)
        upgrade_to_head(url)
    except (*DatabaseFault, OSError) as error:
        typer.echo(f"The database cannot be used: {error}", err=True)
        raise typer.Exit(1) from None
    if before == head():
        typer.echo(f"The database is up to date ({before}).")
    else:
        typer.echo(f"The database was brought from {before or 'nothing'} to {head()}.")


@database.command()
def copy(
    source: Annotated[str, typer.Argument(metavar="SRC", help="The database to copy: its URL, or its file.")],
    target: Annotated[str, typer.Argument(metavar="DST", help="An empty database: its URL, or its file.")],
    while_running: Annotated[
        bool,
        typer.Option(
            "--while-running", help="Copy although a server runs on SRC; what it writes meanwhile is missing."
        ),
    ] = False,
) -> None:
    """Copy all rows to another, empty database, with their ids: from SQLite to PostgreSQL, or back."""
    from offhook.call.errors import OffhookError
    from offhook.cli.rows_bar import rows_bar
    from offhook.records.copying import copy as copy_rows
    from offhook.records.copying import database_url
    from offhook.records.database import DatabaseFault, shown_url

    try:
        source_url, target_url = database_url(source), database_url(target)
        with rows_bar() as tell:
            copied = copy_rows(source_url, target_url, while_running=while_running, tell=tell)
    except (OffhookError, *DatabaseFault, OSError) as error:
        typer.echo(f"Nothing was copied: {error}", err=True)
        raise typer.Exit(1) from None
    for name, rows in copied.rows.items():
        typer.echo(f"{name:<24}{rows:>12,}")
    typer.echo(
        f"{copied.total:,} rows were copied. To use them: OFFHOOK_DATABASE_URL={shown_url(target_url)}"
    )
