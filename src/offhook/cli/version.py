"""`offhook version`."""

import json
import platform
from typing import Annotated

import typer


def version(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Tell the versions of Offhook, Python and PJSIP, what PJSIP was built from, and how many calls a worker holds."""
    import offhook
    from offhook.pjsua.build import installed_build

    build = installed_build()
    told = {
        "offhook": offhook.__version__,
        "python": platform.python_version(),
        "pjsip": build.pjsip,
        "source_checksum": build.source_checksum,
        "call_slots": build.call_slots,
    }
    if as_json:
        typer.echo(json.dumps(told))
        return
    told["pjsip"] = f"{build.pjsip} ({build.name})"
    for name, value in told.items():
        typer.echo(f"{name:15} {value if value is not None else 'not told'}")
