"""Keys of a far end that sends them as tones in its sound, because it negotiated nothing better (`telephone-event`).

Its audio comes into Python only once somebody wants keys; from then on it does to the end of the call, so that a
tone that goes on while one verb follows another stays one key.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

from offhook.call.port import FrameSink, KeySink
from offhook.speech.dtmf_tones import ToneDetector

SAME_PRESS_S = 1.0
"""A message that comes so long after a tone of the same key tells of the same press: some phones send both."""


class TonedKeys:
    """The tones of one leg. Everything here runs on the event loop."""

    def __init__(self, listen: Callable[[FrameSink], AbstractContextManager[None]], *, tell: KeySink) -> None:
        """`listen` is the leg's; `tell` is told each key once."""
        self._listen = listen
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._detector = ToneDetector()
        self._listening = ExitStack()
        self._is_listening = False
        self._may_send_tones = False
        self._is_wanted = False
        self._latest: tuple[str, float] = ("", 0.0)

    def negotiated(self, *, has_key_events: bool) -> None:
        """Media was negotiated, at first or anew; `has_key_events` where the far end takes and sends keys as events."""
        self._may_send_tones = not has_key_events
        self._listen_if_due()

    def wanted(self) -> None:
        """Somebody wants to know of keys."""
        self._is_wanted = True
        self._listen_if_due()

    def is_new(self, key: str) -> bool:
        """Whether a key that came as a message tells of a press that no tone told of. Whoever sends messages is
        listened to no more."""
        heard, at = self._latest
        self._latest = ("", 0.0)
        self._may_send_tones = False
        self._listen_if_due()
        return heard != key or self._loop.time() - at > SAME_PRESS_S

    def end(self) -> None:
        """The leg is over."""
        self._may_send_tones = False
        self._listen_if_due()

    def _listen_if_due(self) -> None:
        is_due = self._may_send_tones and self._is_wanted
        if is_due and not self._is_listening:
            self._listening.enter_context(self._listen(self._hear))
        elif not is_due:
            self._listening.close()
        self._is_listening = is_due

    def _hear(self, frame: bytes) -> None:
        for key in self._detector.hear(frame):
            self._latest = (key, self._loop.time())
            self._tell(key)
