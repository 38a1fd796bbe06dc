"""Somebody who speaks to recognisers, on the virtual clock: a numbered frame each 20 ms."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from offhook.speech.pcm import FRAME_BYTES, FRAME_S
from offhook.speech.recogniser import FailureKind, Recogniser, RecogniserOptions, SpeechEvent, SpeechFailed
from offhook.speech.recognisers import Hearing, Recognisers

REFUSED = SpeechFailed(FailureKind.BROKEN, "it refused the connection with status 401")
CLOSED = SpeechFailed(FailureKind.BROKEN, "it closed the connection", retryable=True)
NO_MODEL = SpeechFailed(FailureKind.NEEDS_MODEL, "it has no model for this language")
PARTIALS = RecogniserOptions(partials=True)


def frame(number: int) -> bytes:
    """A frame that can be told from all others."""
    return number.to_bytes(4, "big") * (FRAME_BYTES // 4)


def frames(first: int, last: int) -> list[bytes]:
    """Those from `first` up to, and without, `last`."""
    return [frame(number) for number in range(first, last)]


@dataclass
class Speaker:
    """One utterance, and what came of it."""

    hearing: Hearing
    events: list[tuple[float, SpeechEvent]] = field(default_factory=list)
    spoken: int = 0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def told(self) -> list[SpeechEvent]:
        """The events alone."""
        return [event for _, event in self.events]

    async def says(self, seconds: float, *, voiced: bool = True) -> None:
        """Speak for so long, or be silent."""
        for _ in range(round(seconds / FRAME_S)):
            self.hearing.send(frame(self.spoken))
            self.spoken += 1
            if voiced:
                self.hearing.open()
            await asyncio.sleep(FRAME_S)

    async def ends(self) -> list[SpeechEvent]:
        """Be finished, and wait for the last words."""
        self.hearing.finish()
        await self.is_over.wait()
        return self.told


def recognisers(*those: Recogniser) -> Recognisers:
    """In this order."""
    return Recognisers({one.name: one for one in those}, [one.name for one in those])


@asynccontextmanager
async def speaking(
    to: Recognisers,
    options: RecogniserOptions = PARTIALS,
    *,
    names: tuple[str, ...] = (),
    waits_for_voice: bool = False,
    notices: list[tuple[int, str]] | None = None,
) -> AsyncIterator[Speaker]:
    """A block in which somebody speaks. `notices` gets what the customer is told."""
    kept = [] if notices is None else notices

    def tell(code: int, text: str) -> None:
        kept.append((code, text))

    loop = asyncio.get_running_loop()
    began_at = loop.time()
    async with to.listen(options, names=names, waits_for_voice=waits_for_voice, tell=tell) as hearing:
        speaker = Speaker(hearing)

        async def read() -> None:
            async for event in hearing:
                speaker.events.append((round(loop.time() - began_at, 3), event))
            speaker.is_over.set()

        reading = asyncio.create_task(read())
        try:
            yield speaker
        finally:
            reading.cancel()
