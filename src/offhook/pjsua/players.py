"""File players, from their making to a destruction that nothing can trip over.

A player that comes to its file's end posts an event to itself, which a thread of the library delivers a moment
later, whether the player still exists or not. So a player that is done rests for a while before it is destroyed;
disconnected, it costs nothing. Everything here runs on the owner thread.
"""

from collections import deque
from pathlib import Path

import pjsua2 as pj

REST_S = 0.5
"""How long a player outlives its use: a hundred times what the event takes."""


class Sound:
    """One playing of a file: a node of its own, so that several are heard at once. Any thread may make it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.player: pj.AudioMediaPlayer | None = None
        """Its player, from its beginning to its end."""

    @property
    def audio(self) -> pj.AudioMedia | None:
        """Its conference port; None while nothing plays."""
        return self.player

    def samples_played(self) -> int:
        """How far it is; 0 once it has come to its end (the player rewinds)."""
        return 0 if self.player is None else self.player.getPos()


class Players:
    """Makes players and takes them back."""

    def __init__(self) -> None:
        self._playing: set[Sound] = set()
        self._resting: deque[tuple[float, pj.AudioMediaPlayer]] = deque()

    def begin(self, sound: Sound) -> None:
        """Give a sound a player; it is connected to nothing yet. Raises pj.Error."""
        player = pj.AudioMediaPlayer()
        player.createPlayer(str(sound.path), pj.PJMEDIA_FILE_NO_LOOP)
        sound.player = player
        self._playing.add(sound)

    def end(self, sound: Sound, at: float) -> None:
        """The sound is disconnected and over."""
        self._playing.discard(sound)
        player, sound.player = sound.player, None
        if player is not None:
            self._resting.append((at, player))

    def destroy_rested(self, at: float) -> None:
        """Destroy what has rested long enough."""
        while self._resting and self._resting[0][0] <= at - REST_S:
            pj.AudioMediaPlayer.__swig_destroy__(self._resting.popleft()[1])

    def destroy(self) -> None:
        """Destroy them all; only before the library ends."""
        for sound in tuple(self._playing):
            self.end(sound, 0.0)
        while self._resting:
            pj.AudioMediaPlayer.__swig_destroy__(self._resting.popleft()[1])
