"""`offhook purge`: erases one caller everywhere, and prints a receipt."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offhook.records.database import Database
    from offhook.records.purging import Purge, Receipt

ALWAYS_REMAINS = (
    "log files and backups that were made before; the digest of the number, with this receipt",
    "what your own applications were told",
    "recordings of calls that took the caller out of a queue: they belong to whoever took it",
)


def purge(
    number: Annotated[str, typer.Option(help="The caller: a number like +4930123456, or sip:user@host.")],
    account: Annotated[str | None, typer.Option(metavar="SID", help="Only in this account. [all]")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be erased, and erase nothing.")
    ] = False,
    now: Annotated[bool, typer.Option("--now", help="Drop callbacks that are not sent yet.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Erase one caller everywhere: numbers, what was said and pressed, recordings, timelines, callbacks. There is no way back."""
    from offhook.bootstrap import secret_keys
    from offhook.call.errors import OffhookError, RecordsAway
    from offhook.cli.opening import opened_database, read_settings
    from offhook.records.caller_number import CallerNumber
    from offhook.records.purging import Purge

    settings = read_settings()
    with opened_database(settings) as database:
        try:
            erasing = Purge(
                database,
                CallerNumber(number),
                recordings=settings.recordings_folder,
                account_sid=account,
                drop_pending=now,
            )
            if dry_run:
                _count(erasing, as_json=as_json)
                return
            receipt = _erase(erasing, database, secret_keys(settings).read()[0].secret)
        except RecordsAway:
            raise
        except OffhookError as error:
            typer.echo(f"Nothing was erased: {error}", err=True)
            raise typer.Exit(1) from None
    _print(receipt, as_json=as_json)


def _count(erasing: "Purge", *, as_json: bool) -> None:
    from offhook.cli.rows_bar import rows_bar

    with rows_bar() as tell:
        counts = erasing.count(erasing.found(tell))
    if as_json:
        typer.echo(json.dumps({"would_erase": counts}))
        return
    typer.echo("This would be erased:")
    for name, rows in counts.items():
        typer.echo(f"  {name:<16}{rows:>10,}")


def _erase(erasing: "Purge", database: "Database", digest_key: bytes) -> "Receipt":
    from offhook.cli.rows_bar import rows_bar
    from offhook.records.vacuuming import vacuum

    with rows_bar() as tell:
        receipt = erasing.erase(erasing.found(tell), digest_key=digest_key, tell=tell)
    receipt.remains.extend([*vacuum(database), *ALWAYS_REMAINS])
    return receipt


def _print(receipt: "Receipt", *, as_json: bool) -> None:
    if as_json:
        shown = {
            "receipt": receipt.purge_id,
            "at": receipt.at.isoformat(timespec="seconds"),
            "erased": receipt.rows,
            "remains": receipt.remains,
        }
        typer.echo(json.dumps(shown, indent=2))
        return
    typer.echo(f"Erased on {receipt.at:%Y-%m-%d %H:%M:%S} UTC; receipt {receipt.purge_id}")
    for name, rows in receipt.rows.items():
        typer.echo(f"  {name:<16}{rows:>10,}")
    typer.echo("What may still tell of the caller:")
    for each in receipt.remains:
        typer.echo(f"  - {each}")
