"""`offhook demo`."""

import typer


def demo() -> None:
    """Start a server, call its example application with a phone that speaks, and show what happened."""
    from offhook.demonstration import demonstrate

    raise typer.Exit(demonstrate())
