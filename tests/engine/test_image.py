"""The container image is what its file says: each step is followed here, in a folder of its own instead of a container."""

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
from scripts.engine_build.tools import PACKAGES

from offhook.pjsua.build import installed_build
from tests.engine.conftest import ROOT

IN_EVERY_DEBIAN = {"libc6", "libgcc-s1"}
MULTIPLE = re.compile(r"\s*&&\s*")


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM of the Dockerfile and what follows it."""

    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def all(self, instruction: str) -> list[str]:
        return [argument for name, argument in self.steps if name == instruction]

    def commands(self) -> Iterator[list[str]]:
        for argument in self.all("RUN"):
            for command in MULTIPLE.split(argument):
                yield shlex.split(command)

    def packages(self) -> set[str]:
        return {name for command in self.commands() if command[0] == "scripts/apt" for name in command[1:]}


def read_stages() -> list[Stage]:
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    stages: list[Stage] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, argument = line.partition(" ")
        if instruction == "FROM":
            stages.append(Stage(argument))
        else:
            stages[-1].steps.append((instruction, argument.strip()))
    return stages


@pytest.fixture(scope="module")
def stages() -> tuple[Stage, Stage]:
    build, final = read_stages()
    return build, final


def test_both_stages_have_the_same_python(stages: tuple[Stage, Stage]) -> None:
    build, final = stages
    assert build.base == f"{final.base} AS build"
    assert final.base == "python:3.11-slim-bookworm"


def test_a_build_is_given_all_that_it_takes(stages: tuple[Stage, Stage]) -> None:
    assert stages[0].packages() == set(PACKAGES)


def test_the_image_has_every_library_that_the_module_needs(stages: tuple[Stage, Stage]) -> None:
    spec = find_spec("pjsua2")
    assert spec is not None
    assert spec.origin is not None
    [module] = Path(spec.origin).parent.glob("_pjsua2*.so")
    printed = subprocess.run(
        ["readelf", "--dynamic", module], capture_output=True, text=True, check=True
    ).stdout
    libraries = re.findall(r"Shared library: \[(.+)\]", printed)
    assert libraries
    for library in libraries:
        owners = subprocess.run(
            ["dpkg-query", "--search", f"*/{library}"], capture_output=True, text=True, check=True
        ).stdout
        packages = {line.partition(":")[0].removesuffix("t64") for line in owners.splitlines()}
        assert packages & (stages[1].packages() | IN_EVERY_DEBIAN), f"{library} is in {packages}"


def test_it_runs_without_privileges(stages: tuple[Stage, Stage]) -> None:
    _, final = stages
    [user] = final.all("USER")
    assert any(command[0] == "useradd" and command[-1] == user for command in final.commands())
    names = [name for name, _ in final.steps]
    assert names.index("USER") > max(index for index, name in enumerate(names) if name in ("RUN", "COPY"))
    assert user not in ("root", "0")


def test_the_engine_is_built_as_make_engine_builds_it(stages: tuple[Stage, Stage]) -> None:
    done = subprocess.run(
        ["make", "--dry-run", "engine", "CALLS=7"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    [command] = [line for line in done.stdout.splitlines() if "scripts/engine" in line]
    assert command.split() == ["OFFHOOK_ENGINE_CALLS=7", "scripts/engine"]
    [in_image] = [command for command in stages[0].commands() if "scripts/engine" in command]
    assert in_image[-2:] == ["OFFHOOK_ENGINE_CALLS=$CALLS", "scripts/engine"]
    assert "CALLS=512" in stages[0].all("ARG")


def test_its_steps_lead_to_an_offhook_with_the_engine(stages: tuple[Stage, Stage], tmp_path: Path) -> None:
    """Two things differ: root's packages are those of this machine, and a build in the cache is taken."""
    build, final = stages
    slots = installed_build().call_slots
    for argument in build.all("COPY"):
        *sources, place = argument.split()
        for source in sources:
            copy_in(ROOT / source, tmp_path / place)
    for command in build.commands():
        words = [word for word in command if not word.startswith("OFFHOOK_ENGINE_CACHE=")]
        if words[0] == "scripts/apt":
            continue
        subprocess.run(
            ["env", *(word.replace("$CALLS", str(slots)) for word in words)],
            cwd=tmp_path,
            check=True,
            timeout=900,
        )
    [environment] = final.all("ENV")
    [first, *_] = json.loads(final.all("CMD")[0])
    places = dict(pair.split("=", 1) for pair in environment.split())["PATH"].split(":")
    program = Path(places[0].replace("/offhook", str(tmp_path), 1), first)
    done = subprocess.run(
        [program, "version", "--json"],
        env={name: value for name, value in os.environ.items() if not name.startswith("OFFHOOK_")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    told = json.loads(done.stdout)
    assert (told["call_slots"], len(told["source_checksum"])) == (slots, 64)


def copy_in(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        place.mkdir(exist_ok=True)
        shutil.copy2(source, place)
