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


class Players:
    """Makes players and takes them back."""

    def __init__(self) -> None:
        self._resting: deque[tuple[float, pj.AudioMediaPlayer]] = deque()

    def play_once(self, path: Path) -> pj.AudioMediaPlayer:
        """A player of a WAV file that is not connected yet. Raises pj.Error."""
        player = pj.AudioMediaPlayer()
        player.createPlayer(str(path), pj.PJMEDIA_FILE_NO_LOOP)
        return player

    def take_back(self, player: pj.AudioMediaPlayer, at: float) -> None:
        """The player is disconnected and not used any more."""
        self._resting.append((at, player))

    def destroy_rested(self, at: float) -> None:
        """Destroy what has rested long enough."""
        while self._resting and self._resting[0][0] <= at - REST_S:
            pj.AudioMediaPlayer.__swig_destroy__(self._resting.popleft()[1])

    def destroy(self) -> None:
        """Destroy them all; only before the library ends."""
        while self._resting:
            pj.AudioMediaPlayer.__swig_destroy__(self._resting.popleft()[1])
