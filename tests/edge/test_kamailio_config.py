"""The text of kamailio.cfg: what varies is in it, and Kamailio takes it."""

import subprocess
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from offhook.edge.installed import KamailioAbsent, find_kamailio
from offhook.edge.kamailio_config import KamailioConfig, Listen
from offhook.edge.listening import listening


def check(config: KamailioConfig, folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "checked.cfg"
    path.write_text(config.text())
    config.list_file.touch()
    return subprocess.run(
        [find_kamailio(), "-c", "-f", str(path)], capture_output=True, text=True, timeout=60, check=False
    )


def test_addresses_networks_and_limit_are_in_it(config: KamailioConfig) -> None:
    text = config.text()
    assert f"listen=udp:127.0.0.1:{config.listen[0].port}\n" in text
    assert '#!define ALLOWED "127.0.0.0/8,::1/128"' in text
    assert "offhook.new_calls_per_s = 50 desc" in text
    assert str(config.list_file) in text


def test_kamailio_takes_it(config: KamailioConfig, tmp_path: Path) -> None:
    done = check(config, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "CRITICAL" not in done.stderr


def test_kamailio_takes_a_public_address_and_ipv6(config: KamailioConfig, tmp_path: Path) -> None:
    listen = (
        *config.listen,
        Listen(host="127.0.0.2", port=config.listen[0].port, advertise="192.0.2.7"),
        Listen(host="::1", port=config.listen[0].port),
    )
    assert listen[1].lines[0].endswith("advertise 192.0.2.7:" + str(listen[1].port))
    assert listen[2].lines == tuple(
        f"listen={transport}:[::1]:{listen[2].port}" for transport in ("udp", "tcp")
    )
    done = check(replace(config, listen=listen), tmp_path)
    assert done.returncode == 0, done.stderr


def test_an_empty_list_of_networks_lets_nobody_in(config: KamailioConfig, tmp_path: Path) -> None:
    closed = replace(config, callers_allowed=())
    assert '#!define ALLOWED "0.0.0.0/32"' in closed.text()
    assert check(closed, tmp_path).returncode == 0


def test_many_networks_are_taken(config: KamailioConfig, tmp_path: Path) -> None:
    many = tuple(ip_network(f"10.{index}.0.0/16") for index in range(200))
    assert check(replace(config, callers_allowed=many), tmp_path).returncode == 0


def test_a_path_that_cannot_be_written_is_refused(config: KamailioConfig) -> None:
    with pytest.raises(ValueError, match="plainer path"):
        replace(config, list_file=Path('/tmp/a"b')).text()


def test_workers_always_find_loopback() -> None:
    assert listening("127.0.0.1", 5060, "192.0.2.7") == (Listen(host="127.0.0.1", port=5060),)
    assert listening("192.0.2.1", 5060, "192.0.2.7") == (
        Listen(host="127.0.0.1", port=5060),
        Listen(host="192.0.2.1", port=5060, advertise="192.0.2.7"),
    )
    everywhere = listening("0.0.0.0", 5060, None)
    assert everywhere[0] == Listen(host="127.0.0.1", port=5060)
    assert "0.0.0.0" not in [each.host for each in everywhere]


def test_the_sbin_beside_a_bin_is_looked_into(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "sbin").mkdir()
    program = tmp_path / "sbin" / "kamailio"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert find_kamailio(str(tmp_path / "bin")) == str(program)


def test_an_absent_kamailio_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(KamailioAbsent, match="apt-get install kamailio"):
        find_kamailio(str(tmp_path))
