"""The engine stands beside the wheel: put in and taken out whole, and a variable chooses."""

from pathlib import Path

import pytest
from scripts.engine_build.installation import Installation

from tests.engine.conftest import WHO, Environment, make_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make_package(tmp_path / "built")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_installed_it_is_what_python_takes(environment: Environment, package: Path) -> None:
    assert environment.run(WHO) == "wheel"
    installation = Installation(environment.site_packages)
    assert installation.current() is None
    installation.install(package, "abc")
    assert environment.run(WHO) == "engine"
    current = installation.current()
    assert current is not None
    assert (current.key, current.name, current.recipe) == ("abc", "engine", "some")


def test_a_variable_chooses_the_wheel(environment: Environment, package: Path) -> None:
    Installation(environment.site_packages).install(package, "abc")
    assert environment.run(WHO, OFFHOOK_ENGINE="wheel") == "wheel"
    assert environment.run(WHO, OFFHOOK_ENGINE="") == "engine"


def test_removed_it_leaves_the_environment_as_it_was(environment: Environment, package: Path) -> None:
    before = tree(environment.site_packages)
    installation = Installation(environment.site_packages)
    installation.install(package, "abc")
    between = tree(environment.site_packages)
    assert {name: between[name] for name in before} == before, "the wheel's files are not touched"
    assert installation.remove()
    assert tree(environment.site_packages) == before
    assert environment.run(WHO) == "wheel"
    assert not installation.remove()


def test_a_second_build_takes_the_place_of_the_first(environment: Environment, tmp_path: Path) -> None:
    installation = Installation(environment.site_packages)
    installation.install(make_package(tmp_path / "first", "first"), "one")
    installation.install(make_package(tmp_path / "second", "second"), "two")
    assert environment.run(WHO) == "second"
    kept = [path.name for path in (environment.site_packages / "_offhook_engine").iterdir()]
    assert kept == ["two"]


def test_installing_again_mends_what_was_broken_off(environment: Environment, package: Path) -> None:
    installation = Installation(environment.site_packages)
    installation.install(package, "abc")
    (environment.site_packages / "_offhook_engine" / "abc" / "pjsua2" / "offhook_build.json").unlink()
    assert installation.current() is None
    installation.install(package, "abc")
    assert installation.current() is not None
    assert environment.run(WHO) == "engine"


def test_half_an_installation_harms_nobody(environment: Environment, package: Path) -> None:
    installation = Installation(environment.site_packages)
    installation.install(package, "abc")
    for path in sorted((environment.site_packages / "_offhook_engine").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert environment.run(WHO) == "wheel"
    assert installation.current() is None
