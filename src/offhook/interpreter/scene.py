"""What a verb's runner works in: the call, the tools, and a way to tell partial results."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from offhook.call.port import Audio, Call
from offhook.interpreter.filler import Filler
from offhook.interpreter.ports import Tools
from offhook.interpreter.stall import PREPARE_S, StallWatch, shown
from offhook.verbs import Play, Say, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One call's surroundings while a verb runs."""

    call: Call
    tools: Tools
    filler: Filler
    """What the caller hears while sounds are made ready."""
    watch: StallWatch
    """Is told what the verb waits for, and for how long it may."""
    tell_partial: Callable[[Target, str], None]
    """Sends what is understood so far to a target, in order, without waiting."""

    @asynccontextmanager
    async def ready(self, prompt: Say | Play) -> AsyncIterator[Audio]:
        """A block in which the sound is there to be played; what `Prompts.ready` raises."""
        name = shown(prompt.text if isinstance(prompt, Say) else prompt.url)
        async with AsyncExitStack() as stack:
            with self.watch.within(PREPARE_S, f"the sound {name!r} was not ready"):
                audio = await stack.enter_async_context(self.filler.ready(prompt))
            yield audio
