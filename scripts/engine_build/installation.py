"""Puts a build into an environment, beside the wheel and before it, and takes it out again.

The wheel's files stay as they are, so pip has nothing to put back: a `.pth` file, which Python reads as it starts,
puts the folder of the build first in sys.path. OFFHOOK_ENGINE=wheel leaves it out.
"""

import json
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from scripts.engine_build.compile import NOTES

FOLDER = "_offhook_engine"
POINTER = "_offhook_engine.pth"
POINTER_LINE = (
    "import os, sys; os.environ.get('OFFHOOK_ENGINE') == 'wheel' or sys.path.insert(0, os.path.join(sys.prefix, "
    "'lib', 'python%d.%d' % sys.version_info[:2], 'site-packages', '{folder}', '{key}'))\n"
)


@dataclass(frozen=True, slots=True)
class Installed:
    """A build in an environment."""

    key: str
    recipe: str
    name: str


class Installation:
    """The engine's place in one environment."""

    def __init__(self, site_packages: Path) -> None:
        """`site_packages` is that of a virtual environment."""
        self._folder = site_packages / FOLDER
        self._pointer = site_packages / POINTER

    def current(self) -> Installed | None:
        """The build that Python takes in this environment; None where that is the wheel."""
        try:
            line = self._pointer.read_text("utf-8")
            keys = [path.name for path in self._folder.iterdir() if f"'{path.name}'))" in line]
            notes = json.loads((self._folder / keys[0] / "pjsua2" / NOTES).read_text("utf-8"))
            return Installed(keys[0], str(notes.get("recipe")), str(notes["name"]))
        except (OSError, ValueError, LookupError):
            return None

    def install(self, package: Path, key: str) -> None:
        """Copy a build in and point at it. A process that starts meanwhile takes the old one or the new one, whole."""
        self._folder.mkdir(exist_ok=True)
        place = self._folder / key
        if not (place / "pjsua2" / NOTES).is_file():
            shutil.rmtree(place, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=".", dir=self._folder) as fresh:
                shutil.copytree(package, Path(fresh) / key / "pjsua2")
                with suppress(OSError):  # somebody else has just put the same one there
                    os.rename(Path(fresh) / key, place)
        pointer = self._pointer.with_suffix(f".{os.getpid()}")
        pointer.write_text(POINTER_LINE.format(folder=FOLDER, key=key), "utf-8")
        os.replace(pointer, self._pointer)
        for path in self._folder.iterdir():
            if path.name != key and not path.name.startswith("."):
                shutil.rmtree(path, ignore_errors=True)

    def remove(self) -> bool:
        """Take the build out, so that the wheel is used; whether there was one."""
        was_there = self._pointer.exists() or self._folder.exists()
        self._pointer.unlink(missing_ok=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        return was_there
