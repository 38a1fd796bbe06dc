"""How late an event loop is: the sign by which a worker sheds load before callers notice."""

import asyncio
from collections import deque

LOOK_EVERY_S = 0.1
LOOKS = 3


class LagGauge:
    """How late the loop has been without a break. Pure.

    One long step, such as a module being loaded, is over by the next look and counts for nothing; a loop with more
    work than it can do is late at every look.
    """

    def __init__(self) -> None:
        self._late_s: deque[float] = deque((0.0,) * LOOKS, maxlen=LOOKS)

    def note(self, late_s: float) -> None:
        """The loop came `late_s` late."""
        self._late_s.append(late_s)

    @property
    def steady_s(self) -> float:
        """The least lateness of the last looks; may be read on any thread."""
        return min(tuple(self._late_s))


async def watch(gauge: LagGauge) -> None:
    """Keep the gauge up to date until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LOOK_EVERY_S
        await asyncio.sleep(LOOK_EVERY_S)
        gauge.note(loop.time() - due)
