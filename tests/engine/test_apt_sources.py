"""Debian's mirror is found among the machine's own sources, whichever way they are written."""

from pathlib import Path

import pytest
from scripts.engine_build.apt_sources import Source, debian_mirror
from scripts.engine_build.fault import EngineFault

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_one_line_style(apt: Path) -> None:
    (apt / "sources.list").write_text(
        "# deb http://commented.example/debian bookworm main\n"
        "deb cdrom:[Debian GNU/Linux 12]/ bookworm main\n"
        "deb http://security.example/debian-security bookworm-security main\n"
        f"deb [arch=amd64 signed-by={KEYRING}] http://mirror.example/debian/ bookworm main contrib\n"
    )
    assert debian_mirror(apt) == Source("http://mirror.example/debian/", "bookworm", KEYRING)


def test_block_style(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(
        "# the archive\n"
        "Types: deb\nURIs: http://security.example/debian-security\nSuites: bookworm-security\nComponents: main\n"
        "\n"
        "Enabled: no\nTypes: deb\nURIs: http://disabled.example/debian\nSuites: bookworm\nComponents: main\n"
        " \n"
        "Types: deb deb-src\n# between\nURIs:\n http://mirror.example/debian\n http://second.example/debian\n"
        f"Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    assert debian_mirror(apt) == Source("http://mirror.example/debian", "bookworm", KEYRING)


def test_a_key_written_into_the_block_is_no_path(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: https://mirror.example/debian\nSuites: trixie\nComponents: main\nSigned-By:\n"
        " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF\n -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    assert debian_mirror(apt) == Source("https://mirror.example/debian", "trixie", None)


def test_a_list_of_mirrors_is_a_mirror(apt: Path) -> None:
    (apt / "sources.list.d" / "debian.sources").write_text(
        "Types: deb\nURIs: mirror+file:///etc/apt/mirrors/debian.list\nSuites: bookworm\nComponents: main\n"
    )
    assert debian_mirror(apt).uri == "mirror+file:///etc/apt/mirrors/debian.list"


def test_the_main_list_comes_first_and_other_files_are_not_read(apt: Path) -> None:
    parts = apt / "sources.list.d"
    (apt / "sources.list").write_text("deb http://first.example/debian bookworm main\n")
    (parts / "a.list").write_text("deb http://second.example/debian bookworm main\n")
    (parts / "a.list.save").write_text("deb http://zeroth.example/debian bookworm main\n")
    assert debian_mirror(apt).uri == "http://first.example/debian"
    (apt / "sources.list").unlink()
    assert debian_mirror(apt).uri == "http://second.example/debian"


def test_where_debian_is_not_among_them_the_way_by_hand_is_told(apt: Path) -> None:
    (apt / "sources.list").write_text("deb http://archive.example/ubuntu jammy main\n")
    with pytest.raises(EngineFault, match=r"archive\.example/ubuntu.*PJPROJECT_TARBALL="):
        debian_mirror(apt)


def test_where_there_are_none_the_way_by_hand_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match=r"none.*PJPROJECT_TARBALL="):
        debian_mirror(tmp_path / "nowhere")
