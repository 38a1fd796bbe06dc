"""What all who are in a conference hear of comings and goings: beeps, and what applications have to say."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from offhook.call.errors import CustomerError, OffhookError, ProviderError
from offhook.call.port import Audio, Room
from offhook.interpreter.meetings import Prompts
from offhook.interpreter.notices import Notices
from offhook.interpreter.ports import Tools
from offhook.interpreter.repeat import SHORTEST_S
from offhook.verbs import Pause, Play, Say

log = structlog.get_logger()

LONGEST_S = 60.0
"""Nobody wants to hear longer that somebody came."""
MOST_WAITING = 5
"""Announcements beyond these are left out: many come at once, and one is heard after the other."""


class RoomSounds:
    """Those of one room. Beeps are heard at once, announcements in their order."""

    def __init__(self, room: Room, tools: Tools) -> None:
        self._room = room
        self._tools = tools
        self._playing: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()
        self._waiting = 0

    def beep(self, *, is_entry: bool, times: int) -> None:
        """Somebody came, or went."""
        audio = self._tools.beep if is_entry else self._tools.exit_beep
        if audio is not None:
            self._start(self._beeps(audio, times))

    def announce(self, prompts: Prompts, notices: Notices) -> None:
        """Let all hear `prompts`, each once at least and not without end; `notices` is told of faults."""
        if prompts and self._waiting < MOST_WAITING:
            self._waiting += 1
            self._start(self._announcement(prompts, notices))

    def silence(self) -> None:
        """Nothing is heard any more."""
        for task in self._playing:
            task.cancel()

    async def _beeps(self, audio: Audio, times: int) -> None:
        try:
            for _ in range(times):
                await self._room.play(audio)
        except OffhookError as error:
            log.warning("conference.sound_broke", error=str(error))

    async def _announcement(self, prompts: Prompts, notices: Notices) -> None:
        async with self._in_order:
            self._waiting -= 1
            try:
                async with asyncio.timeout(LONGEST_S):
                    for prompt in prompts:
                        await self._play(prompt, notices)
            except TimeoutError:
                log.info("conference.announcement_cut", seconds=LONGEST_S)
            except OffhookError as error:
                log.warning("conference.sound_broke", error=str(error))

    async def _play(self, prompt: Say | Play | Pause, notices: Notices) -> None:
        if isinstance(prompt, Pause):
            await asyncio.sleep(prompt.length_s)
            return
        try:
            async with self._tools.prompts.ready(prompt) as audio:
                for _ in range(max(1, prompt.loop)):
                    await self._room.play(audio)
                    if audio.is_whole and audio.length_s < SHORTEST_S:
                        return
        except (CustomerError, ProviderError) as error:
            notices.fault(error)

    def _start(self, course: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(course, name="conference sound")
        self._playing.add(task)
        task.add_done_callback(self._playing.discard)
        task.add_done_callback(_note_fault)


def _note_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("conference.sound_broke", exc_info=error)
