"""From a wish to a package in the cache: what is kept is reused, what is not is fetched, compiled and kept."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.engine_build import compile as compiling
from scripts.engine_build.cache import Cache, cache_folder
from scripts.engine_build.compile import Compilation, load_fault
from scripts.engine_build.download import PINNED_CHECKSUM, PINNED_FILE, PINNED_VERSION, download
from scripts.engine_build.fault import EngineFault
from scripts.engine_build.progress import Progress
from scripts.engine_build.recipe import Recipe, calls_from
from scripts.engine_build.tarball import checksum, unpack
from scripts.engine_build.tools import has_opus, provide

SCRIPTS = Path(__file__).parents[1]
STEPS = compiling.STEPS + 3
FAILURE_LOG = "last-failure.log"


@dataclass(frozen=True, slots=True)
class Made:
    """A package folder in the cache, and how it came there."""

    package: Path
    key: str
    was_kept: bool


class Maker:
    """Makes the engine that an environment's variables ask for."""

    def __init__(self, environment: Mapping[str, str], *, progress: Progress | None = None) -> None:
        """Raises EngineFault for a number of calls or a tarball that makes no sense."""
        named = environment.get("PJPROJECT_TARBALL")
        self._tarball = Path(named).absolute() if named else None
        self._recipe = Recipe(calls=calls_from(environment.get("OFFHOOK_ENGINE_CALLS")))
        self._cache = Cache(cache_folder(environment))
        self._progress = progress or Progress(STEPS)
        if self._tarball:
            self._progress.steps -= 1  # nothing is fetched
        self._source_checksum = checksum(self._tarball) if self._tarball else PINNED_CHECKSUM

    def make(self) -> Made:
        """The engine, from the cache where it is kept, else compiled. Raises EngineFault."""
        if self._tarball and self._source_checksum != PINNED_CHECKSUM:
            self._progress.say(
                f"warning: {self._tarball.name} is not the source that this was tried with (pjproject "
                f"{PINNED_VERSION} of Debian); its checksum is {self._source_checksum}"
            )
        if kept := self._kept(self._recipe):
            return kept
        with self._cache.workshop() as workshop:
            return self._build(workshop)

    def _build(self, workshop: Path) -> Made:
        with self._progress.step("looking for compilers and headers"):
            provide(SCRIPTS)
        recipe = self._recipe if has_opus() else replace(self._recipe, opus=False)
        if not recipe.opus:
            self._progress.say("the headers of Opus are missing; calls will do without it")
            if kept := self._kept(recipe):
                return kept
        tarball = self._tarball or self._fetched(workshop / "apt")
        if kept := self._kept(recipe):
            return kept
        with self._progress.step("unpacking the source"):
            (workshop / "source").mkdir()
            source = unpack(tarball, workshop / "source")
        package = workshop / "done" / "pjsua2"
        log = workshop / "build.log"
        with self._log_kept_on_failure(log):
            compilation = Compilation(source, recipe, log=log, progress=self._progress)
            compilation.run(package, source_checksum=self._source_checksum)
        key = recipe.key(self._source_checksum)
        return Made(self._cache.keep(key, package), key, was_kept=False)

    def _fetched(self, folder: Path) -> Path:
        with self._progress.step("fetching PJSIP's source through apt"):
            folder.mkdir()
            tarball = download(folder)
        if self._tarball:
            self._progress.steps -= 1  # nothing is fetched
        self._source_checksum = checksum(tarball)
        if self._source_checksum != PINNED_CHECKSUM:
            self._progress.say(
                f"warning: Debian has another pjproject now, {tarball.name}; this was tried with {PINNED_FILE}. "
                "If it fails, give that one: PJPROJECT_TARBALL=path make engine"
            )
        return tarball

    def _kept(self, recipe: Recipe) -> Made | None:
        key = recipe.key(self._source_checksum)
        package = self._cache.find(key)
        if package is None:
            return None
        if fault := load_fault(package):
            self._progress.say(f"the build in the cache does not load here ({fault}); it is made again")
            self._cache.drop(key)
            return None
        return Made(package, key, was_kept=True)

    @contextmanager
    def _log_kept_on_failure(self, log: Path) -> Iterator[None]:
        try:
            yield
        except EngineFault as fault:
            kept = self._cache.folder / FAILURE_LOG
            if log.is_file():
                shutil.copyfile(log, kept)
            raise EngineFault(f"{fault}\nAll that was printed: {kept}") from None
