"""Looks at a tarball before it is built: whether it is whole, whether it is PJSIP, which version."""

import hashlib
import lzma
import re
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from scripts.engine_build.fault import EngineFault

OLDEST = (2, 13)
"""What came before lacks parts of the Python module that Offhook uses."""
NEEDED = ("version.mak", "aconfigure", "pjsip/include/pjsua2.hpp", "pjsip-apps/src/swig/pjsua2.i")
MOST_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A source tree, ready to be configured."""

    folder: Path
    version: str


def checksum(path: Path) -> str:
    """The SHA-256 of a tarball, in hex. Raises EngineFault where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EngineFault(f"PJPROJECT_TARBALL: {path} cannot be read: {error.strerror}") from None


def unpack(tarball: Path, into: Path) -> Unpacked:
    """Unpack a tarball. Raises EngineFault where it is cut short, is not PJSIP, or is too old."""
    try:
        with tarfile.open(tarball) as archive:
            _refuse_the_unsafe(archive, tarball)
            if hasattr(tarfile, "data_filter"):
                archive.extractall(into, filter="data")
            else:  # Python 3.11.2 of Debian 12 has no filters yet; each member was looked at above
                archive.extractall(into)
    except tarfile.ReadError as error:
        raise EngineFault(
            f"{tarball} is no tar archive, or it is cut short: {error}. Fetch it again"
        ) from None
    except (EOFError, lzma.LZMAError, zlib.error, tarfile.TarError) as error:
        raise EngineFault(f"{tarball} is cut short or damaged: {error}. Fetch it again") from None
    except OSError as error:
        raise EngineFault(f"{tarball} cannot be unpacked: {error}") from None
    folders = [path for path in into.iterdir() if path.is_dir()]
    root = folders[0] if len(folders) == 1 else into
    missing = [name for name in NEEDED if not (root / name).is_file()]
    if missing:
        raise EngineFault(
            f"{tarball} is not the source of PJSIP: {', '.join(missing)} is not in it. "
            "Give a release of pjproject, or none to have Debian's fetched"
        )
    version = _version(root / "version.mak", tarball)
    (root / "pjmedia/src/pjmedia-audiodev/bdimad_dev.c").touch()  # named by a makefile; Debian leaves it out
    return Unpacked(root, version)


def _refuse_the_unsafe(archive: tarfile.TarFile, tarball: Path) -> None:
    size = 0
    for member in archive:
        size += member.size
        if size > MOST_BYTES:
            raise EngineFault(
                f"{tarball} unpacks to more than {MOST_BYTES // 1_000_000} MB; PJSIP has about 40"
            )
        for path in (PurePosixPath(member.name), PurePosixPath(member.linkname)):
            if path.is_absolute() or ".." in path.parts:
                raise EngineFault(f"{tarball} holds {member.name}, which would land outside of its folder")
        if not (member.isfile() or member.isdir() or member.issym()):
            raise EngineFault(f"{tarball} holds {member.name}, which is neither a file nor a folder")


def _version(path: Path, tarball: Path) -> str:
    parts = dict(
        re.findall(r"PJ_VERSION_(MAJOR|MINOR|REV|SUFFIX)[ \t]*:=[ \t]*(\S*)", path.read_text("utf-8"))
    )
    try:
        numbers = (int(parts["MAJOR"]), int(parts["MINOR"]))
    except (KeyError, ValueError):
        raise EngineFault(f"{tarball} does not tell its version: version.mak cannot be read") from None
    version = ".".join(part for part in (parts["MAJOR"], parts["MINOR"], parts.get("REV")) if part)
    if numbers < OLDEST:
        oldest = ".".join(str(number) for number in OLDEST)
        raise EngineFault(f"{tarball} is PJSIP {version}; {oldest} or newer is needed")
    return f"{version}{parts.get('SUFFIX', '')}"
