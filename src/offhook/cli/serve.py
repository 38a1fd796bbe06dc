"""`offhook serve`: every setting is a flag here, made from `config.Settings`."""

import inspect
import sys
from typing import Any

import typer
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from offhook.config import Settings


def serve(**flags: Any) -> None:
    """Run the voice server until Ctrl-C."""
    from offhook.serving import run_server

    given = {name: value for name, value in flags.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as invalid:
        for fault in invalid.errors():
            name = str(fault["loc"][0]).upper()
            typer.echo(f"OFFHOOK_{name}: {fault['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None
    sys.exit(run_server(settings, given))


def _flags() -> inspect.Signature:
    """A parameter for each setting, in the order in which the settings stand."""
    parameters = []
    for name, field in Settings.model_fields.items():
        is_switch = field.annotation is bool
        flag = "--" + name.replace("_", "-")
        option = typer.Option(
            None,
            f"{flag}/--no-{flag[2:]}" if is_switch else flag,
            help=f"{field.description} [OFFHOOK_{name.upper()}; {_default(field.default)}]",
            show_default=False,
        )
        kind: Any = bool | None if is_switch else str | None
        parameters.append(
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=option, annotation=kind)
        )
    return inspect.Signature(parameters)


def _default(value: Any) -> str:
    if value is None or value is PydanticUndefined or value == ():
        return "unset"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return str(value)


serve.__signature__ = _flags()  # type: ignore[attr-defined]
serve.__annotations__ = {name: parameter.annotation for name, parameter in _flags().parameters.items()}
