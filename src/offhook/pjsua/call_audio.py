"""The audio of one call, seen from the owner thread: what its far end hears, who hears it, and what is
written of both.

All connections go through `cables`, which makes them anew whenever the call's conference port is another
one.
"""

import time

import pjsua2 as pj

from offhook.pjsua.cables import Cables, Node
from offhook.pjsua.frames import FramePort, FramePorts, FrameTo
from offhook.pjsua.players import Players, Sound
from offhook.pjsua.tapes import Tape, Tapes


class Ear:
    """A frame port that is lent to a call, as a node."""

    def __init__(self, port: FramePort) -> None:
        self.port = port
        self.audio: pj.AudioMedia | None = port


class Drain:
    """The null device, as a node: what it hears goes nowhere."""

    def __init__(self) -> None:
        self.audio: pj.AudioMedia | None = pj.Endpoint.instance().audDevManager().getPlaybackDevMedia()


class CallAudio:
    """A node: the call's conference port, while it has one and its dialog does not end."""

    def __init__(self, cables: Cables, players: Players, ports: FramePorts, tapes: Tapes) -> None:
        self._cables = cables
        self._players = players
        self._ports = ports
        self._tapes = tapes
        self.audio: pj.AudioMedia | None = None
        self._is_over = False
        self._is_drained = False
        self._is_muted = False
        self._heard: set[Node] = set()
        """What the far end hears."""
        self._heard_along: list[Node] = []
        """What hears all that the far end hears: tapes, and who listens along."""
        self._sounds: set[Sound] = set()
        self._ear: Ear | None = None
        self._ear_along: Ear | None = None
        self._is_echoing = False

    def negotiated(self, audio: pj.AudioMedia | None, *, is_muted: bool = False) -> None:
        """Media was negotiated, at first or anew: connect what is to be. Nobody hears a far end that is
        muted."""
        self.audio = audio
        if audio is not None and (is_muted or self._is_muted):  # another port begins with its full level
            audio.adjustTxLevel(0.0 if is_muted else 1.0)
            self._is_muted = is_muted
        self._cables.changed(self)

    def let_go(self) -> None:
        """The dialog ends, and the library takes the call's conference port away by itself. To disconnect
        anything from that port now would be carried out after it is gone, and abort the process."""
        self.audio, self._is_over = None, True
        self._cables.gone(self)
        for sound in tuple(self._sounds):
            self.stop(sound)
        self.stop_listening()
        self.stop_listening_along()
        self.stop_echo()

    def keep_flowing(self) -> None:
        """Once somebody has heard the far end, have the null device hear it till the call ends. Where nobody does any more, what
        is said collects in the jitter buffer, and whoever listens next hears everything up to 0.4 s late. Nothing collects
        before anybody has heard it."""
        if not self._is_drained and not self._is_over:
            self._is_drained = True
            self._cables.connect(self, Drain())

    def hear(self, source: Node) -> None:
        """Let the far end hear something. Raises pj.Error where the bridge cannot."""
        if self._is_over or source in self._heard:
            return
        if isinstance(source, CallAudio):
            source.keep_flowing()
        self._cables.connect(source, self)
        self._heard.add(source)
        for along in self._heard_along:
            self._cables.connect(source, along)

    def unhear(self, source: Node) -> None:
        """Let the far end hear something no more."""
        if source not in self._heard:
            return
        self._heard.discard(source)
        self._cables.disconnect(source, self)
        for along in self._heard_along:
            self._cables.disconnect(source, along)

    def play(self, sound: Sound) -> None:
        """Play a WAV file once, along with what is heard already."""
        if self._is_over:
            return
        self._players.begin(sound)
        self._sounds.add(sound)
        self.hear(sound)

    def stop(self, sound: Sound) -> None:
        """End a sound at the next tick of the clock; does nothing for one that never began."""
        self._sounds.discard(sound)
        self.unhear(sound)
        self._players.end(sound, time.monotonic())

    def start_listening(self, to: FrameTo) -> None:
        """Hand the far end's audio to `to`."""
        if self._is_over:
            return
        self.stop_listening()
        self.keep_flowing()
        self._ear = Ear(self._ports.lend(to))
        self._cables.connect(self, self._ear)

    def stop_listening(self) -> None:
        """Hand the far end's audio to nobody."""
        ear, self._ear = self._ear, None
        if ear is not None:
            self._cables.disconnect(self, ear)
            self._ports.take_back(ear.port)

    def start_listening_along(self, to: FrameTo) -> None:
        """Hand what the far end hears to `to`, mixed."""
        if self._is_over:
            return
        self.stop_listening_along()
        self._ear_along = Ear(self._ports.lend(to))
        self._hear_along(self._ear_along)

    def stop_listening_along(self) -> None:
        """Hand what the far end hears to nobody."""
        ear, self._ear_along = self._ear_along, None
        if ear is not None:
            self._heard_along.remove(ear)
            for source in self._heard:
                self._cables.disconnect(source, ear)
            self._ports.take_back(ear.port)

    def _hear_along(self, along: Node) -> None:
        self._heard_along.append(along)
        for source in self._heard:
            self._cables.connect(source, along)

    def start_echo(self) -> None:
        """Send the far end's audio back to it, natively."""
        self._is_echoing = True
        self.hear(self)

    def stop_echo(self) -> None:
        """Send nothing back."""
        if self._is_echoing:
            self._is_echoing = False
            self.unhear(self)

    def tape(self, tape: Tape, *, says: bool, hears: bool) -> None:
        """Write what the far end says, what it hears, or both in one channel. Raises OffhookError."""
        self._tapes.begin(tape)
        if says and not self._is_over:
            self.keep_flowing()
            self._cables.connect(self, tape)
        if hears:
            self._hear_along(tape)

    def untape(self, tape: Tape) -> None:
        """Write nothing more."""
        if tape in self._heard_along:
            self._heard_along.remove(tape)
        self._tapes.end(tape)
