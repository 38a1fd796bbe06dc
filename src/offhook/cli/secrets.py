"""`offhook secrets`: the key that secrets in the database are sealed with."""

from typing import Annotated

import typer

from offhook.cli.opening import FAILED, opened_database, read_settings

secrets = typer.Typer(help="The key that secrets in the database are sealed with.", no_args_is_help=True)


@secrets.command()
def rotate() -> None:
    """Seal all secrets with another key, all or none.

    With the key in a file, a new one is made, and the last one stays beside it: a running server goes on.
    With OFFHOOK_SECRET_KEY, that is the new key, and OFFHOOK_SECRET_KEY_PREVIOUS the one before.
    """
    from offhook.bootstrap import secret_keys
    from offhook.records.sealed_columns import seal_all
    from offhook.records.secret_keys import KeyFile, new_key_text

    settings = read_settings()
    source = secret_keys(settings)
    with opened_database(settings) as database:
        assert database.secrets is not None
        if isinstance(source, KeyFile):
            source.take_over(new_key_text())
        count = seal_all(database, database.secrets)
        if isinstance(source, KeyFile):
            source.drop_all_but(2)
            typer.echo(f"{count} secrets were sealed with a new key, which is in {source.path}: back it up.")
            return
    if not count:
        typer.echo(
            "Every secret is sealed with OFFHOOK_SECRET_KEY already. For another key, set that one as "
            "OFFHOOK_SECRET_KEY and the one in use as OFFHOOK_SECRET_KEY_PREVIOUS, restart the server, and run this "
            "again.",
            err=True,
        )
        raise typer.Exit(FAILED)
    typer.echo(
        f"{count} secrets were sealed with OFFHOOK_SECRET_KEY; OFFHOOK_SECRET_KEY_PREVIOUS can go now."
    )


@secrets.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """When the key is lost for good: give new tokens to the accounts whose own cannot be opened any more.

    Whoever used such a token has to be told the new one; `offhook account token` prints it.
    """
    from offhook.bootstrap import secret_keys
    from offhook.records.sealed_columns import replace_lost
    from offhook.records.secret_keys import KeyFile
    from offhook.records.trunks import Trunks

    settings = read_settings()
    source = secret_keys(settings)
    if not yes:
        typer.confirm(
            "Tokens that cannot be opened are lost then, even if the key is found again. Go on?", abort=True
        )
    with opened_database(settings) as database:
        assert database.secrets is not None
        if isinstance(source, KeyFile):
            source.make()
        lost = replace_lost(database, database.secrets)
        trunks = {trunk.sid: trunk.name for trunk in Trunks(database, on_ignored=lambda _words: None).all()}
    rows = tuple(dict.fromkeys(lost))
    for row in rows:
        typer.echo(_what_became_of(row, trunks))
    typer.echo(f"{len(rows)} secrets were lost; each of their owners has to be told.")


def _what_became_of(row: str, trunks: dict[str, str]) -> str:
    if row.startswith("AC"):
        return f"{row} has a new token."
    if row in trunks:
        name = trunks[row]
        return f"The trunk {name} has no password now: `offhook trunk add {name} --replace … --password-file -` gives it one."
    return f"{row} needs a new password."
