"""Compiles PJSIP and its Python module in an unpacked source tree."""

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from scripts.engine_build.fault import EngineFault
from scripts.engine_build.progress import Progress
from scripts.engine_build.recipe import (
    FLAGS,
    HANDLES,
    HANDLES_KEPT_BACK,
    LINK_FLAGS,
    NEW_CALLS_PER_S,
    WRAPPER_FLAGS,
    Recipe,
)
from scripts.engine_build.tarball import Unpacked
from scripts.engine_build.tools import compiler_environment, python_headers

NOTES = "offhook_build.json"
"""What Offhook reads of a build: src/offhook/pjsua/build.py."""
STEPS = 5
LONGEST_STEP_S = 1800.0
SHOWN_LINES = 15


class Compilation:
    """One build, from a source tree to a package folder."""

    def __init__(self, source: Unpacked, recipe: Recipe, *, log: Path, progress: Progress) -> None:
        """What the compilers print goes to the file `log`."""
        self._source = source
        self._recipe = recipe
        self._log = log
        self._progress = progress
        self._binding = source.folder / "pjsip-apps/src/swig/python"

    def run(self, package: Path, *, source_checksum: str) -> None:
        """Compile, and lay the module out in the folder `package`. Raises EngineFault."""
        (self._source.folder / "pjlib/include/pj/config_site.h").write_text(self._recipe.config_site)
        flags = " ".join(FLAGS)
        configure = ["./aconfigure", *self._recipe.configure, f"CFLAGS={flags}", f"CXXFLAGS={flags}"]
        with self._progress.step("configuring PJSIP"):
            self._do(configure, self._source.folder)
        with self._progress.step("compiling PJSIP's libraries"):
            self._do(["make", f"-j{len(os.sched_getaffinity(0))}", "lib"], self._source.folder)
        with self._progress.step("writing the Python module"):
            self._do(["make", "pjsua2_wrap.cpp"], self._binding)
        with self._progress.step("compiling the Python module"):
            self._wrap(package)
        with self._progress.step("trying it"):
            (package / NOTES).write_text(json.dumps(self._notes(source_checksum), indent=2) + "\n")
            if fault := load_fault(package):
                raise EngineFault(f"the module was built, but does not load: {fault}")

    def _wrap(self, package: Path) -> None:
        package.mkdir(parents=True)
        flags = self._asked_of_make("cflags")
        directories = self._asked_of_make("ldflags")
        libraries = [f"-l{name}" for name in self._asked_of_make("libs")]
        compile_only = ["g++", *flags, *WRAPPER_FLAGS, f"-I{python_headers()}"]
        self._do([*compile_only, "-c", "pjsua2_wrap.cpp", "-o", "pjsua2_wrap.o"], self._binding)
        module = package / f"_pjsua2{sysconfig.get_config_var('EXT_SUFFIX')}"
        linked = ["g++", *LINK_FLAGS, "pjsua2_wrap.o", "-o", str(module), *directories, *libraries]
        self._do(linked, self._binding)
        (package / "__init__.py").write_bytes((self._binding / "pjsua2.py").read_bytes())

    def _notes(self, source_checksum: str) -> dict[str, object]:
        return {
            "name": f"PJSIP {self._source.version}, built here",
            "pjsip": self._source.version,
            "source_checksum": source_checksum,
            "call_slots": self._recipe.calls,
            "new_calls_per_s": NEW_CALLS_PER_S,
            "media_handles": HANDLES - HANDLES_KEPT_BACK,
            "asserts": False,
            "limits": self._recipe.limits,
            "recipe": self._recipe.mark,
        }

    def _asked_of_make(self, target: str) -> list[str]:
        done = subprocess.run(
            ["make", "-s", "-f", "helper.mak", target],
            cwd=self._binding,
            env=compiler_environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EngineFault(f"PJSIP's makefiles do not tell their {target}: {done.stderr[-400:]}")
        return done.stdout.split()

    def _do(self, command: Sequence[str], folder: Path) -> None:
        with self._log.open("ab") as log:
            log.write(f"\n$ {' '.join(command)}\n".encode())
            log.flush()
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=compiler_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            status = self._wait(process)
        if status != 0:
            last = self._log.read_text("utf-8", errors="replace").splitlines()[-SHOWN_LINES:]
            raise EngineFault(f"{command[0]} ended with status {status}; it said last:\n" + "\n".join(last))

    def _wait(self, process: subprocess.Popen[bytes]) -> int:
        waited_s = 0
        try:
            while True:
                try:
                    return process.wait(timeout=1.0)
                except subprocess.TimeoutExpired:
                    waited_s += 1
                    self._progress.tick()
                    if waited_s > LONGEST_STEP_S:
                        raise EngineFault(
                            f"a step has taken over {LONGEST_STEP_S:.0f} s; it was ended"
                        ) from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)  # the compilers that make has started, too
                process.wait()


def load_fault(package: Path) -> str | None:
    """Why a package folder named pjsua2 cannot be loaded by this Python; None where it can."""
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            "import sys; sys.path.insert(0, sys.argv[1]); import pjsua2; pjsua2.Endpoint",
            str(package.parent),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
