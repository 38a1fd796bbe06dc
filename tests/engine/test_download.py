"""apt fetches the source in a folder of its own, and refuses what Debian has not signed."""

import os
import subprocess
from pathlib import Path

import pytest
from scripts.engine_build.apt_sources import Source
from scripts.engine_build.download import download, write_configuration
from scripts.engine_build.fault import EngineFault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "apt"
    made.mkdir()
    return made


def sources_of(folder: Path, mirror: str) -> Path:
    folder.mkdir()
    (folder / "sources.list").write_text(f"deb {mirror} bookworm main\n")
    return folder


def test_apt_keeps_to_the_folder(folder: Path) -> None:
    configuration = write_configuration(folder, Source("http://mirror.example/debian", "bookworm"))
    asked = ("Dir::State::lists/d", "Dir::Etc::sourceparts/d", "Dir::Cache/d", "Dir::Etc::parts/d")
    printed = subprocess.run(
        ["apt-config", "shell", *(part for name in asked for part in (f"n{asked.index(name)}", name))],
        env={**os.environ, "APT_CONFIG": str(configuration)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    places = dict(line.split("=", 1) for line in printed.splitlines())
    assert len(places) == 4
    assert all(place.strip("'").startswith(str(folder)) for place in places.values()), places
    stanza = (folder / "sources.d" / "sid.sources").read_text()
    assert "URIs: http://mirror.example/debian\nSuites: sid\n" in stanza
    assert "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n" in stanza


def test_a_mirror_that_does_not_answer_is_told_with_the_way_by_hand(folder: Path, tmp_path: Path) -> None:
    apt_folder = sources_of(tmp_path / "etc", "http://127.0.0.1:9/debian")
    with pytest.raises(EngineFault, match=r"(?s)apt-get update failed.*127\.0\.0\.1.*PJPROJECT_TARBALL="):
        download(folder, apt_folder=apt_folder)


def test_a_mirror_that_nobody_has_signed_is_refused(folder: Path, tmp_path: Path) -> None:
    release = tmp_path / "debian" / "dists" / "sid" / "Release"
    release.parent.mkdir(parents=True)
    release.write_text(
        "Origin: Debian\nSuite: unstable\nCodename: sid\nDate: Sat, 21 Nov 2026 00:00:00 UTC\n"
    )
    apt_folder = sources_of(tmp_path / "etc", f"file:{tmp_path}/debian")
    with pytest.raises(EngineFault, match=r"(?s)apt-get update failed.*not signed"):
        download(folder, apt_folder=apt_folder)


def test_where_there_is_no_apt_the_way_by_hand_is_told(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineFault, match=r"no apt-get.*PJPROJECT_TARBALL="):
        download(folder)
