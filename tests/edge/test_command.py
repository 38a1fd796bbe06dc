"""`offhook kamailio-config`: two files for a Kamailio that we do not run."""

import subprocess
from pathlib import Path

from offhook.edge.installed import find_kamailio
from tests.system.conftest import offhook


def test_it_writes_files_that_kamailio_takes(tmp_path: Path) -> None:
    done = offhook(
        *(
            "kamailio-config",
            "--listen",
            "127.0.0.1:5070",
            "--allow",
            "198.51.100.0/24",
            "--into",
            str(tmp_path),
        ),
        *("--worker", "10.0.0.5:5060", "--worker", "[fd00::1]:5062", "--folder", str(tmp_path)),
        *("--new-calls-per-s", "300"),
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert (tmp_path / "kamailio.cfg").stat().st_mode & 0o777 == 0o600
    text = (tmp_path / "kamailio.cfg").read_text()
    assert "listen=udp:127.0.0.1:5070\n" in text
    assert '#!define ALLOWED "198.51.100.0/24"' in text
    assert "offhook.new_calls_per_s = 300 " in text
    assert "#!ifdef KAMAILIO_5_8\ntcp_accept_iplimit=256\n#!endif\n" in text
    assert (
        "#   iptables -A INPUT -p tcp --syn -m multiport --dports 5070 -m connlimit --connlimit-above 256 -j"
        in text
    )
    assert (tmp_path / "dispatcher.list").read_text().splitlines()[1:] == [
        "1 sip:10.0.0.5:5060 8 0 rweight=100",
        "1 sip:[fd00::1]:5062 8 0 rweight=100",
    ]
    checked = subprocess.run(
        [find_kamailio(), "-c", "-f", str(tmp_path / "kamailio.cfg")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_without_options_it_prints_what_the_settings_say() -> None:
    settings = {"OFFHOOK_WORKERS": "3", "OFFHOOK_SIP_PORT": "6000", "OFFHOOK_SIP_ALLOW": "203.0.113.0/24"}
    done = offhook("kamailio-config", **settings, OFFHOOK_SIP_HOST="127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("#!KAMAILIO\n")
    assert "listen=udp:127.0.0.1:6000\n" in done.stdout
    assert '#!define ALLOWED "203.0.113.0/24"' in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("1 sip:")] == [
        f"1 sip:127.0.0.1:{port} 8 0 rweight=100" for port in (6001, 6002, 6003)
    ]


def test_what_is_no_address_and_no_network_is_said() -> None:
    for option, value in (("--worker", "nope"), ("--worker", "fd00::1:5060"), ("--listen", "1.2.3.4:0")):
        done = offhook("kamailio-config", option, value)
        assert done.returncode == 2
        assert option in done.stderr
        assert value in done.stderr
    done = offhook("kamailio-config", "--allow", "10.0.0.0/99")
    assert done.returncode == 2
    assert "10.0.0.0/99" in done.stderr


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = offhook("kamailio-config", "--into", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "--into" in done.stderr
