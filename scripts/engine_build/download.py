"""Fetches PJSIP's source as Debian has it, by apt, in a folder that has nothing to do with the machine's own lists.

Debian's `asterisk` source package carries pjproject as a component of its own. apt checks the signature of the
release, by it the index, and by that the file.
"""

import os
import shutil
import subprocess
from pathlib import Path

from scripts.engine_build.apt_sources import APT_FOLDER, Source, debian_mirror
from scripts.engine_build.fault import EngineFault

PINNED_VERSION = "2.17"
PINNED_FILE = "asterisk_22.10.1+dfsg+~cs6.17.60671434.orig-Xpjproject.tar.xz"
PINNED_CHECKSUM = "6860c2f7604b4eee75f38151a9ef69774eb3f0c5286fc1d14bc1db2dc5a9e8aa"
"""SHA-256 of the file that this was tried with."""
SUITE = "sid"
PACKAGE = "asterisk"
DEBIAN_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LONGEST_S = 180.0
OPTIONS = (
    "Acquire::Retries=2",
    "Acquire::http::Timeout=20",
    "Acquire::https::Timeout=20",
    "APT::Update::Error-Mode=any",
    "APT::Sandbox::User=root",
    "APT::Get::AllowUnauthenticated=false",
    "Acquire::AllowInsecureRepositories=false",
    "Acquire::AllowWeakRepositories=false",
)
BY_HAND = "Or give it by hand: PJPROJECT_TARBALL=/path/to/pjproject-2.17.tar.gz make engine"


def download(folder: Path, *, apt_folder: Path = APT_FOLDER) -> Path:
    """Fetch the component into `folder`; its path. Raises EngineFault where apt cannot."""
    if shutil.which("apt-get") is None:
        raise EngineFault(
            "PJSIP's source is fetched by apt, and there is no apt-get here. "
            "Give it by hand: PJPROJECT_TARBALL=/path/to/pjproject-2.17.tar.gz make engine"
        )
    configuration = write_configuration(folder, debian_mirror(apt_folder))
    _apt_get(configuration, "update")
    _apt_get(configuration, "source", "--download-only", "--only-source", PACKAGE)
    found = sorted(folder.glob("asterisk_*.orig-Xpjproject.tar.*"))
    if not found:
        raise EngineFault(
            f"Debian's {PACKAGE} package in {SUITE} no longer carries pjproject as a component of its own. {BY_HAND}"
        )
    return found[-1]


def write_configuration(folder: Path, mirror: Source) -> Path:
    """Write what makes apt keep to `folder`; the path of its apt.conf. Settings of the network are the machine's own."""
    for name in ("lists/partial", "cache", "sources.d", "conf.d", "preferences.d"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.d" / f"{SUITE}.sources").write_text(
        f"Types: deb-src\nURIs: {mirror.uri}\nSuites: {SUITE}\nComponents: main\n"
        f"Signed-By: {mirror.signed_by or DEBIAN_KEYRING}\n"
    )
    ours = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": folder / "conf.d",
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": folder / "sources.d",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": folder / "preferences.d",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
    }
    path = folder / "apt.conf"
    path.write_text(_network_settings() + "".join(f'{name} "{value}";\n' for name, value in ours.items()))
    return path


def _network_settings() -> str:
    """Proxies, certificates and the like. Hooks and kinds of lists that other programs have added stay outside."""
    printed = subprocess.run(
        ["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=False, timeout=30
    ).stdout
    kept = [line for line in printed.splitlines() if not line.startswith("Acquire::IndexTargets")]
    return "".join(f"{line}\n" for line in kept if '""' not in line)


def _apt_get(configuration: Path, *arguments: str) -> None:
    options = [part for option in OPTIONS for part in ("-o", option)]
    what = "apt-get " + " ".join(arguments)
    try:
        done = subprocess.run(
            ["apt-get", "--quiet", *options, *arguments],
            cwd=configuration.parent,
            env={**os.environ, "APT_CONFIG": str(configuration), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        raise EngineFault(
            f"{what} was not done within {LONGEST_S:.0f} s. Is there a network? {BY_HAND}"
        ) from None
    if done.returncode != 0:
        faults = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:", "Err"))]
        told = " ".join(faults or done.stderr.split("\n")[-3:]).strip()
        raise EngineFault(f"{what} failed: {told[:600]} Is there a network? {BY_HAND}")
