"""A bar on the terminal for work on many rows: what is worked on, how far it is, rows a second, time left.

It is drawn on standard error, and not at all where that is no terminal.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic


@contextmanager
def rows_bar() -> Iterator[Callable[[str, int, int], None]]:
    """A block with a bar; call what it yields with a name, how much is done, and how much there is."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[speed]:>10}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        tasks = {}
        began_at = {}

        def tell(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name], began_at[name] = bar.add_task(name, total=total, speed=""), monotonic()
            took_s = monotonic() - began_at[name]
            speed = f"{done / took_s:,.0f}/s" if took_s else ""
            bar.update(tasks[name], completed=done, total=total, speed=speed)

        yield tell
