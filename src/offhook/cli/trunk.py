"""`offhook trunk`: the carriers and PBXs that calls go out by and come from."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from offhook.cli.opening import BAD_USE, FAILED, opened_database, read_settings
from offhook.cli.trunk_words import json_of, line_of, lines_of
from offhook.cli.trunk_words import sentence as told_of

trunk = typer.Typer(help="Trunks: carriers and PBXs.", no_args_is_help=True)

Value = TypeVar("Value")
Name = Annotated[str, typer.Argument(help="The trunk's name.", metavar="NAME")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


Host = Annotated[str, typer.Option(help="Where it is: a host name or an IP address, with :port or without.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Its port; SIP's own unless given.")]
User = Annotated[str | None, typer.Option(help="What we are called there.")]
Password = Annotated[
    str | None, typer.Option(help="The password that goes with it; others see it among the processes.")
]
PasswordFile = Annotated[
    str | None, typer.Option(metavar="FILE", help="Read the password from a file; - is standard input.")
]
Register = Annotated[bool, typer.Option("--register", help="Register there, and stay registered.")]
Inbound = Annotated[
    list[str] | None,
    typer.Option(metavar="CIDR", help="A network that its calls come from; may be given again."),
]
Prefixes = Annotated[
    list[str] | None,
    typer.Option(help="How numbers begin that go out by it; may be given again. All numbers unless given."),
]
CallerId = Annotated[
    str, typer.Option(help="What it is told as the caller: as-is, digits, e164, or a number.")
]
Priority = Annotated[
    int, typer.Option(min=0, max=1000, help="Of trunks that take a number the lowest is tried first.")
]
Off = Annotated[bool, typer.Option("--off", help="Keep it, and use it for nothing yet.")]
Replace = Annotated[
    bool,
    typer.Option("--replace", help="Change the trunk of this name; its password stays unless one is given."),
]


@trunk.command()
def add(
    name: Name,
    host: Host,
    port: Port = None,
    transport: Annotated[str, typer.Option(help="udp, tcp or tls.")] = "udp",
    user: User = None,
    password: Password = None,
    password_file: PasswordFile = None,
    register: Register = False,
    inbound: Inbound = None,
    prefix: Prefixes = None,
    caller_id: CallerId = "as-is",
    priority: Priority = 10,
    srtp: Annotated[str, typer.Option(help="Encrypted audio: off, optional or required.")] = "off",
    off: Off = False,
    is_replaced: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Add a trunk. A running server uses it within 3 s; its password is sealed, and shown to nobody."""
    from offhook.call import trunk_input as reading
    from offhook.call.info import new_id
    from offhook.call.trunks import SipTransport, Srtp, Trunk

    at, own_port = _read("--host", reading.read_host, host)
    if port is not None and own_port not in (None, port):
        raise typer.BadParameter(f"--host says port {own_port}, and --port {port}: give one of them")
    wanted = Trunk(
        sid=f"TK{new_id()}",
        name=_read("NAME", reading.read_name, name),
        host=at,
        port=port or own_port,
        transport=SipTransport(_one_of("--transport", transport, [each.value for each in SipTransport])),
        username=_read("--user", lambda text: reading.read_words(text, "the user name"), user)
        if user is not None
        else None,
        password=_password(password, password_file),
        registers=register,
        inbound=tuple(
            dict.fromkeys(_read("--inbound", reading.read_network, each) for each in inbound or ())
        ),
        prefixes=tuple(dict.fromkeys(_read("--prefix", reading.read_prefix, each) for each in prefix or ())),
        caller_id=_read("--caller-id", reading.read_caller_id, caller_id),
        priority=priority,
        srtp=Srtp(_one_of("--srtp", srtp, [each.value for each in Srtp])),
        is_enabled=not off,
    )
    warnings = _keep(wanted, is_replaced=is_replaced)
    if as_json:
        typer.echo(json.dumps({"name": name, "warnings": warnings}))
        return
    for words in warnings:
        _note(words)
    typer.echo(
        f"{name} was {'changed' if is_replaced else 'added'}. `offhook trunk test {name}` asks whether it answers."
    )


@trunk.command()
def ls(as_json: AsJson = False) -> None:
    """List all trunks, and how they do."""
    settings = read_settings()
    with opened_database(settings) as database:
        told = _told(database, settings.trunk)
    if as_json:
        typer.echo(json.dumps(told))
        return
    if not told:
        typer.echo("There is no trunk; `offhook trunk add NAME --host …` adds one.")
    for each in told:
        typer.echo(line_of(each))


@trunk.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a trunk: all but its password."""
    settings = read_settings()
    with opened_database(settings) as database:
        found = next((each for each in _told(database, settings.trunk) if each["name"] == name), None)
    if found is None:
        _leave(f"There is no trunk {name}; `offhook trunk ls` lists them.")
    typer.echo(json.dumps(found) if as_json else lines_of(found))


@trunk.command("test")
def probe(name: Name, as_json: AsJson = False) -> None:
    """Ask a trunk whether it answers (OPTIONS), and whether it takes our user name and password (REGISTER, without
    changing what is registered). The exit status is 0 where all is well."""
    import asyncio

    from offhook.cli.trunk_asking import ask
    from offhook.processes.trunk_book import default_trunk
    from offhook.records.trunks import Trunks

    settings = read_settings()
    with opened_database(settings) as database:
        known = (*Trunks(database, on_ignored=_note).all(), *default_trunk(settings.trunk))
    found = next((each for each in known if each.name == name), None)
    if found is None:
        _leave(f"There is no trunk {name}; `offhook trunk ls` lists them.")
    results = asyncio.run(ask(found, settings))
    if as_json:
        told = {"name": name, "is_well": all(each.is_well for each in results)}
        typer.echo(
            json.dumps(told | {each.asked: {"is_well": each.is_well, "said": each.said} for each in results})
        )
    else:
        for each in results:
            typer.echo(told_of(name, each.said))
    raise typer.Exit(0 if all(each.is_well for each in results) else FAILED)


@trunk.command()
def rm(name: Name, as_json: AsJson = False) -> None:
    """Forget a trunk. Calls that run over it go on."""
    from offhook.call.trunk_input import NAME
    from offhook.records.trunks import Trunks

    with opened_database() as database:
        was_there = bool(NAME.fullmatch(name)) and Trunks(database).remove(name)
    if not was_there:
        _leave(f"There is no trunk {name}; `offhook trunk ls` lists them.")
    typer.echo(json.dumps({"name": name, "removed": True}) if as_json else f"{name} was removed.")


def _keep(wanted: Any, *, is_replaced: bool) -> list[str]:
    from offhook.call.trunk_input import TrunkInvalid, check
    from offhook.cli.trunk_asking import oddities_here
    from offhook.records.trunks import Trunks

    settings, now = read_settings(), datetime.now(UTC)
    with opened_database(settings) as database:
        trunks = Trunks(database, on_ignored=_note)
        known = trunks.all()
        before = next((each for each in known if each.name == wanted.name), None)
        if before is not None and not is_replaced:
            _leave(f"There is a trunk {wanted.name} already; --replace changes it, or give another name.")
        if before is None and is_replaced:
            _leave(f"There is no trunk {wanted.name} to change; `offhook trunk ls` lists them.")
        if before is not None:
            kept = before.password if before.username == wanted.username else None
            wanted = replace(wanted, sid=before.sid, password=wanted.password or kept)
        try:
            warnings = [*check(wanted, [each for each in known if each.name != wanted.name])]
        except TrunkInvalid as invalid:
            _leave(f"{wanted.name}: {invalid}", BAD_USE)
        is_kept = trunks.put(wanted, now=now) if before is not None else trunks.add(wanted, now=now)
        if not is_kept:
            _leave(f"{wanted.name} was added or removed by somebody else meanwhile; try again.")
    return [*warnings, *oddities_here(wanted, settings)]


def _told(database: Any, setting: str | None) -> list[dict[str, Any]]:
    from offhook.processes.trunk_book import default_trunk
    from offhook.records.trunks import Trunks

    trunks = Trunks(database, on_ignored=_note)
    states = trunks.states()
    return [json_of(each, states.get(each.sid)) for each in (*trunks.all(), *default_trunk(setting))]


def _password(given: str | None, file: str | None) -> str | None:
    from offhook.call.trunk_input import read_words

    if given is not None and file is not None:
        raise typer.BadParameter("give --password or --password-file, not both")
    if file is not None:
        try:
            given = (sys.stdin.readline() if file == "-" else Path(file).read_text("utf-8")).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(
                f"{file} cannot be read: {error}", param_hint="--password-file"
            ) from None
    return (
        None if given is None else _read("--password", lambda text: read_words(text, "the password"), given)
    )


def _read(option: str, reading: Callable[[str], Value], text: str) -> Value:
    from offhook.call.trunk_input import TrunkInvalid

    try:
        return reading(text)
    except TrunkInvalid as invalid:
        raise typer.BadParameter(str(invalid), param_hint=option) from None


def _one_of(option: str, text: str, known: list[str]) -> str:
    if text.lower() not in known:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(known)}", param_hint=option)
    return text.lower()


def _note(words: str) -> None:
    typer.echo(f"note: {words}", err=True)


def _leave(words: str, status: int = FAILED) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(status)
