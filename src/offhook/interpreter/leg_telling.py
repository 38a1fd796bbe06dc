"""Tells an application of the legs of a Dial while it runs: answers, connections, keys and ends.

A leg has its own task, which lives until the leg is over. Who ends a Dial waits for these a moment: what is told of a
leg comes before what is told of the Dial.
"""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from offhook.interpreter.key_matching import KeyMatching
from offhook.interpreter.news import LegEvent, LegNews
from offhook.interpreter.outbound_leg import LegOver, OutboundLeg
from offhook.interpreter.scene import Scene
from offhook.verbs import Dial


class LegTelling:
    """Those of one Dial; nothing happens for one that names nobody who is to hear of them."""

    def __init__(self, verb: Dial, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._tasks: set[asyncio.Task[None]] = set()

    def begun(self, leg: OutboundLeg, position: int) -> None:
        """A leg rings, for the destination of this position, from 1."""
        if self._verb.callback is not None:
            task = asyncio.create_task(self._follow(leg, position), name=f"telling of {leg.call_id}")
            self._tasks.add(task)

    def connected(self, leg: OutboundLeg, position: int) -> None:
        """A leg and the caller hear each other."""
        self._tell(leg, position, LegEvent.CONNECTED)

    @contextmanager
    def keys_told(self, leg: OutboundLeg, position: int) -> Iterator[None]:
        """A block in which the sequences that the verb names are told, of the caller's keys and of the leg's."""

        def of_caller(keys: str) -> None:
            self._tell(leg, position, LegEvent.KEYS, keys=keys)

        def of_leg(keys: str) -> None:
            self._tell(leg, position, LegEvent.KEYS, keys=keys, is_of_caller=False)

        with ExitStack() as stack:
            if self._verb.told_keys:
                sink = KeyMatching(self._verb.told_keys, of_caller)
                stack.enter_context(self._scene.call.keys(sink))
            if self._verb.told_keys_of_legs:
                stack.enter_context(leg.call.keys(KeyMatching(self._verb.told_keys_of_legs, of_leg)))
            yield

    async def finished(self, within_s: float) -> None:
        """Returns once all ends were told, or the time is up; nothing is told after it."""
        if not self._tasks:
            return
        await asyncio.wait(self._tasks, timeout=within_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def _follow(self, leg: OutboundLeg, position: int) -> None:
        over, answered = asyncio.create_task(leg.over()), asyncio.create_task(leg.answered.wait())
        try:
            await asyncio.wait((over, answered), return_when=asyncio.FIRST_COMPLETED)
            if leg.answered.is_set():
                self._tell(leg, position, LegEvent.ANSWERED)
            taken = asyncio.create_task(leg.is_taken.wait())
            try:
                await asyncio.wait((over, taken), return_when=asyncio.FIRST_COMPLETED)
            finally:
                taken.cancel()
            if leg.over_now is not None:
                self._tell(leg, position, LegEvent.OVER, over=leg.over_now)
        finally:
            over.cancel()
            answered.cancel()

    def _tell(
        self,
        leg: OutboundLeg,
        position: int,
        event: LegEvent,
        *,
        keys: str = "",
        is_of_caller: bool = True,
        over: LegOver | None = None,
    ) -> None:
        if self._verb.callback is None:
            return
        info = leg.call.info
        news = LegNews(
            event=event,
            call_id=info.call_id,
            from_=info.from_,
            to=info.to,
            position=position,
            keys=keys,
            is_of_caller=is_of_caller,
            over=over,
        )
        self._scene.tell_news(self._verb.callback, self._verb, news, False)
