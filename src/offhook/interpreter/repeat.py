"""Plays one sound several times, or for ever."""

from itertools import count

from offhook.call.port import Audio, Call
from offhook.interpreter.stall import MARGIN_S, StallWatch, shown

SHORTEST_S = 0.02
"""A sound without length is not repeated for ever: that would be a loop that never waits."""


async def repeat(audio: Audio, times: int, call: Call, watch: StallWatch | None = None) -> None:
    """Play `audio` `times` times; 0 plays until the block around it ends. `watch` is told when each should be over."""
    if audio.duration_s < SHORTEST_S:
        return
    for _ in range(times) if times else count():
        await play_once(audio, call, watch)


async def play_once(audio: Audio, call: Call, watch: StallWatch | None) -> None:
    """Play `audio` to its end."""
    if watch is None:
        await call.play(audio)
        return
    sound = f"the sound {shown(audio.label)!r} of {audio.duration_s:.1f} s did not end"
    with watch.within(audio.duration_s + MARGIN_S, sound):
        await call.play(audio)
