"""The embedded recogniser, as a worker sees it: frames go to a recogniser process, events come back."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from offhook.speech.recogniser import FailureKind, RecogniserCapabilities, RecogniserOptions
from offhook.vendors.embedded.connection import RETURN_S, VENDOR
from offhook.vendors.embedded.protocol import Malformed, RecogniseRequest, write_request
from offhook.vendors.embedded.recogniser_processes import RecogniserProcesses
from offhook.vendors.embedded.recognition import EmbeddedRecognition
from offhook.vendors.streamed import warn_of_unhonoured

LAST_WORDS_S = 6.0
"""Fifty callers who stop speaking at the same moment wait so long for one core."""


class EmbeddedRecogniser:
    """Understands hints in English. `sockets` are those of the recogniser processes.

    `understands_free_speech` where they were started to try English without hints. An utterance survives its
    process; another one may take `return_s` to be there.
    """

    def __init__(
        self, sockets: Sequence[Path], *, understands_free_speech: bool = False, return_s: float = RETURN_S
    ) -> None:
        self._processes = RecogniserProcesses(sockets)
        self._return_s = return_s
        self._capabilities = RecogniserCapabilities(
            partials=True,
            free_speech=understands_free_speech,
            finds_end=False,
            last_words_s=LAST_WORDS_S,
        )

    @property
    def name(self) -> str:
        """The vendor's name."""
        return VENDOR

    @property
    def capabilities(self) -> RecogniserCapabilities:
        """What it can do."""
        return self._capabilities

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator[EmbeddedRecognition]:
        """A block that hears one utterance in the process that hears the fewest.

        Leaving it frees the decoder at once, finished or not.
        """
        warn_of_unhonoured(VENDOR, options, self._capabilities)
        try:
            asked = write_request(
                RecogniseRequest(
                    language=options.language, hints=tuple(options.hints), partials=options.partials
                )
            )
        except Malformed as fault:
            recognition = EmbeddedRecognition(b"", self._processes, return_s=self._return_s)
            recognition.fail(str(fault), retryable=False, kind=FailureKind.BAD_REQUEST)
            yield recognition
            return
        recognition = EmbeddedRecognition(asked, self._processes, return_s=self._return_s)
        keeping = asyncio.create_task(recognition.keep_heard())
        try:
            yield recognition
        finally:
            recognition.let_go()
            keeping.cancel()
            await asyncio.wait((keeping,))
        if not keeping.cancelled():
            keeping.result()

    async def close(self) -> None:
        """There is nothing to let go of: each utterance has its own connection."""
