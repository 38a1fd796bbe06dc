"""Puts a server together: prepares the database, names the processes, says where everything is."""

import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from offhook.config import Settings
from offhook.control import CONFIGURATION_FAULT
from offhook.draining import FLUSH_S
from offhook.edge.installed import KamailioAbsent, find_kamailio
from offhook.processes.public_address import AddressUnknown, find_address, is_address
from offhook.run_folder import run_folder
from offhook.supervisor import STOP_S, Program, Supervisor
from offhook.surroundings import (
    ADDRESS_ASKED_OF,
    CLUSTER_SECRET,
    DEMO_URL,
    DOOR_PORTS,
    INSTANCE_ID,
    RUN_DIR,
    WORKER_INDEX,
    Surroundings,
)

LOOPBACK_HOST = "127.0.0.1"
DEMO_FD = "OFFHOOK_DEMO_FD"
EVERY_HOST = ("0.0.0.0", "::")
SPEECH_WATCHDOG_S = 4.0
"""Nothing in a speech process takes longer than a tenth of a second, and callers wait for it."""
MOST_ON_SQLITE = 4
"""Workers that one SQLite file serves without making each other wait."""


ADDRESS_UNKNOWN = 69
"""Exit status (EX_UNAVAILABLE of sysexits.h) of a server that could not ask for its public address: a later start may do better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What the preparation found or made."""

    account_sid: str
    instance_id: str
    auth_token: str | None
    """Only where it was made up just now: it is shown this once."""


def run_server(settings: Settings, flags: Mapping[str, Any]) -> int:
    """Serve until a signal; the exit status. `flags` are settings that the environment does not have."""
    os.environ.update({f"OFFHOOK_{name.upper()}": _text(value) for name, value in flags.items()})
    if fault := _what_cannot_be(settings):
        sys.stderr.write(f"offhook: {fault}\n")
        return CONFIGURATION_FAULT
    try:
        _find_public_address(settings)
    except AddressUnknown as unknown:
        sys.stderr.write(f"offhook: {unknown}\n")
        return ADDRESS_UNKNOWN
    with ExitStack() as held:
        run_dir = held.enter_context(run_folder())
        secret = os.environ.get(CLUSTER_SECRET) or secrets.token_urlsafe(32)
        os.environ.update({RUN_DIR: str(run_dir), CLUSTER_SECRET: secret})
        prepared = _prepare()
        if prepared is None:
            return CONFIGURATION_FAULT
        demo = held.enter_context(_demo_socket()) if settings.demo else None
        doors = [held.enter_context(_set_apart(LOOPBACK_HOST)) for _ in range(settings.workers)]
        os.environ.update(
            {
                DEMO_URL: f"http://{LOOPBACK_HOST}:{_port(demo)}/voice" if demo else "",
                DOOR_PORTS: ",".join(str(_port(door)) for door in doors),
                INSTANCE_ID: prepared.instance_id,
            }
        )
        if not settings.http_port:
            with suppress(OSError):  # of a host that is not ours; the api process will say so
                os.environ["OFFHOOK_HTTP_PORT"] = str(
                    _port(held.enter_context(_set_apart(settings.http_host)))
                )
        programs = _programs(settings, Surroundings.from_environment(), demo)
        supervisor = Supervisor(programs, on_ready=lambda running: _say_ready(settings, prepared, running))
        return asyncio.run(supervisor.run())


def _what_cannot_be(settings: Settings) -> str | None:
    """Settings that are right one by one and wrong together, or need what is not installed."""
    if settings.otlp_endpoint is not None and not _can_trace():
        return (
            "OFFHOOK_OTLP_ENDPOINT is set, and the packages that make traces are not installed: "
            "pip install 'offhook[tracing]', or unset it"
        )
    if settings.workers > MOST_ON_SQLITE and settings.resolved_database_url.startswith("sqlite"):
        return (
            f"{settings.workers} workers are too many for SQLite, which serves {MOST_ON_SQLITE} on one machine: "
            f"set OFFHOOK_DATABASE_URL to a PostgreSQL database (postgresql+psycopg://user@host/name), or "
            f"OFFHOOK_WORKERS={MOST_ON_SQLITE}"
        )
    if settings.workers > 1 and settings.edge == "none" and "udp" not in settings.transports:
        return (
            "several workers call each other over UDP: add udp to OFFHOOK_SIP_TRANSPORTS, set OFFHOOK_EDGE, or "
            "OFFHOOK_WORKERS=1"
        )
    if settings.edge != "none" and settings.sip_port == 0:
        return "an edge needs a SIP port that is known: set OFFHOOK_SIP_PORT"
    if settings.edge == "kamailio":
        try:
            find_kamailio()
        except KamailioAbsent as absent:
            return str(absent)
    if settings.sip_host is not None and not _leads_somewhere(settings.sip_host):
        return (
            f"OFFHOOK_SIP_HOST={settings.sip_host} is a name that has no address now: write an IPv4 address of this machine, or "
            f"0.0.0.0"
        )
    if (port := _port_of_tcp_and_tls(settings)) is not None:
        return (
            f"TCP port {port} would be that of SIP over TCP and over TLS (each worker takes ports of its own, from the first "
            f"on): set OFFHOOK_SIP_TLS_PORT to one apart from OFFHOOK_SIP_PORT"
        )
    if settings.worker_rtp_range(settings.workers - 1)[1] < 2:
        return (
            f"OFFHOOK_RTP_PORTS={settings.rtp_ports} has no two ports for each of {settings.workers} workers"
        )
    return None


def _leads_somewhere(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, socket.AF_INET)
    except OSError:
        return False
    return True


def _port_of_tcp_and_tls(settings: Settings) -> int | None:
    """One that two listeners would want; None where there is none."""
    if (
        not {"tcp", "tls"} <= set(settings.transports)
        or settings.sip_tls_files is None
        or not settings.sip_port
    ):
        return None
    behind = settings.edge != "none"  # which listens alone, at the first port of each
    count = 1 if behind else settings.workers
    tcp = {settings.sip_port + index for index in range(count)}
    tls = {settings.sip_tls_port + index for index in range(count)}
    return min(tcp & tls, default=None)


def _find_public_address(settings: Settings) -> None:
    """Where somebody else knows it, ask; the processes are told the answer as if it were set. Raises AddressUnknown."""
    asked = settings.public_address
    if asked is not None and not is_address(asked):
        os.environ.update({"OFFHOOK_PUBLIC_ADDRESS": find_address(asked), ADDRESS_ASKED_OF: asked})


def _can_trace() -> bool:
    try:
        return (
            find_spec("opentelemetry.exporter.otlp.proto.http") is not None
            and find_spec("opentelemetry.sdk") is not None
        )
    except ModuleNotFoundError:
        return False


def _prepare() -> Prepared | None:
    """In a process of its own, so that the supervisor never loads a database."""
    done = subprocess.run(
        [sys.executable, "-m", "offhook.processes.prepare"], stdout=subprocess.PIPE, check=False
    )
    return Prepared(**json.loads(done.stdout)) if done.returncode == 0 else None


def _demo_socket() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.bind((LOOPBACK_HOST, 0))
    bound.listen()
    return bound


def _set_apart(host: str) -> socket.socket:
    """A TCP port for one of the processes, known to all of them before any starts.

    It is bound and does not listen: nobody else is given the port, and the process that listens there can come and go.
    """
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, 0))
    except OSError:
        bound.close()
        raise
    return bound


def _port(bound: socket.socket) -> int:
    port: int = bound.getsockname()[1]
    return port


def _programs(settings: Settings, surroundings: Surroundings, demo: socket.socket | None) -> list[Program]:
    def speech(kind: str, name: str, path: Path) -> Program:
        arguments = ("-m", "offhook.vendors.embedded.server", "--kind", kind, "--socket", str(path))
        free_speech = ("--free-speech",) if kind == "recogniser" and settings.embedded_free_speech else ()
        return Program(name=name, kind=kind, arguments=(*arguments, *free_speech), stop_order=2)

    recognisers = [
        speech("recogniser", f"recogniser-{index}", surroundings.recogniser_socket(index))
        for index in range(settings.embedded_recognisers)
    ]
    demo_fd = (demo.fileno(),) if demo is not None else ()
    edge = Program(name="edge", kind="edge", arguments=("-m", "offhook.processes.edge"), stop_order=1)
    programs = [
        speech("voice", "voice", surroundings.voice_socket),
        *recognisers,
        *(_worker(index, settings) for index in range(settings.workers)),
        *((edge,) if settings.edge == "kamailio" else ()),
        Program(
            name="dispatcher",
            kind="dispatcher",
            arguments=("-m", "offhook.processes.dispatcher"),
            stop_order=1,
            stop_s=STOP_S + FLUSH_S,
        ),
        Program(
            name="api",
            kind="api",
            arguments=("-m", "offhook.processes.api"),
            environment={DEMO_FD: str(demo_fd[0])} if demo_fd else {},
            sockets=demo_fd,
            stop_order=1,
        ),
    ]
    return [_watched(program, settings) for program in programs]


def _watched(program: Program, settings: Settings) -> Program:
    longest_s = SPEECH_WATCHDOG_S if program.kind in ("voice", "recogniser") else settings.watchdog_s
    return replace(program, watchdog_s=min(longest_s, settings.watchdog_s))


def _worker(index: int, settings: Settings) -> Program:
    return Program(
        name=f"worker-{index}",
        kind="worker",
        arguments=("-m", "offhook.processes.worker"),
        environment={WORKER_INDEX: str(index)},
        stop_s=STOP_S + settings.drain_s,
    )


def _say_ready(settings: Settings, prepared: Prepared, running: Supervisor) -> None:
    told = {child.program.name: child.told for child in running.children}
    workers = [child.told for child in running.children if child.program.kind == "worker"]
    sip_addresses = [_shown(told["edge"])] if "edge" in told else [_shown(worker) for worker in workers]
    http_host = "127.0.0.1" if settings.http_host in EVERY_HOST else settings.http_host
    base = (settings.public_url or f"{settings.http_scheme}://{http_host}:{told['api']['port']}").rstrip("/")
    lines = [
        "Offhook is ready.",
        f"  SIP      {', '.join(sip_addresses)} over {_transports(settings)}",
        f"  REST     {base}/restcomm/2012-04-24/Accounts/{prepared.account_sid}",
        f"  account  {prepared.account_sid}",
    ]
    if prepared.auth_token is not None:
        lines.append(f"  token    {prepared.auth_token}  (kept, and shown only this once)")
    if settings.demo:
        sip = sip_addresses[0]
        lines.append(f"  call     sip:demo@{sip} (a menu that listens), sip:echo@{sip} (hear yourself)")
    lines.extend(_limits(settings, workers))
    if not settings.applications_allowed:
        lines.append(
            "  note     applications on loopback or private addresses are refused; "
            "OFFHOOK_WEBHOOK_ALLOW or OFFHOOK_DEV=1 allows them"
        )
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _limits(settings: Settings, workers: list[dict[str, Any]]) -> list[str]:
    """How many calls there can be, and what keeps them from being more."""
    slots = [worker["call_slots"] for worker in workers]
    each = f" ({len(slots)} workers of {slots[0]})" if len(slots) > 1 else ""
    lines = [f"  limit    {sum(slots)} calls at once{each}: {workers[0]['build']}"]
    if slots[0] == settings.worker_rtp_range(0)[1] // 2:
        lines.append("           by the audio ports, two a call; OFFHOOK_RTP_PORTS widens them")
    if workers[0]["needs_loopback"]:
        lines.append("           so SIP listens on this machine only; OFFHOOK_SIP_HOST=0.0.0.0 opens it")
    return lines


def _transports(settings: Settings) -> str:
    """What SIP travels by, in words; TLS with the first worker's port where nobody is in front."""
    names = [transport.upper() for transport in settings.transports]
    if "TLS" in names and settings.sip_tls_files is not None:
        names[names.index("TLS")] = f"TLS ({settings.sip_tls_port})"
    return ", ".join(names)


def _shown(listening: Mapping[str, Any]) -> str:
    host = "127.0.0.1" if listening["sip_host"] in EVERY_HOST else listening["sip_host"]
    return f"{host}:{listening['sip_port']}"


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
