"""Hears the caller for a gather: the ear at once, and one recogniser after another, none of which misses a frame."""

import asyncio
from collections import deque
from contextlib import AsyncExitStack
from dataclasses import replace

from offhook.interpreter.gather_events import VoiceHeard
from offhook.interpreter.inbox import Inbox
from offhook.interpreter.scene import Scene
from offhook.interpreter.utterance import BLIP_S
from offhook.speech.ears import ear_of
from offhook.speech.pcm import FRAME_S
from offhook.speech.recognisers import Hearing, Switch
from offhook.verbs import Gather

LISTEN_S = 30.0
"""How long a recogniser may take until it listens."""
MOST_WAITING = round(LISTEN_S / FRAME_S)
"""Frames that wait for a recogniser which does not listen yet; later ones push out the first."""


class Listening:
    """What is heard of the caller. `inbox` is told when a voice begins and what recognisers say."""

    def __init__(self, verb: Gather, scene: Scene, inbox: Inbox) -> None:
        self._verb = verb
        self._scene = scene
        self._inbox = inbox
        self._loop = asyncio.get_running_loop()
        self._ear = ear_of(verb.voice_detection)
        self._lasts = False
        """Whether the voice has lasted for as long as a prompt needs to be silenced."""
        self._hearing: Hearing | None = None
        self._is_sent = False
        """Whether frames go to the hearing: it listens, and was not told that no more come."""
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._wanted = 1
        self._is_wanted = asyncio.Event()
        self._last_words_wanted = False
        self._was_voiced = False
        """Whether a voice was heard, for long enough to connect, of which no hearing was told the end."""
        self._asked_at = -1.0
        """When the last words were asked for last."""
        self._switches: tuple[Switch, ...] = ()
        self._warned: set[tuple[int, str]] = set()
        self.listens = asyncio.Event()
        """Set once a recogniser listens."""

    @property
    def vendor(self) -> str:
        """Whose recogniser heard last; empty before the first."""
        return self._hearing.vendor if self._hearing is not None else ""

    @property
    def finds_end(self) -> bool:
        """Whether that one tells by itself when the speaker stopped."""
        return self._hearing is not None and self._hearing.finds_end

    @property
    def last_words_by(self) -> float | None:
        """Until when to wait for last words because the recogniser needs long, or another has to hear all again; None where
        nobody listened yet."""
        hearing = self._hearing
        if hearing is None:
            return None
        asked_until = self._asked_at + hearing.last_words_s
        return max(asked_until, hearing.last_words_by or asked_until)

    @property
    def switches(self) -> tuple[Switch, ...]:
        """Who was left, and why, in order."""
        return self._switches + (self._hearing.switches if self._hearing is not None else ())

    @property
    def voice(self) -> VoiceHeard | None:
        """What the ear hears; None where it hears nobody."""
        ear = self._ear
        if ear.last_voiced_at is None:
            return None
        return VoiceHeard(ear.last_voiced_at, ear.voiced_s, ear.lasting_s)

    def forget(self) -> None:
        """What the ear heard was nobody."""
        self._ear.forget()

    async def run(self) -> None:
        """Listen until cancelled."""
        with self._scene.call.listen(self._hear):
            heard = 0
            while True:
                await self._hear_once()
                heard += 1
                while self._wanted <= heard:
                    self._is_wanted.clear()
                    await self._is_wanted.wait()

    def want(self, hearings: int) -> None:
        """Listen for the `hearings`-th time, once the time before is over."""
        if hearings > self._wanted:
            self._wanted = hearings
            self._last_words_wanted = False
            self._is_wanted.set()

    def finish(self) -> None:
        """Ask for the last words of this time; what is heard from now on waits for the next."""
        if self._last_words_wanted:
            return
        self._last_words_wanted = True
        if self._is_sent and self._hearing is not None:
            self._ask(self._hearing)

    def _ask(self, hearing: Hearing) -> None:
        voiced_at = self._ear.last_voiced_at
        if voiced_at is not None and voiced_at > self._asked_at:
            hearing.open()
        self._is_sent = self._was_voiced = False
        self._asked_at = self._loop.time()
        hearing.finish()

    async def _hear_once(self) -> None:
        verb, recognisers = self._verb, self._scene.tools.recognisers
        wants_partials = (
            verb.partials_to is not None or verb.barge_in.words > 0 or verb.continuous is not None
        )
        late = f"the recogniser {recognisers.first_of(verb.recognisers)!r} did not begin to listen"
        opening = recognisers.listen(
            replace(verb.recogniser, partials=wants_partials),
            names=verb.recognisers,
            waits_for_voice=verb.voice_detection.gates_recogniser,
            is_private=not verb.keeps_log,
            tell=self._warn,
        )
        async with AsyncExitStack() as stack:
            with self._scene.watch.within(LISTEN_S, late):
                hearing = await stack.enter_async_context(opening)
            try:
                self._begin(hearing)
                async for event in hearing:
                    self._inbox.put(event)
            finally:
                self._is_sent = False

    def _warn(self, code: int, message: str) -> None:
        """Tell the customer, once for all times that this gather listens."""
        if (code, message) not in self._warned:
            self._warned.add((code, message))
            self._scene.notices.warning(code, message)

    def _begin(self, hearing: Hearing) -> None:
        if self._hearing is not None:
            self._switches += self._hearing.switches
        self._hearing = hearing
        while self._waiting:
            hearing.send(self._waiting.popleft())
        self._is_sent = True
        if self._was_voiced:
            hearing.open()
        self.listens.set()
        if self._last_words_wanted:
            self._ask(hearing)

    def _hear(self, frame: bytes) -> None:
        if self._is_sent and self._hearing is not None:
            self._hearing.send(frame)
        else:
            self._waiting.append(frame)
        now, ear = self._loop.time(), self._ear
        begins = ear.hear(frame, now)
        if ear.began_at is None:
            self._lasts = False
            return
        lasts = ear.lasting_s >= self._verb.barge_in.voice_s
        if begins or (lasts and not self._lasts):
            voice = self.voice
            assert voice is not None
            self._inbox.put(voice)
        self._lasts = lasts
        if ear.last_voiced_at == now:
            self._voiced()

    def _voiced(self) -> None:
        """A hearing that waits for a voice begins with it; one that has begun is expected to understand something."""
        detection = self._verb.voice_detection
        if self._ear.voiced_s >= (detection.voice_s if detection.gates_recogniser else BLIP_S):
            self._was_voiced = True
            if self._is_sent and self._hearing is not None:
                self._hearing.open()
