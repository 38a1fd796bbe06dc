"""What an installed Offhook reads beside its code is in its package."""

import re
import tomllib
from pathlib import Path

import pathspec

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "offhook"


def test_no_file_that_the_code_reads_is_left_out_of_the_package() -> None:
    """The build takes the whole folder but what git ignores."""
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    ignored = pathspec.PathSpec.from_lines("gitignore", (ROOT / ".gitignore").read_text().splitlines())
    data = {
        str(path.relative_to(ROOT))
        for path in SOURCE.rglob("*")
        if path.is_file()
        and path.suffix not in (".py", ".pyc")
        and not re.search(r"/\.", str(path.relative_to(ROOT)))
    }

    assert build["packages"] == ["src/offhook"]
    assert "exclude" not in build
    assert "src/offhook/vendors/embedded/cepstra.npz" in data
    assert list(ignored.match_files(data)) == []
