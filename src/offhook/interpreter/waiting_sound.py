"""What somebody hears alone in a conference or queue, while waiting or on hold: music, a sound, or a document that is run
again and again."""

import asyncio
import contextlib
from collections.abc import Callable
from urllib.parse import urlsplit

import structlog

from offhook.call.errors import Asked, CustomerError, OffhookError, ProviderError
from offhook.interpreter.repeat import repeat
from offhook.interpreter.scene import Scene
from offhook.verbs import Document, Leave, Pause, Play, Redirect, Say, Target

log = structlog.get_logger()

Parameters = tuple[tuple[str, str], ...]

SHORTEST_ROUND_S = 1.0
"""A document that takes no time is not run more often than this: it would be asked for without a pause."""
SOUND_FILES = (".wav", ".mp3")
NOT_WHILE_WAITING = 12200
"""The notification's code for a verb that cannot be run there."""


class WaitingSound:
    """Plays one after another, to one caller; to turn to the next silences the last."""

    def __init__(self, scene: Scene, asked: Asked = Asked.ASIDE) -> None:
        """`asked`: what documents are asked for as."""
        self._scene = scene
        self._asked = asked
        self._playing: asyncio.Task[None] | None = None
        self._told: set[str] = set()

    async def turn_to_music(self) -> None:
        """Play the built-in music."""
        await self.turn_off()
        self._playing = asyncio.create_task(self._music(), name="hold music")

    async def turn_to(
        self,
        target: Target,
        *,
        parameters: Callable[[], Parameters] = lambda: (),
        on_leave: Callable[[], None] | None = None,
    ) -> None:
        """Play the sound at `target`, or run the document there, again and again; `parameters` are sent along each
        time. `on_leave` is called where the document wants out; without it none can."""
        await self.turn_off()
        course = self._rounds(target, parameters, on_leave)
        self._playing = asyncio.create_task(course, name="waiting sound")

    async def turn_to_announcement(self, target: Target, on_end: Callable[[], None]) -> None:
        """Run the document at `target` once; `on_end` is called after it, whatever came of it."""
        await self.turn_off()
        self._playing = asyncio.create_task(self._announcement(target, on_end), name="announcement")

    async def turn_off(self) -> None:
        """Fall silent."""
        playing, self._playing = self._playing, None
        if playing is None:
            return
        playing.cancel()
        await asyncio.wait((playing,))
        if not playing.cancelled() and (error := playing.exception()) is not None:
            # The caller heard nothing, and the call goes on all the same.
            log.error("waiting_sound.broke", exc_info=error)

    async def _music(self) -> None:
        music = self._scene.tools.hold_music
        if music is not None:
            with contextlib.suppress(OffhookError):  # the leg is over, and the block around the verb tells
                await repeat(music, 0, self._scene.call)

    async def _rounds(
        self, target: Target, parameters: Callable[[], Parameters], on_leave: Callable[[], None] | None
    ) -> None:
        try:
            if is_sound_file(target):
                await self._play(Play(url=target.url, loop=0))
            elif await self._documents(target, parameters, may_leave=on_leave is not None) and on_leave:
                on_leave()
                return
        except (CustomerError, ProviderError) as error:
            self._scene.notices.fault(error)
        except OffhookError:
            return  # the leg is over, and the block around the verb tells
        await self._music()

    async def _documents(
        self, target: Target, parameters: Callable[[], Parameters], *, may_leave: bool
    ) -> bool:
        """Run document after document; True once one wants out."""
        loop, at = asyncio.get_running_loop(), target
        while True:
            began_at = loop.time()
            document = await self._scene.ask(at, parameters(), self._asked)
            if document.verbs == (Play(url=at.url),):  # the answer was a sound
                await self._play(Play(url=at.url, loop=0))
            following = await self._run(document, may_leave=may_leave)
            if isinstance(following, Leave):
                return True
            at = following or target
            await asyncio.sleep(max(0.0, began_at + SHORTEST_ROUND_S - loop.time()))

    async def _announcement(self, target: Target, on_end: Callable[[], None]) -> None:
        try:
            if is_sound_file(target):
                await self._play(Play(url=target.url))
            else:
                await self._run(await self._scene.ask(target, (), self._asked), may_leave=False)
        except (CustomerError, ProviderError) as error:
            self._scene.notices.fault(error)
        except OffhookError:
            return
        on_end()

    async def _run(self, document: Document, *, may_leave: bool) -> Leave | Target | None:
        """Run the verbs that can be; returns where a Redirect leads, or the Leave."""
        for verb in document.verbs:
            match verb:
                case Say() | Play():
                    await self._play(verb)
                case Pause(length_s=length_s):
                    await asyncio.sleep(length_s)
                    self._scene.filler.turn_over()
                case Redirect(target=target):
                    return target
                case Leave() if may_leave:
                    return verb
                case _:
                    self._skip(type(verb).__name__)
        return None

    async def _play(self, prompt: Say | Play) -> None:
        scene = self._scene
        async with scene.ready(prompt) as audio:
            await repeat(audio, prompt.loop, scene.call, scene.watch)
        scene.filler.turn_over()

    def _skip(self, name: str) -> None:
        if name not in self._told:
            self._told.add(name)
            message = f"{name} cannot be run for somebody who waits, and was skipped; Say, Play, Pause and Redirect can."
            self._scene.notices.warning(NOT_WHILE_WAITING, message)


def is_sound_file(target: Target) -> bool:
    """Whether the URL names a sound by its ending; all else is asked for a document."""
    return urlsplit(target.url).path.lower().endswith(SOUND_FILES)
