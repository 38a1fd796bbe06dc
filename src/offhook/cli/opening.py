"""Opens the database for a command, and says it plainly where that cannot be."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from offhook.config import Settings
    from offhook.records.database import Database

FAILED, BAD_USE = 1, 2


def read_settings() -> "Settings":
    """The settings of the environment; leaves with status 2 and their names where some are wrong."""
    from pydantic import ValidationError

    from offhook.config import Settings

    try:
        return Settings()
    except ValidationError as invalid:
        for fault in invalid.errors():
            name = str(fault["loc"][0]).upper()
            typer.echo(f"OFFHOOK_{name}: {fault['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(BAD_USE) from None


@contextmanager
def opened_database(settings: "Settings | None" = None) -> Iterator["Database"]:
    """A block with the database that the settings name; leaves with status 1 where it cannot be used."""
    from offhook.bootstrap import open_database
    from offhook.records.database import DatabaseFault
    from offhook.records.secret_keys import SecretKeyWrong

    settings = settings or read_settings()
    url = settings.resolved_database_url
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        typer.echo(
            f"There is no database at {url.removeprefix('sqlite:///')} yet: `offhook serve` makes it, or set "
            f"OFFHOOK_DATA_DIR or OFFHOOK_DATABASE_URL to where it is.",
            err=True,
        )
        raise typer.Exit(FAILED)
    database = open_database(settings)
    try:
        yield database
    except DatabaseFault as error:
        typer.echo(f"The database cannot be used: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except (SecretKeyWrong, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FAILED) from None
    finally:
        database.close()
