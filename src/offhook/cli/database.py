"""`offhook db`: the database's structure."""

import typer

database = typer.Typer(help="The database's structure.", no_args_is_help=True)


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
