"""Plays what comes on a stream, in order: what belongs together as one flowing sound, so that it is heard without a gap.

A sound is ended once nothing has come for a moment and nearly all of it was played; what comes then is the next one. Ending
it too early would be heard, and ending it never would keep its last tenth of a second from being played.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path

from offhook.call.flowing import FlowingSound
from offhook.call.port import Audio, Call
from offhook.speech.pcm import FRAME_S, duration_s

IDLE_S = 0.2
"""How long nothing comes before a sound is ended."""
NEARLY_S = 0.1
"""How much of it may still have to be played then."""
MOST_WAITING_S = 120.0
"""How much may wait to be played."""
MOST_MARKS = 10_000
"""How many may wait in one sound."""


class _Piece:
    """What is played as one sound, and the marks in it."""

    def __init__(self) -> None:
        self.sound = FlowingSound()
        self.marks: deque[tuple[float, str]] = deque()
        """Where each stands, in seconds from the sound's beginning."""
        self.grew_at = 0.0


class StreamPlayer:
    """One stream's. `run` plays; the others return at once."""

    def __init__(
        self, call: Call, *, played: Callable[[str], None], rest: Callable[[], bytes], label: str = "stream"
    ) -> None:
        """`played` is told each mark before which all was played. `rest` gives what was kept back of a sound that ends.
        `label` is what people see on the timeline."""
        self._call = call
        self._played = played
        self._rest = rest
        self._label = label
        self._loop = asyncio.get_running_loop()
        self._pieces: deque[_Piece] = deque()
        self._has_some = asyncio.Event()
        self._playing: asyncio.Task[None] | None = None

    @property
    def waiting_s(self) -> float:
        """How much waits to be played."""
        return sum(piece.sound.left_s for piece in self._pieces)

    def add(self, pcm: bytes) -> bool:
        """Play this, too; False where too much waits already, and it is left out."""
        if not pcm:
            return True
        if self.waiting_s + duration_s(pcm) > MOST_WAITING_S:
            return False
        if not self._pieces or self._pieces[-1].sound.is_over:
            self._pieces.append(_Piece())
            self._has_some.set()
        piece = self._pieces[-1]
        piece.sound.add(pcm)
        piece.grew_at = self._loop.time()
        return True

    def mark(self, name: str) -> bool:
        """Tell the name once all that came before was played: at once where nothing waits. False where too many marks wait
        already, and it is left out."""
        if not self._pieces:
            self._played(name)
            return True
        piece = self._pieces[-1]
        if len(piece.marks) >= MOST_MARKS:
            return False
        piece.marks.append((piece.sound.length_s, name))
        return True

    def clear(self) -> None:
        """Play nothing of what came before; its marks are not told."""
        self._pieces.clear()
        self._has_some.clear()
        if self._playing is not None:
            self._playing.cancel()

    async def run(self) -> None:
        """Play what comes, until cancelled."""
        while True:
            await self._has_some.wait()
            if not self._pieces:
                continue  # cleared between the waking and now
            self._playing = asyncio.create_task(self._play(self._pieces[0]), name="stream plays")
            try:
                await asyncio.wait((self._playing,))
                if not self._playing.cancelled():
                    self._playing.result()
            finally:
                self._playing.cancel()
                await asyncio.wait((self._playing,))
                self._playing = None

    async def _play(self, piece: _Piece) -> None:
        audio = Audio(
            path=Path(self._label), duration_s=piece.sound.length_s, label=self._label, growing=piece.sound
        )
        watching = asyncio.create_task(self._watch(piece), name="stream marks")
        try:
            await self._call.play(audio)
        finally:
            watching.cancel()
        for _, name in piece.marks:
            self._played(name)
        self._pieces.popleft()
        if not self._pieces:
            self._has_some.clear()

    async def _watch(self, piece: _Piece) -> None:
        """Tell marks as they are met, and end the sound."""
        sound, marks = piece.sound, piece.marks
        while not sound.is_over:
            while marks and marks[0][0] <= sound.played_s:
                self._played(marks.popleft()[1])
            quiet_s = self._loop.time() - piece.grew_at
            if sound.left_s <= NEARLY_S and quiet_s >= IDLE_S:
                sound.add(self._rest())
                sound.end()
                return
            until_s = max(sound.left_s - NEARLY_S, IDLE_S - quiet_s)
            if marks:
                until_s = min(until_s, marks[0][0] - sound.played_s)
            await asyncio.sleep(min(max(until_s, FRAME_S), IDLE_S))
