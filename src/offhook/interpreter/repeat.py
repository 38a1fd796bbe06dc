"""Plays one sound several times, or for ever."""

from itertools import count

from offhook.call.port import Audio, Call

SHORTEST_S = 0.02
"""A sound without length is not repeated for ever: that would be a loop that never waits."""


async def repeat(audio: Audio, times: int, call: Call) -> None:
    """Play `audio` `times` times; 0 plays until the block around it ends."""
    if audio.duration_s < SHORTEST_S:
        return
    for _ in range(times) if times else count():
        await call.play(audio)
