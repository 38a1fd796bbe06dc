"""scripts/engine, as make and people run it, on machines that lack something. It never gets as far as installing."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.engine.conftest import ROOT

EVERYDAY = ("bash", "env", "dirname", "grep", "id", "dpkg-query", "cat")


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder for PATH, with no more than scripts need."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in EVERYDAY:
        found = next(path for path in (Path("/usr/bin", name), Path("/bin", name)) if path.exists())
        (folder / name).symlink_to(found)
    return folder


def engine(tmp_path: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Its exit status and what it said; the cache is empty."""
    done = subprocess.run(
        [ROOT / "scripts" / "engine", *arguments],
        env={**os.environ, "OFFHOOK_ENGINE_CACHE": str(tmp_path / "cache"), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


def give(programs: Path, name: str, text: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{text}\n")
    (programs / name).chmod(0o755)


def test_without_a_compiler_the_debian_packages_are_named(
    tmp_path: Path, programs: Path, miniature: Path
) -> None:
    status, told = engine(tmp_path, PATH=str(programs), PJPROJECT_TARBALL=str(miniature))
    assert status == 1
    assert "On Debian: apt-get install build-essential swig libssl-dev uuid-dev libsrtp2-dev" in told
    assert "Traceback" not in told


def test_without_one_header_its_package_alone_is_named(
    tmp_path: Path, programs: Path, miniature: Path
) -> None:
    give(programs, "g++", 'case "$(cat)" in *srtp2*) exit 1;; esac')
    for name in ("gcc", "make", "ar", "swig"):
        give(programs, name, "exit 0")
    status, told = engine(tmp_path, PATH=str(programs), PJPROJECT_TARBALL=str(miniature))
    assert status == 1
    assert "apt-get install libsrtp2-dev" in told
    assert "uuid-dev" not in told


def test_a_truncated_tarball_is_told_in_a_sentence(tmp_path: Path, miniature: Path) -> None:
    miniature.write_bytes(miniature.read_bytes()[:400])
    status, told = engine(tmp_path, PJPROJECT_TARBALL=str(miniature))
    assert status == 1
    assert "cut short" in told
    assert "Traceback" not in told


def test_a_tarball_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    status, told = engine(tmp_path, PJPROJECT_TARBALL=str(tmp_path / "none.tar.xz"))
    assert status == 1
    assert "PJPROJECT_TARBALL" in told
    assert "No such file" in told


def test_a_number_of_calls_that_is_none_is_told_in_a_sentence(tmp_path: Path) -> None:
    status, told = engine(tmp_path, OFFHOOK_ENGINE_CALLS="lots")
    assert status == 1
    assert "'lots' is no number of calls" in told


def test_an_unknown_deed_is_told(tmp_path: Path) -> None:
    status, told = engine(tmp_path, "reinstall")
    assert status == 2
    assert "remove" in told


def test_ensure_leaves_an_installed_engine_alone(tmp_path: Path, programs: Path) -> None:
    status, told = engine(tmp_path, "ensure", PATH=str(programs))
    assert (status, told) == (0, "")
    assert not (tmp_path / "cache").exists()
