"""Prints docs/settings.md, made from `offhook.config.Settings`: python scripts/settings_page.py > docs/settings.md"""

import sys
from typing import Any

from pydantic_core import PydanticUndefined

from offhook.config import Settings

HEAD = """# Settings

Each is an environment variable, and a flag of `offhook serve`: `OFFHOOK_HTTP_PORT=8090 offhook serve` and
`offhook serve --http-port 8090` do the same; the flag wins. An empty variable counts as unset. Switches take 1 or 0; networks are
written as CIDR, comma-separated. Times are in seconds.

| Variable | Default | What it does |
|---|---|---|
"""


def default(value: Any) -> str:
    """A default, for the table."""
    if value is None or value is PydanticUndefined or value == ():
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return str(value)


rows = [
    f"| `OFFHOOK_{name.upper()}` | {default(field.default)} | {field.description} |"
    for name, field in Settings.model_fields.items()
]
sys.stdout.write(HEAD + "\n".join(rows) + "\n")
