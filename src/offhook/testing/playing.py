"""How long a sound is heard, on a clock that may be virtual: for as long as it is, and where it grows too slowly for longer."""

import asyncio
from collections.abc import Callable

from offhook.call.port import Audio

NOTICED_S = 0.06
"""A shorter gap is not heard."""


async def heard_out(audio: Audio, from_s: float, hear: Callable[[str], None]) -> None:
    """Returns when `audio` was heard from `from_s` on; `hear` is told of gaps."""
    loop = asyncio.get_running_loop()
    growing = audio.growing
    if growing is None:
        await asyncio.sleep(audio.duration_s - from_s)
        return
    at_s = from_s
    while True:
        if growing.length_s > at_s:
            played_s = growing.length_s - at_s
            await asyncio.sleep(played_s)
            at_s += played_s
            growing.played_s = max(growing.played_s, at_s)
        elif growing.is_over:
            return
        else:
            quiet_since = loop.time()
            timer = loop.call_later(NOTICED_S, hear, "falls silent")
            try:
                await growing.until(at_s + 1 / 8000)
            finally:
                timer.cancel()
            if loop.time() - quiet_since > NOTICED_S and growing.length_s > at_s:
                hear(f"goes on at {at_s:.1f} s")
