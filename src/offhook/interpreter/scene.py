"""What a verb's runner works in: the call, the tools, and a way to tell partial results."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from offhook.call.errors import Asked, CustomerError
from offhook.call.port import Audio, Call
from offhook.interpreter.control import Control
from offhook.interpreter.filler import Filler
from offhook.interpreter.holding import Holding
from offhook.interpreter.news import News
from offhook.interpreter.notices import Notices
from offhook.interpreter.ports import Tools
from offhook.interpreter.stall import PREPARE_S, StallWatch, shown
from offhook.verbs import Document, Play, Say, Target, Understood, Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One call's surroundings while a verb runs."""

    call: Call
    tools: Tools
    control: Control
    """What others may do to the call; runners that connect it with somebody tell it so."""
    notices: Notices
    """What the customer is told of faults."""
    holding: Holding
    """Whether the call is on hold, and its music meanwhile."""
    filler: Filler
    """What the caller hears while sounds are made ready."""
    watch: StallWatch
    """Is told what the verb waits for, and for how long it may."""
    about: Callable[[bool], tuple[tuple[str, str], ...]]
    """What the application is told of the call with every request, as it is now, or where the argument says so as it
    is once the caller has left."""
    tell_partial: Callable[[Target, Understood], None]
    """Sends what is understood so far to a target, in order, without waiting."""
    tell_news: Callable[[Target, Verb, News, bool], None]
    """Tells a target of what happens while this verb runs, as the call is now, or where the last argument says so as it is
    once the caller has left. Such requests arrive in their order, tried again until they do, and their answers are not read."""
    ask: Callable[[Target, tuple[tuple[str, str], ...], Asked], Awaitable[Document]]
    """Asks a URL for a document on the side, with these parameters besides the standard ones, as for what is heard
    while waiting. Raises CustomerError."""

    @asynccontextmanager
    async def ready(self, prompt: Say | Play) -> AsyncIterator[Audio]:
        """A block in which the sound is there to be played; what `Prompts.ready` raises."""
        name = shown(prompt.text if isinstance(prompt, Say) else prompt.url)
        async with AsyncExitStack() as stack:
            with self.watch.within(PREPARE_S, f"the sound {name!r} was not ready"):
                audio = await stack.enter_async_context(self.filler.ready(prompt))
            try:
                yield audio
            finally:
                self._tell_of(audio)

    def pass_over(self, prompt: Say | Play, error: CustomerError) -> None:
        """Leave out a sound that cannot be had, with a notification. Raises `error` where that may not be."""
        if not (isinstance(prompt, Play) and prompt.is_skippable):
            raise error
        self.notices.warning(error.code, f"{error.message} It was skipped.")

    def _tell_of(self, audio: Audio) -> None:
        """Tell the customer what came up while a text was spoken."""
        for code, vendor, message in audio.spoken.notices if audio.spoken is not None else ():
            self.notices.warning_once(code, vendor, message)
