"""How late an event loop is: the sign by which a worker sheds load before callers notice."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

from offhook.metrics import Meter
from offhook.processes.metrics_socket import shown

LOOK_EVERY_S = 0.1
LOOKS = 3
CALM_LOOK_EVERY_S = 0.5
"""For processes that shed nothing: their lag is only told."""


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


async def watch(gauge: LagGauge, every_s: float = LOOK_EVERY_S) -> None:
    """Keep the gauge up to date until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        gauge.note(loop.time() - due)


@contextlib.asynccontextmanager
async def watched(
    meter: Meter, run_dir: Path, process: str, gauge: LagGauge | None = None
) -> AsyncIterator[None]:
    """A block during which the process looks at its loop, with `gauge` or one of its own, and shows its numbers."""
    every_s = LOOK_EVERY_S if gauge is not None else CALM_LOOK_EVERY_S
    gauge = gauge or LagGauge()
    lag_s = "How late the event loop is, for three looks in a row."
    meter.gauge("offhook_event_loop_lag_seconds", lag_s, lambda: max(0.0, gauge.steady_s))
    watching = asyncio.create_task(watch(gauge, every_s))
    try:
        async with shown(meter, run_dir, process):
            yield
    finally:
        watching.cancel()
