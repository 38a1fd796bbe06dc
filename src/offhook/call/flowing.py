"""A sound that grows for as long as somebody speaks, which may be hours: what was played of it is forgotten."""

from offhook.call.growing import BYTES_PER_S, SAMPLE_BYTES, GrowingSound

FORGET_BYTES = 5 * BYTES_PER_S
"""How much that was played collects before it is forgotten, all at once."""


class FlowingSound(GrowingSound):
    """A growing sound for one player, from its beginning."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = (0, bytearray())
        """What is kept, and the byte at which it begins: one value, for audio threads read it without a lock."""

    @property
    def length_s(self) -> float:
        """How long it is so far, with what is forgotten."""
        begin, kept = self._kept
        return (begin + len(kept)) / BYTES_PER_S

    @property
    def left_s(self) -> float:
        """How much of it is still to be played."""
        return max(0.0, self.length_s - self.played_s)

    @property
    def pcm(self) -> bytes:
        """What is kept of it."""
        return bytes(self._kept[1])

    def read(self, at: int, count: int) -> bytes:
        """Up to `count` bytes from byte `at` on, as many as there are. Any thread may ask."""
        begin, kept = self._kept
        return bytes(kept[max(0, at - begin) : max(0, at - begin + count)])

    def add(self, pcm: bytes) -> None:
        """Let it grow."""
        begin, kept = self._kept
        played = int(self.played_s * BYTES_PER_S) // SAMPLE_BYTES * SAMPLE_BYTES - SAMPLE_BYTES
        if played - begin > FORGET_BYTES:
            self._kept = begin, kept = played, kept[played - begin :]
        kept += pcm
        self._tell()
