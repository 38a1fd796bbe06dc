"""Places for builds, and a Python environment that may be changed."""

import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine.miniature import files, write_tarball

ROOT = Path(__file__).parents[2]
WHO = "import pjsua2; print(pjsua2.WHO)"


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with something in the wheel's place."""

    folder: Path

    @property
    def site_packages(self) -> Path:
        """Where packages lie."""
        return self.folder / "lib" / "python{}.{}".format(*sys.version_info[:2]) / "site-packages"

    def run(self, code: str, **variables: str) -> str:
        """What a new process of this environment prints."""
        done = subprocess.run(
            [self.folder / "bin" / "python", "-c", code],
            env={"PATH": "/usr/bin:/bin", **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A fresh one, whose wheel calls itself "wheel"."""
    made = Environment(tmp_path / "environment")
    venv.create(made.folder, symlinks=True)
    (made.site_packages / "pjsua2").mkdir()
    (made.site_packages / "pjsua2" / "__init__.py").write_text("WHO = 'wheel'\n")
    return made


@pytest.fixture
def miniature(tmp_path: Path) -> Path:
    """The tarball of a small source tree that compiles."""
    return write_tarball(tmp_path / "miniature.tar.xz", files())


def make_package(folder: Path, who: str = "engine", notes: str | None = None) -> Path:
    """A package folder such as a build leaves behind."""
    package = folder / "pjsua2"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"WHO = {who!r}\nclass Endpoint: pass\n")
    (package / "offhook_build.json").write_text(notes or f'{{"name": "{who}", "recipe": "some"}}')
    return package
