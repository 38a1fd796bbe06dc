"""`offhook backup` and `offhook restore`: an installation in one file, and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offhook.records.archive import Manifest


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to make, such as offhook.tar.gz.")],
    with_secret_key: Annotated[
        bool,
        typer.Option(
            "--with-secret-key", help="Put the key in too: whoever has the file can then open what it seals."
        ),
    ] = False,
) -> None:
    """Back up database and recordings into one file, while the server runs or not."""
    from offhook.call.errors import OffhookError
    from offhook.cli.opening import read_settings
    from offhook.cli.rows_bar import rows_bar
    from offhook.records.backup import Installation, back_up
    from offhook.records.database import DatabaseFault

    settings = read_settings()
    here = Installation(database_url=settings.resolved_database_url, data_dir=settings.data_dir)
    try:
        with rows_bar() as tell:
            manifest = back_up(here, file, with_secret_key=with_secret_key, tell=tell)
    except (OffhookError, *DatabaseFault, OSError) as error:
        typer.echo(f"No backup was made: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{file}: {_contents(manifest)}, {file.stat().st_size:,} bytes")
    if not with_secret_key and here.secret_key.exists():
        typer.echo(
            f"The key is not in it: keep a copy of {here.secret_key} in another place, for account tokens open with "
            "that key only."
        )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `offhook backup` made.")],
    to: Annotated[
        str | None, typer.Option(metavar="URL", help="An empty database. [the one of the settings]")
    ] = None,
) -> None:
    """Bring a backup back into an empty installation, after looking over all of it."""
    from offhook.call.errors import OffhookError
    from offhook.cli.opening import read_settings
    from offhook.cli.rows_bar import rows_bar
    from offhook.records.backup import Installation
    from offhook.records.backup import restore as bring_back
    from offhook.records.copying import database_url
    from offhook.records.database import DatabaseFault, shown_url

    settings = read_settings()
    try:
        url = database_url(to) if to is not None else settings.resolved_database_url
        here = Installation(database_url=url, data_dir=settings.data_dir)
        with rows_bar() as tell:
            manifest = bring_back(here, file, tell=tell)
    except (OffhookError, *DatabaseFault, OSError) as error:
        typer.echo(f"Nothing was restored: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{shown_url(url)} has what {file} held: {_contents(manifest)}, of {manifest.made_at}")
    if settings.secret_key is None and not here.secret_key.exists():
        typer.echo(
            f"The key is missing: put the {here.secret_key.name} of that installation into {here.data_dir} before "
            "the server starts, or account tokens cannot be opened."
        )


def _contents(manifest: "Manifest") -> str:
    return f"{sum(manifest.tables.values()):,} rows and {manifest.recordings:,} recordings"
