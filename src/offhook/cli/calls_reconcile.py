"""`offhook calls reconcile`: finds records of calls that contradict each other, and sets them right."""

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from offhook.cli.opening import BAD_USE, opened_database, read_settings

if TYPE_CHECKING:
    from offhook.records.contradictions import Contradiction

SOUND, NOT_SOUND = 0, 1


def reconcile(
    fix: Annotated[bool, typer.Option("--fix", help="Set right what can be.")] = False,
    account: Annotated[
        str | None, typer.Option("--account", help="Only this account; all unless given.")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", help="How far back missing callbacks are looked for: 1h, 2d, or a date.")
    ] = "1d",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find calls without an end, callbacks that were never made or are stuck, gathers and rooms that nobody ends.

    The exit status is 0 when nothing is wrong, or is no more; 1 when something is; 2 for wrong use.
    """
    from offhook.cli.call_words import read_since
    from offhook.processes.languages import lost_callback
    from offhook.records.contradictions import Kind
    from offhook.records.left_behind import replay_left_behind
    from offhook.records.reconciling import Reconciling
    from offhook.records.workers import LEASE_S

    settings = read_settings()
    try:
        ended_since = read_since(since, datetime.now(UTC))
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(BAD_USE) from None
    with opened_database(settings) as database:
        reconciling = Reconciling(database, lease_s=LEASE_S, final_callback=lost_callback)
        found = reconciling.find(ended_since=ended_since, account_sid=account)
        left = found
        if fix and found:
            if any(one.kind is Kind.CALL_WITHOUT_END for one in found):
                # A worker may have been kept from its lease by a database that has only just come back.
                typer.echo(f"waiting {LEASE_S:g} s for workers that may still live", err=True)
                time.sleep(LEASE_S)
            living = replay_left_behind(database, settings.journal_folder)
            reconciling.cure(reconciling.find(ended_since=ended_since, account_sid=account), living=living)
            left = reconciling.find(ended_since=ended_since, account_sid=account)
    _tell(found, left, fix=fix, as_json=as_json)
    raise typer.Exit(NOT_SOUND if left else SOUND)


def _tell(
    found: "tuple[Contradiction, ...]", left: "tuple[Contradiction, ...]", *, fix: bool, as_json: bool
) -> None:
    if as_json:
        told = {"found": [asdict(one) for one in found], "left": [asdict(one) for one in left]}
        typer.echo(json.dumps(told, indent=2))
        return
    still = {(one.kind, one.id) for one in left}
    for one in found:
        mark = "wrong" if (one.kind, one.id) in still else "fixed"
        name = f"CA{one.call_id}" if one.call_id else one.id
        typer.echo(f"{mark}  {one.kind.replace('_', ' '):19}  {name}  {one.words}")
    if not found:
        typer.echo("Nothing is wrong.")
    elif fix:
        typer.echo(f"{len(found)} found, {len(left)} left.")
    else:
        curable = sum(one.is_curable for one in found)
        typer.echo(f"{len(found)} found; `offhook calls reconcile --fix` sets {curable} of them right.")
