"""From a tarball to a module that loads; and everything that is kept is not made again."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from scripts.engine_build.cache import Cache, cache_folder
from scripts.engine_build.fault import EngineFault
from scripts.engine_build.make import STEPS, Made, Maker
from scripts.engine_build.progress import Progress
from scripts.engine_build.recipe import Recipe
from scripts.engine_build.tarball import checksum

from tests.engine.conftest import make_package
from tests.engine.miniature import files, write_tarball


class Bench:
    """Where one build after another is asked for; what was said is kept."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.told = ""

    def make(self, tarball: Path, calls: str = "7") -> Made:
        stream = io.StringIO()
        variables = {"PJPROJECT_TARBALL": str(tarball), "OFFHOOK_ENGINE_CALLS": calls}
        variables["OFFHOOK_ENGINE_CACHE"] = str(self.cache)
        try:
            return Maker(variables, progress=Progress(STEPS, stream=stream)).make()
        finally:
            self.told = stream.getvalue()

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.cache.iterdir())


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "cache")


def calls_of(package: Path) -> str:
    code = "import sys; sys.path.insert(0, sys.argv[1]); import pjsua2; print(pjsua2.MAX_CALLS)"
    command = [sys.executable, "-I", "-c", code, str(package.parent)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_tarball_becomes_a_module_with_its_limits_and_notes(bench: Bench, miniature: Path) -> None:
    made = bench.make(miniature)
    assert not made.was_kept
    assert calls_of(made.package) == "7"
    notes = json.loads((made.package / "offhook_build.json").read_text())
    assert (notes["pjsip"], notes["call_slots"], notes["asserts"]) == ("2.17", 7, False)
    assert notes["source_checksum"] == checksum(miniature)
    assert (notes["limits"]["PJSUA_MAX_CALLS"], notes["limits"]["PJ_IOQUEUE_MAX_HANDLES"]) == (7, 8192)
    assert notes["media_handles"] < 8192
    assert bench.kept() == [made.key], "nothing but the build is left"
    assert "warning: miniature.tar.xz is not the source that this was tried with" in bench.told
    assert checksum(miniature) in bench.told
    assert "step 7 of 7, trying it" in bench.told


def test_what_was_made_once_is_kept_and_another_number_of_calls_is_another_build(
    bench: Bench, miniature: Path
) -> None:
    first = bench.make(miniature)
    again = bench.make(miniature)
    assert again.was_kept
    assert again.package == first.package
    assert "step" not in bench.told
    other = bench.make(miniature, calls="8")
    assert (other.was_kept, calls_of(other.package)) == (False, "8")
    assert bench.make(miniature).was_kept


def test_what_is_kept_needs_no_tool_and_no_look_at_the_tarball(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tarball = tmp_path / "not-even-a-tarball"
    tarball.write_text("any")
    make_package(bench.cache / Recipe(calls=7).key(checksum(tarball)))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bench.make(tarball).was_kept


def test_a_kept_build_that_does_not_load_here_is_made_again(bench: Bench, miniature: Path) -> None:
    first = bench.make(miniature)
    for module in first.package.glob("_pjsua2*"):
        module.write_bytes(b"for another machine")
    again = bench.make(miniature)
    assert not again.was_kept
    assert calls_of(again.package) == "7"
    assert "does not load here" in bench.told


def test_a_step_that_fails_is_told_with_its_last_words_and_keeps_them(bench: Bench, tmp_path: Path) -> None:
    sick = write_tarball(tmp_path / "sick.tar.xz", files(configure="echo cannot find a thing; exit 3"))
    with pytest.raises(
        EngineFault, match=r"(?s)aconfigure ended with status 3.*cannot find a thing.*last-failure"
    ):
        bench.make(sick)
    assert bench.kept() == ["last-failure.log"]
    assert "cannot find a thing" in (bench.cache / "last-failure.log").read_text()


def test_a_module_that_does_not_load_is_not_kept(bench: Bench, tmp_path: Path) -> None:
    contents = files()
    contents["pjsip-apps/src/swig/python/face.py"] = "raise ImportError('a symbol is missing')\n"
    with pytest.raises(EngineFault, match="does not load: ImportError: a symbol is missing"):
        bench.make(write_tarball(tmp_path / "sick.tar.xz", contents))
    assert bench.kept() == ["last-failure.log"]


def test_of_two_builds_at_once_the_first_stays(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    with cache.workshop() as one, cache.workshop() as other:
        first = cache.keep("key", make_package(one / "done", "first"))
        second = cache.keep("key", make_package(other / "done", "second"))
    assert first == second == cache.find("key")
    assert "first" in (first / "__init__.py").read_text()
    assert [path.name for path in cache.folder.iterdir()] == ["key"]


@pytest.mark.parametrize("calls", ["0", "-1", "many", "1e3", "99999", "٣"])
def test_a_number_of_calls_that_is_none_is_refused(bench: Bench, miniature: Path, calls: str) -> None:
    with pytest.raises(EngineFault, match=r"OFFHOOK_ENGINE_CALLS.*1 to 2048"):
        bench.make(miniature, calls=calls)


def test_the_cache_lies_where_caches_lie(tmp_path: Path) -> None:
    assert cache_folder({"OFFHOOK_ENGINE_CACHE": "/a", "XDG_CACHE_HOME": "/b"}) == Path("/a")
    assert cache_folder({"XDG_CACHE_HOME": "/b"}) == Path("/b/offhook/engine")
    assert cache_folder({}) == Path.home() / ".cache/offhook/engine"


def test_a_folder_that_makefiles_cannot_handle_is_refused(tmp_path: Path, miniature: Path) -> None:
    with pytest.raises(EngineFault, match=r"space in its name.*OFFHOOK_ENGINE_CACHE"):
        Bench(tmp_path / "my cache").make(miniature)


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path, miniature: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EngineFault, match=r"cannot be written.*OFFHOOK_ENGINE_CACHE"):
        Bench(tmp_path / "file" / "cache").make(miniature)
