"""How late an event loop is: the sign by which a worker sheds load before callers notice."""

import asyncio
from collections import deque

LOOK_EVERY_S = 0.02
REMEMBERED_S = 0.5


class LagGauge:
    """The worst lateness of the last half second. Pure: it is told the time."""

    def __init__(self) -> None:
        self._late: deque[tuple[float, float]] = deque()

    def note(self, late_s: float, at: float) -> None:
        """The loop came `late_s` late. Only what is worse than all after it needs to be remembered."""
        while self._late and self._late[-1][1] <= late_s:
            self._late.pop()
        self._late.append((at, late_s))
        while self._late[0][0] < at - REMEMBERED_S:
            self._late.popleft()

    @property
    def worst_s(self) -> float:
        """The worst lateness remembered; may be read on any thread."""
        try:
            return self._late[0][1]
        except IndexError:
            return 0.0


async def watch(gauge: LagGauge) -> None:
    """Keep the gauge up to date until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + LOOK_EVERY_S
        await asyncio.sleep(LOOK_EVERY_S)
        gauge.note(loop.time() - due, loop.time())
