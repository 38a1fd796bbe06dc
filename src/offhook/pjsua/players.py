"""File players, and ports in their place where a sound still grows, from their making to a destruction that nothing can trip over.

A player that comes to its file's end posts an event to itself, which a thread of the library delivers a moment
later, whether the player still exists or not. So a player that is done rests for a while before it is destroyed;
disconnected, it costs nothing. Everything here runs on the owner thread.
"""

from collections import deque
from pathlib import Path

import pjsua2 as pj

from offhook.pjsua.feeds import Feed, FeedPort, FeedPorts
from offhook.speech.pcm import SAMPLE_RATE_HZ

REST_S = 0.5
"""How long a player outlives its use: a hundred times what the event takes."""


class Sound:
    """One playing of a file, or of what is fed: a node of its own, so that several are heard at once."""

    def __init__(self, path: Path, *, from_s: float = 0.0, feed: Feed | None = None) -> None:
        self.path = path
        self.from_s = from_s
        """How much of its beginning is left out, in seconds; less than there is of it."""
        self.feed = feed
        """What it plays in place of a file."""
        self.player: pj.AudioMediaPlayer | None = None
        """Its player, from its beginning to its end."""
        self.port: FeedPort | None = None
        """The same where it is fed."""

    @property
    def audio(self) -> pj.AudioMedia | None:
        """Its conference port; None while nothing plays."""
        return self.player or self.port

    def samples_played(self) -> int:
        """How far it is; 0 once it has come to its end (the player rewinds)."""
        return 0 if self.player is None else self.player.getPos()


class Players:
    """Makes players and takes them back."""

    def __init__(self) -> None:
        self._playing: set[Sound] = set()
        self._resting: deque[tuple[float, pj.AudioMediaPlayer]] = deque()
        self._feeds = FeedPorts()

    def begin(self, sound: Sound) -> None:
        """Give a sound a player; it is connected to nothing yet. Raises pj.Error."""
        if sound.feed is not None:
            sound.port = self._feeds.lend(sound.feed)
            self._playing.add(sound)
            return
        player = pj.AudioMediaPlayer()
        player.createPlayer(str(sound.path), pj.PJMEDIA_FILE_NO_LOOP)
        if sound.from_s:
            player.setPos(round(sound.from_s * SAMPLE_RATE_HZ))
        sound.player = player
        self._playing.add(sound)

    def end(self, sound: Sound, at: float) -> None:
        """The sound is disconnected and over."""
        self._playing.discard(sound)
        port, sound.port = sound.port, None
        if port is not None:
            self._feeds.take_back(port)
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
        self._feeds.destroy()
