"""Plays one sound several times, or for ever."""

from itertools import count

from offhook.call.port import Audio, Call
from offhook.interpreter.stall import MARGIN_S, STANDS_STILL_S, StallWatch, shown

SHORTEST_S = 0.02
"""A sound without length is not repeated for ever: that would be a loop that never waits."""


async def repeat(audio: Audio, times: int, call: Call, watch: StallWatch | None = None) -> None:
    """Play `audio` `times` times; 0 plays until the block around it ends. `watch` is told when each should be over."""
    for _ in range(times) if times else count():
        if audio.is_whole and audio.length_s < SHORTEST_S:
            return
        await play_once(audio, call, watch)


async def play_once(audio: Audio, call: Call, watch: StallWatch | None, from_s: float = 0.0) -> None:
    """Play `audio` to its end, without its first `from_s` seconds."""
    if watch is None:
        await call.play(audio, from_s=from_s)
        return
    sound = f"the sound {shown(audio.label)!r} of {audio.length_s:.1f} s did not end"
    margin_s = MARGIN_S if audio.is_whole else MARGIN_S + STANDS_STILL_S
    with watch.within(max(0.0, audio.length_s - from_s) + margin_s, sound) as put_off:
        growing = audio.growing
        if growing is None:
            await call.play(audio, from_s=from_s)
            return
        # What has been added was not there when the limit was set; that it goes on being added, its maker watches.
        grown = growing.when_changed(lambda: put_off(growing.length_s + margin_s))
        try:
            await call.play(audio, from_s=from_s)
        finally:
            grown()
