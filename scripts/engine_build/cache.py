"""Keeps what was built: a folder a build, named by its key. One appears whole or not at all."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from scripts.engine_build.compile import NOTES
from scripts.engine_build.fault import EngineFault

LEFT_OVER_AFTER_S = 86_400.0
"""A workshop that is older belongs to a build that was killed."""
WORKSHOP = "building-"


class Cache:
    """The folder of all builds of this user."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made until something is kept."""
        self.folder = folder

    def find(self, key: str) -> Path | None:
        """The package folder of a build; None where it is not kept."""
        package = self.folder / key / "pjsua2"
        return package if (package / NOTES).is_file() else None

    @contextmanager
    def workshop(self) -> Iterator[Path]:
        """A folder to build in, beside the builds; it is gone afterwards. Raises EngineFault where there can be none."""
        if any(character.isspace() for character in str(self.folder)):
            raise EngineFault(
                f"PJSIP's makefiles cannot build below a folder with a space in its name, like {self.folder}; "
                "set OFFHOOK_ENGINE_CACHE to another one"
            )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            made = tempfile.mkdtemp(prefix=WORKSHOP, dir=self.folder)
        except OSError as error:
            raise EngineFault(
                f"{self.folder} cannot be written: {error.strerror}; set OFFHOOK_ENGINE_CACHE to another folder"
            ) from None
        try:
            yield Path(made)
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def keep(self, key: str, package: Path) -> Path:
        """Move a finished package in from a workshop; where it is kept. If another build was first, that one stays."""
        finished = package.parent
        with suppress(OSError):  # another build of the same was quicker
            os.rename(finished, self.folder / key)
        found = self.find(key)
        if found is None:
            raise EngineFault(f"{self.folder / key} is in the way; remove it")
        return found

    def drop(self, key: str) -> None:
        """Forget a build."""
        shutil.rmtree(self.folder / key, ignore_errors=True)

    def _sweep(self) -> None:
        for path in self.folder.glob(f"{WORKSHOP}*"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - LEFT_OVER_AFTER_S:
                    shutil.rmtree(path, ignore_errors=True)


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where builds are kept: OFFHOOK_ENGINE_CACHE, or offhook/engine in the user's cache folder."""
    if named := environment.get("OFFHOOK_ENGINE_CACHE"):
        return Path(named).absolute()
    users = environment.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(users).absolute() / "offhook" / "engine"
