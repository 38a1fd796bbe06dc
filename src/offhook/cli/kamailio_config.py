"""`offhook kamailio-config`: the files of a Kamailio on a machine of its own, in front of workers on others."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from offhook.call.ip_addresses import Network
    from offhook.config import Settings
    from offhook.edge.kamailio_config import Listen

HOST = re.compile(r"[A-Za-z0-9._:-]+")
CONNECTIONS_EACH = 256
"""TCP connections of one address: Kamailio makes no difference between strangers and who may call."""
CONFIG_NAME, LIST_NAME = "kamailio.cfg", "dispatcher.list"


def kamailio_config(
    listen: Annotated[
        list[str] | None,
        typer.Option(help="Where Kamailio takes SIP, as address:port; may be given again. [SIP settings]"),
    ] = None,
    worker: Annotated[
        list[str] | None,
        typer.Option(
            help="A worker's SIP address, as host:port; may be given again. [this machine's workers]"
        ),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="A network (CIDR) that may send calls; may be given again. [OFFHOOK_SIP_ALLOW]"),
    ] = None,
    new_calls_per_s: Annotated[
        int | None,
        typer.Option(
            min=1, help="New calls a second that all workers together take. [by the build of PJSIP]"
        ),
    ] = None,
    folder: Annotated[
        Path, typer.Option(help="Where the files will lie on the machine that runs Kamailio.")
    ] = Path("/etc/kamailio"),
    run_folder: Annotated[Path, typer.Option(help="Where that Kamailio may make its sockets.")] = Path(
        "/run/kamailio"
    ),
    into: Annotated[
        Path | None,
        typer.Option(help="Write kamailio.cfg and dispatcher.list into this folder, and print nothing."),
    ] = None,
) -> None:
    """Print the configuration and the list of workers for a Kamailio that Offhook does not run itself."""
    from offhook.config import Settings
    from offhook.edge.kamailio_config import KamailioConfig
    from offhook.edge.workers_list import MOST_WEIGHT, Destination, list_text
    from offhook.pjsua.build import installed_build

    settings = Settings().model_copy(update={"edge": "kamailio"})
    workers = [_address(each, "--worker") for each in worker or _own_workers(settings)]
    try:
        config = KamailioConfig(
            listen=_listen(listen, settings),
            callers_allowed=_networks(allow) if allow else settings.callers_allowed,
            new_calls_per_s=new_calls_per_s or round(installed_build().new_calls_per_s * len(workers)),
            list_file=folder / LIST_NAME,
            rpc_socket=run_folder / "rpc.sock",
            connections_each=CONNECTIONS_EACH,
        )
        texts = {
            CONFIG_NAME: config.text(),
            LIST_NAME: list_text(
                Destination(uri=_uri(each), weight=MOST_WEIGHT, is_open=True) for each in workers
            ),
        }
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    _give_out(texts, folder=folder, into=into)


def _give_out(texts: dict[str, str], *, folder: Path, into: Path | None) -> None:
    from offhook.edge.private_file import write_private

    if into is not None:
        try:
            into.mkdir(parents=True, exist_ok=True)
            for name, text in texts.items():
                write_private(into / name, text)
        except OSError as error:
            typer.echo(
                f"{into} cannot be written: {error.strerror}; name another folder with --into", err=True
            )
            raise typer.Exit(1) from None
        return
    typer.echo(texts[CONFIG_NAME])
    typer.echo(f"# ---- what follows is {folder / LIST_NAME}; --into writes two files ----")
    typer.echo(texts[LIST_NAME], nl=False)


def _own_workers(settings: "Settings") -> list[str]:
    return [f"127.0.0.1:{settings.worker_sip_port(index)}" for index in range(settings.workers)]


def _listen(given: list[str] | None, settings: "Settings") -> "tuple[Listen, ...]":
    from offhook.edge.kamailio_config import Listen
    from offhook.edge.listening import listening

    if not given:
        return listening(settings.sip_host or "0.0.0.0", settings.sip_port, _public_address(settings))
    addresses = [_address(each, "--listen") for each in given]
    public = _public_address(settings)
    return tuple(Listen(host=host, port=port, advertise=public) for host, port in addresses)


def _public_address(settings: "Settings") -> str | None:
    """The address itself, where the setting says who is to be asked for it."""
    from offhook.processes.public_address import AddressUnknown, find_address

    if settings.public_address is None:
        return None
    try:
        return find_address(settings.public_address)
    except AddressUnknown as unknown:
        raise typer.BadParameter(str(unknown)) from None


def _address(text: str, option: str) -> tuple[str, int]:
    """`host:port`, taken apart; an IPv6 host stands in brackets."""
    host, colon, port = text.rpartition(":")
    is_whole = bool(colon and host and port.isascii() and port.isdigit() and 1 <= int(port) <= 65535)
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not is_whole or (":" in bare and bare == host) or not HOST.fullmatch(bare):
        raise typer.BadParameter(f"{text!r} is no address: write it like 192.0.2.5:5060", param_hint=option)
    return bare, int(port)


def _uri(address: tuple[str, int]) -> str:
    host, port = address
    return f"sip:[{host}]:{port}" if ":" in host else f"sip:{host}:{port}"


def _networks(given: list[str]) -> "tuple[Network, ...]":
    from offhook.call.ip_addresses import read_ip_network

    try:
        return tuple(read_ip_network(each, strict=False) for each in given)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write it like 192.168.0.0/16", param_hint="--allow") from None
