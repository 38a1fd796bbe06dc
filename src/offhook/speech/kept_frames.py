"""What was said since the last words that stay: the next recogniser would have to hear it again. Pure."""

from collections import deque


class KeptFrames:
    """A bounded ring of frames, and how far the recogniser of the moment has them.

    Beyond `most` frames the oldest goes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._frames: deque[bytes] = deque()
        self._taken = 0

    def keep(self, most: int) -> None:
        """Keep so many from now on."""
        self._most = most

    @property
    def waiting(self) -> int:
        """Frames that the recogniser of the moment does not have yet."""
        return len(self._frames) - self._taken

    def add(self, frame: bytes) -> bool:
        """Keep the next frame; False where an older one had to go that nobody had."""
        self._frames.append(frame)
        if len(self._frames) <= self._most:
            return True
        self._frames.popleft()
        if self._taken:
            self._taken -= 1
            return True
        return False

    def take(self) -> bytes | None:
        """The next frame for the recogniser of the moment; None where it has all."""
        if self._taken == len(self._frames):
            return None
        self._taken += 1
        return self._frames[self._taken - 1]

    def rewind(self) -> None:
        """Another recogniser hears from here on: it has nothing yet."""
        self._taken = 0

    def forget_taken(self) -> None:
        """Words that stay cover what was taken: nobody needs to hear it again."""
        for _ in range(self._taken):
            self._frames.popleft()
        self._taken = 0
