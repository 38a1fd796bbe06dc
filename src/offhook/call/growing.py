"""A sound that is played while it is still being made: what there is of it, and whether more comes.

One makes it, on the event loop; any number play it, each from where it stands. Audio threads read it as well: they only
ever look at what has been added, and never wait.
"""

import asyncio
from collections.abc import Callable

BYTES_PER_S = 16_000
"""16-bit mono PCM at 8 kHz."""
SAMPLE_BYTES = 2


class GrowingSound:
    """PCM that grows until it is over, for good or by a fault."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._is_over = False
        self._fault: Exception | None = None
        self._changed = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self.played_s = 0.0
        """How far the one who is farthest has come, in seconds; players tell it."""
        self.is_laid_down = False
        """Whether it lies whole in the file of its `Audio` by now."""

    @property
    def length_s(self) -> float:
        """How long it is so far."""
        return len(self._pcm) / BYTES_PER_S

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return self._is_over

    @property
    def fault(self) -> Exception | None:
        """Why nothing more comes, where that is not its end."""
        return self._fault

    @property
    def pcm(self) -> bytes:
        """All there is so far."""
        return bytes(self._pcm)

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from byte `at` on, as many as there are. Any thread may ask."""
        return bytes(self._pcm[at : at + count])

    def add(self, pcm: bytes) -> None:
        """Let it grow."""
        self._pcm += pcm
        self._tell()

    def end(self, fault: Exception | None = None) -> None:
        """Nothing more comes; with `fault`, something should have."""
        self._fault, self._is_over = fault, True
        self._tell()

    async def until(self, seconds: float) -> None:
        """Returns once it is as long as that, or over."""
        while self.length_s < seconds and not self._is_over:
            await self._changed.wait()

    def when_changed(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever it has grown, and at its end; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
        for listener in tuple(self._listeners):
            listener()
