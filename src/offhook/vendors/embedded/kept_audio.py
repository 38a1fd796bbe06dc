"""The audio of one utterance on its way to a recogniser process, kept in case that process dies.

Pure: it knows what was sent and what was heard, and nothing of connections.
"""

from collections import deque

MOST_FRAMES = 1_500
"""Half a minute. What is older is lost to another process; what nobody took is lost altogether."""
FRAMES_BEFORE_SPEECH = 250
"""Five seconds. What was heard before them, and was no speech, nobody needs again."""


class KeptAudio:
    """Frames in the order of time: those that were sent first, then those that still wait."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._sent = 0
        self.lost = 0
        """Frames that were dropped before they could be sent."""

    @property
    def sent(self) -> int:
        """How many of the kept frames were sent to the present process."""
        return self._sent

    @property
    def waiting(self) -> int:
        """How many frames were not sent yet."""
        return len(self._frames) - self._sent

    def add(self, frame: bytes) -> None:
        """The next frame; the oldest makes room."""
        if len(self._frames) >= MOST_FRAMES:
            self._frames.popleft()
            if self._sent:
                self._sent -= 1
            else:
                self.lost += 1
        self._frames.append(frame)

    def take(self) -> bytes | None:
        """The next frame to be sent, which is then sent; None where none waits."""
        if self._sent == len(self._frames):
            return None
        frame = self._frames[self._sent]
        self._sent += 1
        return frame

    def rewind(self) -> None:
        """There is another process: all that is kept waits to be sent."""
        self._sent = 0

    def forget_silence(self, *, unheard: int) -> None:
        """Nobody spoke in what was heard; the last `unheard` of the frames sent may not have been."""
        while self._sent - unheard > FRAMES_BEFORE_SPEECH:
            self._frames.popleft()
            self._sent -= 1
