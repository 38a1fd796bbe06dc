"""Finds the Debian mirror that this machine already uses, in both formats that apt reads."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.engine_build.fault import EngineFault

APT_FOLDER = Path("/etc/apt")


@dataclass(frozen=True, slots=True)
class Source:
    """One address of packages, with one of its suites."""

    uri: str
    suite: str
    signed_by: str | None = None


def debian_mirror(folder: Path = APT_FOLDER) -> Source:
    """The first mirror of Debian itself, as opposed to its security archive. Raises EngineFault where there is none."""
    found = list(sources(folder))
    for source in found:
        name = source.uri.rstrip("/").rpartition("/")[2]
        if name in ("debian", "debian.list") and "security" not in source.suite:
            return source
    seen = ", ".join(sorted({source.uri for source in found})) or "none"
    raise EngineFault(
        f"no mirror of Debian is among this machine's apt sources (those are: {seen}), so PJSIP's source cannot be "
        "fetched. Give it by hand: PJPROJECT_TARBALL=/path/to/pjproject-2.17.tar.gz make engine"
    )


def sources(folder: Path = APT_FOLDER) -> Iterator[Source]:
    """All enabled sources in the order that apt reads them: sources.list, then what lies in sources.list.d."""
    parts = folder / "sources.list.d"
    for path in (folder / "sources.list", *(sorted(parts.iterdir()) if parts.is_dir() else ())):
        if not path.is_file() or path.suffix not in (".list", ".sources"):
            continue
        text = path.read_text("utf-8", errors="replace")
        yield from _stanzas(text) if path.suffix == ".sources" else _lines(text)


def _lines(text: str) -> Iterator[Source]:
    """`deb [signed-by=/a/key.gpg] http://a.mirror/debian bookworm main`"""
    for line in text.splitlines():
        found = re.match(r"\s*deb(?:-src)?\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)", line)
        if found and not found[2].startswith("cdrom:"):
            keyring = re.search(r"signed-by=(\S+)", found[1] or "")
            yield Source(found[2], found[3], keyring[1] if keyring else None)


def _stanzas(text: str) -> Iterator[Source]:
    """Blocks of `Field: value`, in which indented lines go on with the value and `#` begins a comment."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for block in re.split(r"\n(?:[ \t]*\n)+", "\n".join(lines)):
        fields = {
            name.lower(): " ".join(value.split())
            for name, value in re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", block, re.MULTILINE)
        }
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        keyring = fields.get("signed-by")
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(uri, suite, keyring if keyring and keyring.startswith("/") else None)
