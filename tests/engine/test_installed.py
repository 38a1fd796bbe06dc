"""The engine that is installed here, and the wheel behind it: what they tell of themselves, and that both carry calls."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from offhook.pjsua.build import BuildNotesUnreadable, allow_open_files, files_needed, installed_build
from tests.engine.conftest import ROOT, make_package

NOTES = {"name": "PJSIP 9.9, built here", "call_slots": 3, "new_calls_per_s": 5.0, "media_handles": 9}


def offhook(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    environment = {name: value for name, value in os.environ.items() if name != "OFFHOOK_ENGINE"}
    return subprocess.run(
        [sys.executable, "-m", "offhook", *arguments],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def told(**variables: str) -> dict[str, Any]:
    done = offhook("version", "--json", **variables)
    assert done.returncode == 0, done.stderr
    version: dict[str, Any] = json.loads(done.stdout)
    return version


def module() -> str:
    """The path of the engine's own shared library."""
    spec = find_spec("pjsua2")
    assert spec is not None
    assert spec.origin is not None
    [library] = Path(spec.origin).parent.glob("_pjsua2*.so")
    return str(library)


def test_version_tells_the_engine() -> None:
    version = told()
    assert set(version) == {"offhook", "python", "pjsip", "source_checksum", "call_slots"}
    assert re.fullmatch(r"2\.\d+(\.\d+)?", version["pjsip"])
    assert re.fullmatch(r"[0-9a-f]{64}", version["source_checksum"])
    assert version["call_slots"] > 4


def test_version_tells_the_wheel() -> None:
    version = told(OFFHOOK_ENGINE="wheel")
    assert set(version) == {"offhook", "python", "pjsip", "source_checksum", "call_slots"}
    assert (version["pjsip"], version["source_checksum"], version["call_slots"]) == ("2.15.1", None, 4)


def test_doctor_tells_build_checksum_and_limits(tmp_path: Path) -> None:
    printed = offhook("doctor", OFFHOOK_DATA_DIR=str(tmp_path)).stdout
    version = told()
    assert f"PJSIP {version['pjsip']}, built here: {version['call_slots']} calls at once" in printed
    assert version["source_checksum"] in printed
    assert f"PJSUA_MAX_CALLS {version['call_slots']}," in printed
    assert "PJ_IOQUEUE_MAX_HANDLES 8192" in printed


def test_doctor_tells_when_audio_ports_are_fewer_than_calls(tmp_path: Path) -> None:
    narrow = offhook("doctor", OFFHOOK_DATA_DIR=str(tmp_path), OFFHOOK_RTP_PORTS="10000-10019").stdout
    assert "a worker has audio ports for 10 calls" in narrow
    [wide] = re.findall(r"OFFHOOK_RTP_PORTS=(10000-\d+)", narrow)
    enough = offhook("doctor", OFFHOOK_DATA_DIR=str(tmp_path), OFFHOOK_RTP_PORTS=wide).stdout
    assert "audio ports for" not in enough


def test_doctor_tells_how_to_get_past_the_wheel(tmp_path: Path) -> None:
    printed = offhook("doctor", OFFHOOK_DATA_DIR=str(tmp_path), OFFHOOK_ENGINE="wheel").stdout
    assert "4 calls at once" in printed
    assert "make engine" in printed


def test_the_module_is_hardened() -> None:
    headers = subprocess.run(
        ["readelf", "--wide", "--dynamic", "--segments", module()], capture_output=True, text=True, check=True
    ).stdout
    assert "BIND_NOW" in headers
    assert "GNU_RELRO" in headers
    assert re.search(r"GNU_STACK.*\bRW\b", headers), "the stack cannot be executed"
    symbols = subprocess.run(
        ["readelf", "--wide", "--dyn-syms", module()], capture_output=True, text=True, check=True
    ).stdout
    assert "__stack_chk_fail" in symbols
    assert "__memcpy_chk" in symbols or "__snprintf_chk" in symbols
    assert "__assert_fail" not in symbols, "a broken rule does not end the process"


def test_the_module_has_what_was_asked_for_and_no_more() -> None:
    needed = subprocess.run(
        ["readelf", "--dynamic", module()], capture_output=True, text=True, check=True
    ).stdout
    for library in ("libssl.so.3", "libcrypto.so.3", "libsrtp2.so.1", "libopus.so.0"):
        assert library in needed
    for library in ("libasound", "libSDL", "libavcodec", "libv4l"):
        assert library not in needed


def test_the_wheel_keeps_its_promises_too() -> None:
    """The contract of calls; the rest of this run proves it with the engine."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/contract", "-q", "-p", "no:cacheprovider"],
        cwd=ROOT,
        env={**os.environ, "OFFHOOK_ENGINE": "wheel"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_notes_of_an_older_build_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_package(tmp_path / "built", notes=json.dumps({**NOTES, "asserts": False, "newer": "unknown"}))
    monkeypatch.syspath_prepend(str(tmp_path / "built"))
    monkeypatch.delitem(sys.modules, "pjsua2", raising=False)
    build = installed_build()
    assert (build.name, build.call_slots, build.source_checksum) == ("PJSIP 9.9, built here", 3, None)


@pytest.mark.parametrize("notes", ["", "{", "[]", '{"name": "only"}'])
def test_notes_that_cannot_be_read_are_told(
    notes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (make_package(tmp_path / "built") / "offhook_build.json").write_text(notes)
    monkeypatch.syspath_prepend(str(tmp_path / "built"))
    monkeypatch.delitem(sys.modules, "pjsua2", raising=False)
    with pytest.raises(BuildNotesUnreadable, match=r"make engine-remove engine"):
        installed_build()


def test_a_process_may_open_as_many_files_as_its_calls_take() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (64, {hard}));"
        "from offhook.pjsua.build import allow_open_files, installed_build;"
        "print(allow_open_files(installed_build()), resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )

    def limits(hard: int) -> list[int]:
        done = subprocess.run(
            [sys.executable, "-c", code.format(hard=hard)], capture_output=True, text=True, check=True
        )
        return [int(word) for word in done.stdout.split()]

    needed = files_needed(installed_build())
    assert limits(needed + 100) == [needed, needed]
    assert limits(300) == [300, 300], "no more than the system lets it"
    assert allow_open_files(installed_build()) >= 64
