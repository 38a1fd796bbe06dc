"""What a build needs of the machine: programs and headers, and the Debian packages that hold them."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from scripts.engine_build.fault import EngineFault

PROGRAMS = {
    "gcc": "build-essential",
    "g++": "build-essential",
    "make": "build-essential",
    "ar": "build-essential",
    "swig": "swig",
}
HEADERS = {
    "openssl/ssl.h": "libssl-dev",
    "uuid/uuid.h": "uuid-dev",
    "srtp2/srtp.h": "libsrtp2-dev",
    "gsm.h": "libgsm1-dev",
    "speex/speex.h": "libspeex-dev",
    "speex/speex_echo.h": "libspeexdsp-dev",
    "samplerate.h": "libsamplerate0-dev",
}
OPUS_HEADER, OPUS_PACKAGE = "opus/opus.h", "libopus-dev"
"""Wished for; the engine is built without Opus where it is missing."""
PACKAGES = tuple(dict.fromkeys([*PROGRAMS.values(), *HEADERS.values(), OPUS_PACKAGE]))
"""All of them, for a container image; Python's own headers come with its Python."""
DEBIAN_PYTHON = Path("/usr/bin")


def provide(scripts: Path) -> None:
    """See to it that all is there; what is missing is asked of scripts/apt. Raises EngineFault with the packages' names."""
    if not (missing := missing_packages() + ([] if has_opus() else [OPUS_PACKAGE])):
        return
    installed = subprocess.run([scripts / "apt", *missing], check=False).returncode == 0
    if not (still := missing_packages()):
        return
    raise EngineFault(
        f"the engine is compiled, and some of what that takes is missing. On Debian: apt-get install {' '.join(still)}"
        + (" (they are installed, and yet a program or header of theirs is not found)" if installed else "")
    )


def missing_packages() -> list[str]:
    """The Debian packages that hold what is not there, Opus aside. Raises EngineFault for a Python without headers."""
    missing = {package for program, package in PROGRAMS.items() if shutil.which(program) is None}
    if shutil.which("g++") is None:
        missing |= set(
            HEADERS.values()
        )  # nothing to look for them with; scripts/apt leaves out what is installed
    else:
        missing |= {package for header, package in HEADERS.items() if not _compiles(header)}
    if not (Path(python_headers()) / "Python.h").is_file():
        missing.add(_python_package())
    return [name for name in (*PACKAGES, _python_package_name()) if name in missing]


def has_opus() -> bool:
    """Whether the headers of Opus are there."""
    return shutil.which("g++") is not None and _compiles(OPUS_HEADER)


def python_headers() -> str:
    """The folder that holds Python.h."""
    return sysconfig.get_paths()["include"]


def compiler_environment() -> dict[str, str]:
    """The environment without what would bend the build: flags and paths that somebody has set for other work."""
    bent = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "LIBS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CALLS")
    return {name: value for name, value in os.environ.items() if name not in bent} | {"LC_ALL": "C.UTF-8"}


def _compiles(header: str) -> bool:
    text = f"#include <cstdio>\n#include <{header}>\n"
    command = ["g++", "-fsyntax-only", "-x", "c++", "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=False).returncode == 0


def _python_package_name() -> str:
    return "python{}.{}-dev".format(*sys.version_info[:2])


def _python_package() -> str:
    if Path(sys.base_prefix) / "bin" != DEBIAN_PYTHON:
        raise EngineFault(
            f"this Python has no headers ({python_headers()}/Python.h is missing), and a module is compiled for it. "
            f"Install its development files, or use Debian's Python with {_python_package_name()}"
        )
    return _python_package_name()
