"""Plays a sound to its end, as the event loop sees it."""

import asyncio
from collections.abc import Callable

from offhook.pjsua.players import Sound
from offhook.pjsua.taping import Owner
from offhook.speech.pcm import FRAME_S, SAMPLE_RATE_HZ


async def play_out(
    owner: Owner,
    sound: Sound,
    duration_s: float,
    *,
    begin: Callable[[], None],
    end: Callable[[], None],
) -> None:
    """Returns when the sound was played; cancelled, it is silenced. `begin` and `end` run on the owner
    thread."""
    try:
        await owner.submit(begin)
        await asyncio.sleep(duration_s + FRAME_S)
        while played := await owner.submit(sound.samples_played):  # noqa: ASYNC110
            await asyncio.sleep(max(FRAME_S, duration_s - played / SAMPLE_RATE_HZ))
    finally:
        owner.post(end)
