"""SIP over TLS at Kamailio: what it is told, when it is told anew, and what is said where its module is not there."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from offhook.config import Settings
from offhook.edge.kamailio import Kamailio, KamailioFailed
from offhook.edge.kamailio_config import KamailioConfig, Listen
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.tls_config import EdgeTls
from offhook.processes.edge_tls import EdgeCertificates
from offhook.tls_files import TlsFilesUnusable
from tests.sip.certificates import Authority, Pair

WITHOUT_MODULE = """#!/bin/sh
echo "ERROR: <core> ksr_locate_module(): could not find module <tls> in </somewhere>" >&2
exit 255
"""


@dataclass
class Paths:
    """Where OpenSSL says that it looks."""

    capath: str
    cafile: str | None = None


class Calls:
    """Remembers what was called, and refuses it as often as it is told to."""

    def __init__(self) -> None:
        self.methods: list[str] = []
        self.refusals = 0

    def call(self, method: str, *, within_s: float) -> None:
        """Note it."""
        self.methods.append(method)
        assert within_s >= 30, "a long list of authorities takes each of its processes a while"
        if self.refusals:
            self.refusals -= 1
            raise RpcFailed(f"{method}: timed out")


def certificates(
    pair: Pair, folder: Path, *, clock: Callable[[], float] = time.monotonic, **settings: object
) -> EdgeCertificates:
    chosen = {"sip_tls_cert": pair.certificate, "sip_tls_key": pair.key, "sip_transports": "udp, tls"}
    return EdgeCertificates(Settings.model_validate(chosen | settings), folder, clock)


def test_what_kamailio_is_told(tmp_path: Path, config: KamailioConfig) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    made = certificates(pair, tmp_path, sip_tls_port=5999, sip_tls_ca=authority.certificate)
    assert made.tls is not None
    made.write()
    told = made.tls.config_file.read_text()
    assert f"certificate = {pair.certificate}" in told
    assert f"private_key = {pair.key}" in told
    assert f"ca_list = {authority.certificate}\n" in told
    listen = Listen(host="192.0.2.7", port=5060, tls_port=made.tls.port, advertise="198.51.100.1")
    text = replace(config, listen=(listen,), tls=made.tls).text()
    assert "listen=tls:192.0.2.7:5999 advertise 198.51.100.1:5999" in text
    assert text.index("tls.so") < text.index("jsonrpcs.so"), "it wants to be the first"
    unverified = certificates(pair, tmp_path, sip_tls_verify=False).tls
    assert unverified is not None
    assert "verify_certificate = yes" not in unverified.text


def test_without_a_certificate_there_is_no_tls(tmp_path: Path) -> None:
    assert EdgeCertificates(Settings.model_validate({"sip_transports": "udp, tls"}), tmp_path).tls is None
    pair = Authority(tmp_path).issue("127.0.0.1")
    assert certificates(pair, tmp_path, sip_transports="udp, tcp").tls is None


def test_a_certificate_that_was_replaced_is_told_once_it_can_be_used(tmp_path: Path) -> None:
    authority, calls = Authority(tmp_path), Calls()
    pair = authority.issue("127.0.0.1")
    made = certificates(pair, tmp_path)
    made.turn(cast("KamailioRpc", calls))
    assert calls.methods == []
    second = authority.issue("127.0.0.1", "localhost")
    pair.certificate.write_bytes(second.certificate.read_bytes())
    made.turn(cast("KamailioRpc", calls))
    assert calls.methods == [], "its key is not there yet"
    pair.write(second)
    for _ in range(2):
        made.turn(cast("KamailioRpc", calls))
    assert calls.methods == ["tls.reload"]


def test_a_certificate_that_kamailio_did_not_take_is_told_again(tmp_path: Path) -> None:
    authority, calls, now = Authority(tmp_path), Calls(), [0.0]
    pair = authority.issue("127.0.0.1")
    made = certificates(pair, tmp_path, clock=lambda: now[0])
    pair.write(authority.issue("127.0.0.1", "localhost"))
    calls.refusals = 1
    for now[0] in (1.0, 2.0, 40.0, 80.0):
        made.turn(cast("KamailioRpc", calls))
    assert calls.methods == ["tls.reload"] * 2, "not every second, and not once it was taken"


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
