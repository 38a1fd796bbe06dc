"""SIP over TLS at Kamailio: what it is told, when it is told anew, and what is said where its module is not there."""

import asyncio
import os
import signal
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from offhook.config import Settings
from offhook.edge.kamailio import Kamailio, KamailioFailed
from offhook.edge.kamailio_config import KamailioConfig, Listen
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.tls_config import EdgeTls
from offhook.processes.edge_tls import EdgeCertificates
from offhook.tls_files import TlsFilesUnusable
from tests.edge.conftest import Edge, running
from tests.sip.certificates import Authority, Pair
from tests.system.server import free_port

WITHOUT_MODULE = """#!/bin/sh
echo "ERROR: <core> ksr_locate_module(): could not find module <tls> in </somewhere>" >&2
exit 255
"""


@dataclass
class Paths:
    """Where OpenSSL says that it looks."""

    capath: str
    cafile: str | None = None


@pytest.fixture
def nobody(tmp_path: Path) -> Iterator[KamailioRpc]:
    """Way to a Kamailio that is not there: whoever says something to it fails."""
    rpc = KamailioRpc(tmp_path / "nobody.sock", tmp_path / "own.sock")
    yield rpc
    rpc.close()


def certificates(
    pair: Pair, folder: Path, *, clock: Callable[[], float] = time.monotonic, **settings: object
) -> EdgeCertificates:
    chosen = {"sip_tls_cert": pair.certificate, "sip_tls_key": pair.key, "sip_transports": "udp, tls"}
    return EdgeCertificates(Settings.model_validate(chosen | settings), folder, folder / "copies", clock)


def test_what_kamailio_is_told(tmp_path: Path, config: KamailioConfig) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    made = certificates(pair, tmp_path, sip_tls_port=5999, sip_tls_ca=authority.certificate)
    assert made.tls is not None
    made.write()
    told = made.tls.config_file.read_text()
    copies = tmp_path / "copies"
    assert f"certificate = {copies}/OFFHOOK_SIP_TLS.pem\nprivate_key = {copies}/OFFHOOK_SIP_TLS.pem\n" in told
    assert f"ca_list = {copies}/OFFHOOK_SIP_TLS_CA.pem\n" in told
    listen = Listen(host="192.0.2.7", port=5060, tls_port=made.tls.port, advertise="198.51.100.1")
    text = replace(config, listen=(listen,), tls=made.tls).text()
    assert "listen=tls:192.0.2.7:5999 advertise 198.51.100.1:5999" in text
    assert text.index("tls.so") < text.index("jsonrpcs.so"), "it wants to be the first"
    unverified = certificates(pair, tmp_path, sip_tls_verify=False).tls
    assert unverified is not None
    assert "verify_certificate = yes" not in unverified.text


def test_without_a_certificate_there_is_no_tls(tmp_path: Path) -> None:
    settings = Settings.model_validate({"sip_transports": "udp, tls"})
    assert EdgeCertificates(settings, tmp_path, tmp_path).tls is None
    pair = Authority(tmp_path).issue("127.0.0.1")
    assert certificates(pair, tmp_path, sip_transports="udp, tcp").tls is None


@pytest.mark.sip
async def test_a_certificate_that_was_replaced_is_shown_once_it_can_be_used(
    tmp_path: Path, config: KamailioConfig, nobody: KamailioRpc, capsys: pytest.CaptureFixture[str]
) -> None:
    authority, port = Authority(tmp_path), free_port(socket.SOCK_STREAM)
    pair, second = authority.issue("127.0.0.1"), authority.issue("127.0.0.1", "localhost")
    made = certificates(pair, tmp_path, sip_tls_port=port, sip_tls_ca=authority.certificate)
    made.write()
    made.turn(nobody)
    [listen] = config.listen
    config = replace(config, listen=(replace(listen, tls_port=port),), tls=made.tls)
    async with running(config, tmp_path) as edge, asyncio.timeout(30):

        async def shown() -> str:
            return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))

        first = await shown()
        pair.certificate.write_bytes(second.certificate.read_bytes())
        made.turn(nobody)  # its key is not there yet
        pair.write(second)
        while "edge.certificate_replaced" not in capsys.readouterr().out:
            await asyncio.to_thread(made.turn, edge.rpc)
        assert await shown() != first
        assert (await shown()).strip() == second.certificate.read_text().strip()


@pytest.mark.sip
async def test_a_certificate_that_kamailio_does_not_take_is_told_again_and_nobody_waits(
    tmp_path: Path, edge: Edge, nobody: KamailioRpc, capsys: pytest.CaptureFixture[str]
) -> None:
    authority, now = Authority(tmp_path), [0.0]
    pair = authority.issue("127.0.0.1")
    made = certificates(pair, tmp_path, clock=lambda: now[0])
    pair.write(authority.issue("127.0.0.1", "localhost"))

    async def turned_until(words: str) -> None:
        async with asyncio.timeout(30):
            while words not in capsys.readouterr().out:
                await asyncio.to_thread(made.turn, edge.rpc)

    await turned_until("Method Not Found")  # it was started without TLS
    now[0] = 4.0
    made.turn(nobody)
    edge.rpc.call("htable.flush", "edge")
    os.kill(process_of(edge, "certificates"), signal.SIGSTOP)
    now[0] = 6.0
    began = time.monotonic()
    for _ in range(3):
        made.turn(edge.rpc)
    assert time.monotonic() - began < 10, "it does not wait for what takes long"
    now[0] = 67.0
    await turned_until("did not read it within 60 s")
    os.kill(process_of(edge, "certificates"), signal.SIGCONT)
    now[0] = 73.0
    await turned_until("Method Not Found")


def process_of(edge: Edge, name: str) -> int:
    """Kamailio's process of a timer."""
    listed: Any = edge.rpc.call("core.psx")
    return next(int(each["PID"]) for each in listed if name in each["DSC"])


@pytest.mark.parametrize("fault", ["expired", "of another key", "gone"])
def test_an_edge_that_is_started_anew_goes_on_with_the_certificate_that_it_had(
    tmp_path: Path, nobody: KamailioRpc, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    authority = Authority(tmp_path)
    pair, expired = authority.issue("127.0.0.1"), authority.issue("127.0.0.1", ends_in=timedelta(days=-1))
    first = certificates(pair, tmp_path, sip_tls_ca=authority.certificate).tls
    assert first is not None
    had = first.certificate.read_bytes()
    assert first.certificate.stat().st_mode & 0o777 == 0o600, "the key lies in it"
    second, ca = authority.issue("127.0.0.1"), authority.certificate.read_bytes()
    if fault == "expired":
        pair.write(expired)
    elif fault == "of another key":
        pair.key.write_bytes(second.key.read_bytes())
    else:
        for path in (pair.certificate, pair.key, authority.certificate):
            path.unlink()
    anew = certificates(pair, tmp_path, sip_tls_ca=authority.certificate)
    assert anew.tls == first
    assert anew.tls.certificate.read_bytes() == had
    said = capsys.readouterr().out
    assert "edge.certificate_not_taken" in said
    assert "the one before goes on, from a copy" in said
    anew.turn(nobody)
    assert capsys.readouterr().out == "", "and it is said once"
    authority.certificate.write_bytes(ca)
    pair.write(second)
    with pytest.raises(RpcFailed):
        anew.turn(nobody)
    assert anew.tls.certificate.read_bytes() != had, "what was mended counts"


def test_the_authorities_of_the_system_are_not_all_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "01234567.0").touch()
    monkeypatch.setattr("offhook.tls_files.ssl.get_default_verify_paths", lambda: Paths(str(tmp_path)))
    pair = Authority(tmp_path).issue("127.0.0.1")
    made = certificates(pair, tmp_path).tls
    assert made is not None
    assert f"ca_path = {tmp_path}\n" in made.text
    assert "ca_list" not in made.text


def test_what_cannot_be_used_is_said_before_anything_starts(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    first, second = authority.issue("127.0.0.1"), authority.issue("127.0.0.1")
    with pytest.raises(TlsFilesUnusable, match="OFFHOOK_SIP_TLS_KEY"):
        certificates(Pair(first.certificate, second.key), tmp_path)
    odd = EdgeTls(
        port=1,
        certificate=Path("/a b.pem"),
        key=first.key,
        authorities=authority.certificate,
        verifies=True,
        config_file=tmp_path / "tls.cfg",
    )
    with pytest.raises(ValueError, match="plainer path"):
        _ = odd.text


async def test_without_its_module_the_package_is_named(tmp_path: Path, config: KamailioConfig) -> None:
    program = tmp_path / "kamailio"
    program.write_text(WITHOUT_MODULE)
    program.chmod(0o700)
    with pytest.raises(KamailioFailed, match="apt-get install kamailio-tls-modules"):
        await Kamailio(str(program), tmp_path, lambda _is_error, _text: None).start(config.text(), ())
