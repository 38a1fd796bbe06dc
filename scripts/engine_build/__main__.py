"""The command line of scripts/engine.

scripts/engine            build the engine, or take it from the cache, and install it
scripts/engine ensure     the same, unless one is installed that was built this way
scripts/engine remove     take it out again; the wheel is used
scripts/engine packages   the Debian packages that a build takes
"""

import argparse
import os
import signal
import sys
import sysconfig
from pathlib import Path

from scripts.engine_build.fault import EngineFault
from scripts.engine_build.installation import Installation
from scripts.engine_build.make import STEPS, Maker
from scripts.engine_build.progress import Progress
from scripts.engine_build.recipe import Recipe
from scripts.engine_build.tools import PACKAGES

DEEDS = ("install", "ensure", "remove", "packages")


def main() -> int:
    """Do what the command line says; 1 where it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="scripts/engine", description="Build PJSIP with Offhook's limits and install it into .venv."
    )
    parser.add_argument("deed", nargs="?", default="install", choices=DEEDS)
    deed = parser.parse_args().deed
    if deed == "packages":
        sys.stdout.write(" ".join(PACKAGES) + "\n")
        return 0
    progress = Progress(STEPS)
    # So that, when this is ended, its compilers end too and the workshop is cleared.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if sys.prefix == sys.base_prefix:
            raise EngineFault("the engine is installed into a virtual environment: run it as scripts/engine")
        installation = Installation(Path(sysconfig.get_paths()["purelib"]))
        if deed == "remove":
            remove(installation, progress)
        elif deed == "install" or not is_ours(installation):
            install(installation, progress)
    except EngineFault as fault:
        progress.say(str(fault))
        return 1
    except KeyboardInterrupt:
        progress.say("interrupted; nothing was changed")
        return 130
    return 0


def is_ours(installation: Installation) -> bool:
    """Whether a build is installed that was made as one would be made now, whatever its source and limit of calls."""
    current = installation.current()
    return current is not None and current.recipe == Recipe().mark


def install(installation: Installation, progress: Progress) -> None:
    """Make the engine and install it. Raises EngineFault."""
    made = Maker(os.environ, progress=progress).make()
    current = installation.current()
    if current is not None and current.key == made.key:
        progress.say(f"{current.name}, is installed already")
        return
    installation.install(made.package, made.key)
    installed = installation.current()
    if installed is None:
        raise EngineFault(
            "the engine was copied into .venv, but is not found there; run `make engine-remove`, then try again"
        )
    how = "taken from the cache" if made.was_kept else f"compiled in {progress.seconds:.0f} s"
    progress.say(f"{installed.name}, is installed ({how}); OFFHOOK_ENGINE=wheel runs the wheel all the same")


def remove(installation: Installation, progress: Progress) -> None:
    """Take the engine out."""
    if installation.remove():
        progress.say("removed; the wheel from PyPI is used again. The cache keeps the build")
    else:
        progress.say("none is installed")


sys.exit(main())
