"""One utterance put to any recogniser, and all its events."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from offhook.speech.pcm import FRAME_BYTES
from offhook.speech.recogniser import Partial, Recogniser, RecogniserOptions, SpeechEvent, SpeechFailed

FRAME = b"\x01\x02" * (FRAME_BYTES // 2)
DEADLINE_S = 30.0


async def heard(
    recogniser: Recogniser,
    *,
    frames: int = 7,
    finish: bool = True,
    options: RecogniserOptions | None = None,
) -> list[SpeechEvent]:
    """All events of one utterance."""
    async with asyncio.timeout(DEADLINE_S), recogniser.listen(options or RecogniserOptions()) as recognition:
        for _ in range(frames):
            recognition.send(FRAME)
        if finish:
            recognition.finish()
        return [event async for event in recognition]


async def failure(recogniser: Recogniser, **how: Any) -> SpeechFailed:
    """The last event of an utterance that fails."""
    last = (await heard(recogniser, **{"finish": False, **how}))[-1]
    assert isinstance(last, SpeechFailed)
    return last


def up_to_date(events: Sequence[SpeechEvent]) -> list[SpeechEvent]:
    """`events` without each partial that another follows: whether such a one is told depends on who is quicker."""
    kept = [
        one
        for one, after in pairwise(events)
        if not (isinstance(one, Partial) and isinstance(after, Partial))
    ]
    return [*kept, *events[-1:]]
