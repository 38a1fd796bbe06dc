"""Plays a sound to its end, as the event loop sees it."""

import asyncio
from collections.abc import Callable

from offhook.call.port import Audio
from offhook.pjsua.feeds import Feed
from offhook.pjsua.players import Sound
from offhook.pjsua.taping import Owner
from offhook.speech.pcm import FRAME_S, SAMPLE_RATE_HZ


async def play_out(
    owner: Owner,
    audio: Audio,
    *,
    begin: Callable[[Sound], None],
    end: Callable[[Sound], None],
    from_s: float = 0.0,
) -> None:
    """Returns when the sound was played; cancelled, it is silenced. `begin` and `end` run on the owner thread. Raises the
    fault of a sound that grows."""
    growing = audio.growing if audio.growing is not None and not audio.growing.is_laid_down else None
    feed = Feed(growing, from_s=from_s) if growing is not None else None
    sound = Sound(audio.path, from_s=from_s, feed=feed)
    try:
        await owner.submit(lambda: begin(sound))
        if feed is None:
            await _file_end(owner, sound, audio.length_s)
        elif sound.audio is not None:  # the call may have ended, and nothing plays
            await feed.done()
    finally:
        owner.post(lambda: end(sound))
    if growing is not None and growing.fault is not None:
        raise growing.fault


async def _file_end(owner: Owner, sound: Sound, duration_s: float) -> None:
    await asyncio.sleep(duration_s - sound.from_s + FRAME_S)
    while played := await owner.submit(sound.samples_played):  # noqa: ASYNC110
        await asyncio.sleep(max(FRAME_S, duration_s - played / SAMPLE_RATE_HZ))
