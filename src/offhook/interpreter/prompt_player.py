"""Plays the prompts of a gather so that they can be silenced at any moment, and go on where they were."""

import asyncio
from collections.abc import Sequence

from offhook.call.errors import CustomerError, ProviderError
from offhook.call.port import Audio, Call
from offhook.interpreter.gather_events import PromptsOver
from offhook.interpreter.inbox import Inbox
from offhook.interpreter.prompt_turn import Prompts
from offhook.interpreter.repeat import SHORTEST_S, play_once
from offhook.interpreter.stall import StallWatch
from offhook.verbs import Pause, Play, Say

STEP_BACK_S = 0.3
"""A sound goes on a little before where it was, as half a word is none."""

Sounding = tuple[Audio, int] | Pause
"""A sound and how many times it is heard (0: without end), or silence."""


def sounding(prompt: Say | Play, audio: Audio) -> Sounding:
    """A prompt that is ready."""
    return audio, prompt.loop


class PromptPlayer:
    """All prompts of one gather. Tells `inbox` once, when they were played to their end."""

    def __init__(
        self,
        sounds: Sequence[Sounding],
        call: Call,
        watch: StallWatch,
        inbox: Inbox,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """`tasks`: where they play."""
        self._sounds = tuple(sounds)
        self._call = call
        self._watch = watch
        self._inbox = inbox
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._playing: asyncio.Task[None] | None = None
        self._is_over = not self._sounds
        self._place = 0
        """Which sound is heard."""
        self._times = 0
        """How often it was heard to its end."""
        self._from_s = 0.0
        """Where in it."""
        self.broken: CustomerError | ProviderError | None = None
        """Why they could not be played on."""

    def obey(self, wish: Prompts) -> None:
        """Play, or be silent. The caller hears nothing of them within 40 ms."""
        playing = self._playing
        is_playing = playing is not None and not playing.done() and not playing.cancelling()
        if wish is Prompts.PLAY and not is_playing and not self._is_over:
            self._playing = self._tasks.create_task(self._play_on(playing))
        elif wish is not Prompts.PLAY and playing is not None and is_playing:
            playing.cancel()

    async def _play_on(self, before: asyncio.Task[None] | None) -> None:
        if before is not None:  # it notes where it was
            await asyncio.wait((before,))
        try:
            while self._place < len(self._sounds):
                sound = self._sounds[self._place]
                await (self._rest(sound) if isinstance(sound, Pause) else self._play(*sound))
                self._place += 1
                self._times, self._from_s = 0, 0.0
        except (CustomerError, ProviderError) as error:
            self.broken = error
        self._is_over = True
        self._inbox.put(PromptsOver())

    async def _play(self, audio: Audio, times: int) -> None:
        while not times or self._times < times:
            if audio.is_whole and audio.length_s < SHORTEST_S:
                return
            began_at = self._loop.time()
            try:
                await play_once(audio, self._call, self._watch, from_s=self._from_s)
            except asyncio.CancelledError:
                heard_s = self._loop.time() - began_at
                # Half of it at most is heard again: on a line that clicks for ever, it comes to its end all the same.
                self._from_s += max(heard_s - STEP_BACK_S, heard_s / 2)
                raise
            self._times, self._from_s = self._times + 1, 0.0

    async def _rest(self, pause: Pause) -> None:
        began_at = self._loop.time()
        try:
            await asyncio.sleep(pause.length_s - self._from_s)
        except asyncio.CancelledError:
            self._from_s += self._loop.time() - began_at
            raise
