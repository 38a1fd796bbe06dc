"""Runs Gather: plays the prompts while keys and speech are collected, and tells facts about it.

The decisions are the collector's; this file opens the inputs, waits, and closes them again.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from offhook.call.errors import CallEnded, CustomerError, ProviderError
from offhook.call.facts import GatherFinished, GatherStarted
from offhook.call.info import new_id
from offhook.call.port import Audio
from offhook.interpreter.collector import (
    Collector,
    Event,
    KeyPressed,
    Phase,
    PromptsOver,
    TimePassed,
    VoiceHeard,
)
from offhook.interpreter.inbox import Inbox
from offhook.interpreter.repeat import repeat
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import MARGIN_S
from offhook.speech.ear import Ear
from offhook.speech.recogniser import Partial
from offhook.speech.recognisers import Hearing
from offhook.verbs import Gather, Gathered, GatherEnd, Input, Pause

LISTEN_S = 30.0
"""How long a recogniser may take until it listens."""


async def gather(verb: Gather, scene: Scene) -> Gathered:
    """Collect keys or speech; returns at the first rule that is met. Its record is written whatever happens."""
    gathering = Gathering(verb, scene)
    gathering.tell_started()
    end, detail = GatherEnd.CANCELLED, ""
    try:
        async with scene.call.alive():
            gathered = await gathering.run()
    except CallEnded:
        end = GatherEnd.HANG_UP
        raise
    except (CustomerError, ProviderError) as error:
        end, detail = GatherEnd.PROMPT_FAILED, str(error)
        raise
    except asyncio.CancelledError:
        detail = scene.watch.overdue
        raise
    else:
        gathering.tell_finished(gathered)
        return gathered
    finally:
        gathering.tell_cut_short(end, detail)


class Gathering:
    """One gather while it runs."""

    def __init__(self, verb: Gather, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._id = new_id()
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._ear = Ear()
        self._hearing: Hearing | None = None
        self._collector: Collector | None = None
        self._finished = False
        self._partials_told = 0
        self._early_keys = ""
        """What was typed before anything was played."""

    async def run(self) -> Gathered:
        """Play, listen, decide."""
        async with AsyncExitStack() as stack:
            # First of all, so that what is typed while the prompts are made or fetched counts.
            stack.enter_context(self._scene.call.keys(self._key))
            sounds = await self._prepare(stack)
            hearing = self._hearing = await self._listen(stack)
            self._collector = Collector(
                self._verb,
                at=self._loop.time(),
                finds_end=hearing is not None and hearing.finds_end,
                grace_s=self._scene.tools.finish_grace_s,
            )
            async with asyncio.TaskGroup() as tasks:
                prompts = tasks.create_task(self._play(sounds))
                recognition = tasks.create_task(self._hear(hearing)) if hearing else None
                gathered = await self._decide(self._collector, prompts, hearing)
                prompts.cancel()
                if recognition is not None:
                    recognition.cancel()
        return gathered

    def tell_started(self) -> None:
        """The first fact."""
        verb, info, tools = self._verb, self._scene.call.info, self._scene.tools
        tools.recorder.emit(
            GatherStarted(
                gather_id=self._id,
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=tools.wall_clock(),
                is_speech=verb.hears(Input.SPEECH),
                provider=tools.recognisers.first_of(verb.recognisers) if verb.hears(Input.SPEECH) else "",
                language=verb.language,
                start_timeout_s=verb.start_timeout_s,
                key_timeout_s=verb.key_timeout_s,
                speech_end_timeout_s=verb.speech_end_timeout_s,
                hints=verb.hints,
                act_on_empty=verb.act_on_empty,
                finish_keys="".join(sorted(verb.finish_keys)),
                max_keys=verb.max_keys,
                is_kept=verb.keeps_log,
            )
        )

    def tell_finished(self, gathered: Gathered) -> None:
        """The last fact."""
        self._finished = True
        info, tools = self._scene.call.info, self._scene.tools
        began_at = self._collector.speech_began_at if self._collector is not None else None
        hearing = self._hearing
        tools.recorder.emit(
            GatherFinished(
                gather_id=self._id,
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=tools.wall_clock(),
                is_speech=self._verb.hears(Input.SPEECH),
                gathered=gathered,
                duration_s=0.0 if began_at is None else self._loop.time() - began_at,
                provider=hearing.vendor if hearing is not None else "",
                switches=tuple(f"{left.vendor}: {left.why}" for left in hearing.switches)
                if hearing is not None
                else (),
            )
        )

    def tell_cut_short(self, end: GatherEnd, detail: str) -> None:
        """The last fact of a gather that did not come to a result: with what was heard until then."""
        if self._finished:
            return
        collector = self._collector
        keys, words = (self._early_keys, "") if collector is None else (collector.keys, collector.words)
        self.tell_finished(Gathered(end=end, keys=keys, speech="" if keys else words, detail=detail))

    async def _prepare(self, stack: AsyncExitStack) -> list[Audio | Pause]:
        """All prompts are made before the first is played, so that none is missing in the middle."""
        ready = self._scene.ready
        return [
            prompt if isinstance(prompt, Pause) else await stack.enter_async_context(ready(prompt))
            for prompt in self._verb.prompts
        ]

    async def _listen(self, stack: AsyncExitStack) -> Hearing | None:
        verb = self._verb
        if not verb.hears(Input.SPEECH):
            return None
        recognisers = self._scene.tools.recognisers
        options = replace(verb.recogniser, partials=verb.partials_to is not None)
        late = f"the recogniser {recognisers.first_of(verb.recognisers)!r} did not begin to listen"
        with self._scene.watch.within(LISTEN_S, late):
            hearing = await stack.enter_async_context(
                recognisers.listen(options, names=verb.recognisers, tell=self._scene.notices.warning)
            )

        def hear(frame: bytes) -> None:
            hearing.send(frame)
            if self._ear.hear(frame, self._loop.time()):
                self._inbox.put(self._voice())

        stack.enter_context(self._scene.call.listen(hear))
        return hearing

    def _key(self, key: str) -> None:
        if self._collector is None and self._verb.hears(Input.KEYS):
            self._early_keys += key
        self._inbox.put(KeyPressed(key))

    def _voice(self) -> VoiceHeard:
        assert self._ear.last_voiced_at is not None
        return VoiceHeard(self._ear.last_voiced_at, self._ear.voiced_s)

    async def _play(self, sounds: list[Audio | Pause]) -> None:
        try:
            for sound, prompt in zip(sounds, self._verb.prompts, strict=True):
                if isinstance(sound, Pause):
                    await asyncio.sleep(sound.length_s)
                else:
                    assert not isinstance(prompt, Pause)
                    await repeat(sound, prompt.loop, self._scene.call, self._scene.watch)
        finally:
            self._inbox.put(PromptsOver())

    async def _hear(self, hearing: Hearing) -> None:
        async for event in hearing:
            self._inbox.put(event)

    async def _decide(
        self, collector: Collector, prompts: asyncio.Task[None], hearing: Hearing | None
    ) -> Gathered:
        told_last, began_at = False, self._loop.time()
        while collector.gathered is None:
            happened = await self._take(collector.deadline)
            if self._ear.last_voiced_at is not None:
                collector.feed(self._voice(), at=self._loop.time())
            for at, event in happened:
                collector.feed(event, at=max(at, began_at))
                if isinstance(event, Partial):
                    self._tell_partial(collector)
            if not happened:
                collector.feed(TimePassed(), at=self._loop.time())
                if collector.phase is Phase.WAITING:
                    self._ear.forget()
            if collector.has_input:
                prompts.cancel()
            if collector.wants_last_words and hearing is not None and not told_last:
                told_last = True
                hearing.finish()
        return collector.gathered

    async def _take(self, deadline: float | None) -> tuple[tuple[float, Event], ...]:
        if deadline is None:  # the prompts are being played, and are watched
            return await self._inbox.take(until=None)
        with self._scene.watch.until(deadline + MARGIN_S, "it did not end when its time was over"):
            return await self._inbox.take(until=deadline)

    def _tell_partial(self, collector: Collector) -> None:
        if self._verb.partials_to is not None and collector.words:
            self._scene.tell_partial(self._verb.partials_to, collector.understood(self._partials_told))
            self._partials_told += 1
