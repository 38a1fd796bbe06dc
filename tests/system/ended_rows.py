"""How calls ended, read from the database itself: what REST does not tell, and what a stopped server left."""

import sqlite3
from contextlib import closing
from pathlib import Path

OPEN = ("queued", "ringing", "in-progress")


def ended_rows(data_dir: Path, called: str) -> list[tuple[str, str]]:
    """The status and the reason of each call to a number, in the order in which they came."""
    with closing(sqlite3.connect(f"file:{data_dir / 'offhook.db'}?mode=ro", uri=True)) as database:
        found = database.execute(
            'select status, reason from calls where "to" = ? order by seq', (called,)
        ).fetchall()
    assert all(status not in OPEN for status, _ in found), found
    return found
