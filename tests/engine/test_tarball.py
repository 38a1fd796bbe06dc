"""A tarball is looked at before anything of it is run."""

import io
import tarfile
from pathlib import Path

import pytest
from scripts.engine_build.fault import EngineFault
from scripts.engine_build.tarball import checksum, unpack

from tests.engine.miniature import ROOT, files, write_tarball


@pytest.fixture
def into(tmp_path: Path) -> Path:
    folder = tmp_path / "unpacked"
    folder.mkdir()
    return folder


def test_a_whole_one_is_unpacked_with_the_file_that_debian_leaves_out(miniature: Path, into: Path) -> None:
    source = unpack(miniature, into)
    assert (source.folder, source.version) == (into / ROOT, "2.17")
    assert (source.folder / "pjmedia/src/pjmedia-audiodev/bdimad_dev.c").read_text() == ""


def test_a_release_with_a_third_number_keeps_it(tmp_path: Path, into: Path) -> None:
    contents = files()
    contents["version.mak"] = contents["version.mak"].replace("REV    :=", "REV    := 1").replace("17", "15")
    assert unpack(write_tarball(tmp_path / "release.tar.xz", contents), into).version == "2.15.1"


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.95])
def test_one_that_is_cut_short_is_refused(miniature: Path, into: Path, share: float) -> None:
    whole = miniature.read_bytes()
    miniature.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(EngineFault, match="cut short"):
        unpack(miniature, into)


def test_one_with_a_flipped_byte_is_refused(miniature: Path, into: Path) -> None:
    spoilt = bytearray(miniature.read_bytes())
    spoilt[len(spoilt) // 2] ^= 0xFF
    miniature.write_bytes(spoilt)
    with pytest.raises(EngineFault, match=r"cut short|damaged"):
        unpack(miniature, into)


def test_something_that_is_no_archive_is_refused(tmp_path: Path, into: Path) -> None:
    page = tmp_path / "pjproject.tar.gz"
    page.write_text("<html>404</html>" * 1000)
    with pytest.raises(EngineFault, match="no tar archive"):
        unpack(page, into)


def test_the_source_of_something_else_is_refused(tmp_path: Path, into: Path) -> None:
    other = write_tarball(tmp_path / "other.tar.xz", {"setup.py": "", "README": ""}, root="other-1.0")
    with pytest.raises(EngineFault, match=r"not the source of PJSIP: version\.mak"):
        unpack(other, into)


def test_a_release_that_is_too_old_is_refused(tmp_path: Path, into: Path) -> None:
    old = write_tarball(tmp_path / "old.tar.xz", files(version=(2, 12)))
    with pytest.raises(EngineFault, match=r"PJSIP 2\.12; 2\.13 or newer"):
        unpack(old, into)


def test_a_version_that_cannot_be_read_is_refused(tmp_path: Path, into: Path) -> None:
    odd = write_tarball(tmp_path / "odd.tar.xz", files() | {"version.mak": "VERSION = 2\n"})
    with pytest.raises(EngineFault, match="does not tell its version"):
        unpack(odd, into)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", f"{ROOT}/../../escaped"])
def test_a_file_that_would_land_elsewhere_is_refused(tmp_path: Path, into: Path, name: str) -> None:
    evil = write_tarball(tmp_path / "evil.tar.xz", {name: "escaped"}, root="")
    with pytest.raises(EngineFault, match="outside of its folder"):
        unpack(evil, into)
    assert not (tmp_path / "escaped").exists()


def test_a_link_that_leads_elsewhere_is_refused(tmp_path: Path, into: Path) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as archive:
        link = tarfile.TarInfo("folder")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        archive.addfile(link)
        member = tarfile.TarInfo("folder/escaped")
        member.size = 4
        archive.addfile(member, io.BytesIO(b"text"))
    with pytest.raises(EngineFault, match="outside of its folder"):
        unpack(evil, into)
    assert not (tmp_path / "escaped").exists()


def test_a_device_is_refused(tmp_path: Path, into: Path) -> None:
    evil = tmp_path / "evil.tar"
    with tarfile.open(evil, "w") as archive:
        device = tarfile.TarInfo("device")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    with pytest.raises(EngineFault, match="neither a file nor a folder"):
        unpack(evil, into)


def test_one_that_is_not_there_is_told_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(EngineFault, match=r"PJPROJECT_TARBALL: .*missing.*No such file"):
        checksum(tmp_path / "missing.tar.gz")
