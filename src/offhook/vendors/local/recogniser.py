"""What recognisers with a local model have in common: loading it, and a thread in which it listens.

One thread for each process: a model on a processor gains nothing from several, and audio waits up to ten seconds.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserCapabilities,
    RecogniserOptions,
    SpeechFailed,
)
from offhook.vendors.custom_protocol import MOST_DETAIL_CHARACTERS, line
from offhook.vendors.streamed import StreamedRecognition, VendorFailed, streamed, warn_of_unhonoured

FRAMES_A_MESSAGE = 5

Heard = Partial | Final


class Decoding(Protocol):
    """One utterance, in the thread of the model."""

    def hear(self, pcm: bytes) -> list[Heard]:
        """Take more audio; what is understood with it."""

    def last_words(self) -> list[Heard]:
        """No more audio comes."""


class Engine(Protocol):
    """A library that runs models. All its methods block, and run in one thread."""

    @property
    def name(self) -> str:
        """The vendor's name, which is also that of the extra."""

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What it can do."""

    @property
    def files(self) -> tuple[str, ...]:
        """What its folder has, as patterns."""

    def load(self, folder: Path) -> Any:
        """The model. Raises ImportError without the library, whatever it likes for a model that is broken."""

    def begin(self, model: Any, options: RecogniserOptions) -> Decoding:
        """Listen to an utterance. Raises VendorFailed for a language that the model does not have."""


class LocalRecogniser:
    """Understands what the model in `folder` does. It is loaded when it is first used."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._folder = folder
        self._model: Any = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=engine.name)

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self._engine.name

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What its engine can do."""
        return self._engine.capabilities

    def listen(self, options: RecogniserOptions) -> AbstractAsyncContextManager[StreamedRecognition]:
        """A block that hears one utterance."""
        warn_of_unhonoured(self.name, options, self.capabilities)
        recognition = StreamedRecognition(self.name, frames_a_message=FRAMES_A_MESSAGE)

        async def work() -> None:
            decoding = await self._in_thread(lambda: self._engine.begin(self._loaded(), options))
            async for pcm in recognition.audio():
                for event in await self._in_thread(lambda pcm=pcm: decoding.hear(pcm)):  # type: ignore[misc]
                    _tell(recognition, event, options)
            for event in await self._in_thread(decoding.last_words):
                _tell(recognition, event, options)

        return streamed(recognition, work, _explain)

    async def close(self) -> None:
        """Let go of the model."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._model = None

    async def _in_thread(self, work: "Callable[[], Result]") -> "Result":
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _loaded(self) -> Any:
        if self._model is None:
            self._check_folder()
            try:
                self._model = self._engine.load(self._folder)
            except ImportError:
                raise self._unusable(f"its library is missing: pip install 'offhook[{self.name}]'") from None
            except VendorFailed:
                raise
            except Exception as error:
                told = line(str(error))[:MOST_DETAIL_CHARACTERS]
                raise self._unusable(f"the model in {self._folder} cannot be loaded: {told}") from error
        return self._model

    def _check_folder(self) -> None:
        """Libraries end the process, or ask the network, for a model that is not there."""
        if not self._folder.is_dir():
            raise self._unusable(f"there is no folder {self._folder}")
        missing = [pattern for pattern in self._engine.files if not any(self._folder.glob(pattern))]
        if missing:
            raise self._unusable(f"the folder {self._folder} lacks {', '.join(missing)}")
        empty = [
            found.name
            for pattern in self._engine.files
            for found in self._folder.glob(pattern)
            if found.is_file() and found.stat().st_size == 0
        ]
        if empty:
            raise self._unusable(f"in the folder {self._folder} {', '.join(empty)} is empty")

    def _unusable(self, why: str) -> VendorFailed:
        return VendorFailed(f"the recogniser {self.name} cannot listen: {why}", kind=FailureKind.NEEDS_MODEL)


Result = TypeVar("Result")


def _tell(recognition: StreamedRecognition, event: Heard, options: RecogniserOptions) -> None:
    if isinstance(event, Final):
        recognition.final(event.text, event.confidence)
    elif options.partials:
        recognition.partial(event.text)
    elif event.text:
        recognition.started()


def _explain(error: Exception) -> SpeechFailed:
    told = f"{type(error).__name__}: {line(str(error))[:MOST_DETAIL_CHARACTERS]}"
    return SpeechFailed(FailureKind.BROKEN, told)
