"""Gives a recogniser an utterance, at the pace at which it would come or faster, and notes what comes of it when."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from offhook.speech.pcm import FRAME_S
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    Recogniser,
    RecogniserOptions,
    Recognition,
    SpeechFailed,
)

LAST_WORDS_S = 15.0
"""How long a recogniser may take after the last frame."""
BURST = 5
"""Frames that are sent at once where they are sent faster than they would come."""


@dataclass(slots=True)
class Heard:
    """What came of an utterance."""

    finals: list[Final] = field(default_factory=list)
    failure: SpeechFailed | None = None
    audio_s: float = 0.0
    took_s: float = 0.0
    """From the first frame to the last event."""
    after_s: float = 0.0
    """From the last frame to the last event."""

    @property
    def text(self) -> str:
        """All that was understood."""
        return " ".join(final.text for final in self.finals if final.text)

    @property
    def confidence(self) -> float | None:
        """That of the least certain stretch, where the vendor tells any."""
        return min((one.confidence for one in self.finals if one.confidence is not None), default=None)


async def hear(
    recogniser: Recogniser,
    frames: Sequence[bytes],
    options: RecogniserOptions,
    *,
    speed: float = 1.0,
    on_partial: Callable[[str], None] = lambda _: None,
) -> Heard:
    """Have a recogniser hear `frames` (20 ms of PCM at 8 kHz each), `speed` times as fast as they would come."""
    loop = asyncio.get_running_loop()
    heard = Heard(audio_s=len(frames) * FRAME_S)
    async with recogniser.listen(options) as recognition:
        began_at = loop.time()
        sending = asyncio.create_task(_send(recognition, frames, speed))
        try:
            async with asyncio.timeout(heard.audio_s / speed + LAST_WORDS_S):
                async for event in recognition:
                    match event:
                        case Partial(text):
                            on_partial(text)
                        case Final():
                            heard.finals.append(event)
                        case SpeechFailed():
                            heard.failure = event
        except TimeoutError:
            silent = f"nothing more came for {LAST_WORDS_S:g} s after the last of the audio"
            heard.failure = SpeechFailed(FailureKind.BROKEN, silent, retryable=True)
        finally:
            sending.cancel()
            await asyncio.wait((sending,))
        heard.took_s = loop.time() - began_at
        if not sending.cancelled():
            heard.after_s = loop.time() - sending.result()
    return heard


async def _send(recognition: Recognition, frames: Sequence[bytes], speed: float) -> float:
    """Send them all; returns when it was done, on the loop's clock."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    burst = 1 if speed <= 1 else BURST
    for start in range(0, len(frames), burst):
        for frame in frames[start : start + burst]:
            recognition.send(frame)
        due += burst * FRAME_S / speed
        await asyncio.sleep(max(0.0, due - loop.time()))
    recognition.finish()
    return loop.time()
