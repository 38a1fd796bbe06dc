"""Runs Gather: plays the prompts while keys and speech are collected, and tells facts about it.

The decisions are the collector's; this file opens the inputs, waits, and closes them again.
"""

import asyncio
from contextlib import AsyncExitStack

from offhook.call.errors import CallEnded, CustomerError, ProviderError
from offhook.interpreter.collector import Collector, Event, KeyPressed, Phase, PromptsOver, TimePassed
from offhook.interpreter.gather_facts import GatherFacts
from offhook.interpreter.inbox import Inbox
from offhook.interpreter.listening import Listening
from offhook.interpreter.prompt_player import PromptPlayer, Sounding, sounding
from offhook.interpreter.prompt_turn import Prompts
from offhook.interpreter.repeat import play_once
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import MARGIN_S
from offhook.speech.recogniser import Partial
from offhook.verbs import Gather, Gathered, GatherEnd, Input, Pause, Play


async def gather(verb: Gather, scene: Scene) -> Gathered:
    """Collect keys or speech; returns at the first rule that is met. Its record is written whatever happens."""
    gathering = Gathering(verb, scene)
    gathering.tell_started()
    end, detail = GatherEnd.CANCELLED, ""
    try:
        async with scene.call.alive():
            gathered = await gathering.run()
            if not set(gathered.keys) <= verb.valid_keys:
                gathered = Gathered(
                    end=GatherEnd.NO_MATCH, detail="other keys than the valid ones were pressed"
                )
                await _play_once(verb.invalid_sound, scene)
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
        self._loop = asyncio.get_running_loop()
        self._inbox = Inbox()
        self._facts = GatherFacts(verb, scene)
        self._listening = Listening(verb, scene, self._inbox)
        self._recognition: asyncio.Task[None] | None = None
        self._collector: Collector | None = None
        self._attempts = 1
        self._early_keys = ""
        """What was typed before anything was played."""

    async def run(self) -> Gathered:
        """Play, listen, decide."""
        async with AsyncExitStack() as stack:
            # First of all, so that what is typed while the prompts are made or fetched counts.
            stack.enter_context(self._scene.call.keys(self._key))
            sounds = await self._prepare(stack)
            try:
                async with asyncio.TaskGroup() as tasks:
                    return await self._gather(sounds, tasks)
            except BaseExceptionGroup as several:
                if len(several.exceptions) == 1:
                    raise several.exceptions[0] from None
                raise

    async def _gather(self, sounds: list[Sounding], tasks: asyncio.TaskGroup) -> Gathered:
        verb, scene, listening = self._verb, self._scene, self._listening
        player = PromptPlayer(sounds, scene.call, scene.watch, self._inbox, tasks)
        if verb.hears(Input.SPEECH) and (verb.listens_during_prompts or not sounds):
            self._recognition = tasks.create_task(listening.run())
            await listening.listens.wait()
        now = self._loop.time()
        collector = self._collector = Collector(verb, at=now, grace_s=scene.tools.finish_grace_s)
        if not sounds:
            collector.feed(PromptsOver(), at=now)
        await self._decide(collector, player, tasks)
        if self._recognition is not None:
            self._recognition.cancel()
        if player.broken is not None:
            raise player.broken
        assert collector.gathered is not None
        return collector.gathered

    def tell_started(self) -> None:
        """The first fact."""
        self._facts.started()

    def tell_finished(self, gathered: Gathered) -> None:
        """The last fact."""
        began_at = self._collector.speech_began_at if self._collector is not None else None
        self._facts.finished(gathered, self._listening, began_at)

    def tell_cut_short(self, end: GatherEnd, detail: str) -> None:
        """The last fact of a gather that did not come to a result: with what was heard until then."""
        if self._facts.is_finished:
            return
        collector = self._collector
        keys, words = (self._early_keys, "") if collector is None else (collector.keys, collector.words)
        self.tell_finished(Gathered(end=end, keys=keys, speech="" if keys else words, detail=detail))

    async def _prepare(self, stack: AsyncExitStack) -> list[Sounding]:
        """All prompts are made before the first is played, so that none is missing in the middle."""
        sounds: list[Sounding] = []
        for prompt in self._verb.prompts:
            if isinstance(prompt, Pause):
                sounds.append(prompt)
                continue
            try:
                audio = await stack.enter_async_context(self._scene.ready(prompt))
            except CustomerError as error:
                self._scene.pass_over(prompt, error)
            else:
                sounds.append(sounding(prompt, audio))
        if self._verb.beeps_after_prompts and self._scene.tools.beep is not None:
            sounds.append((self._scene.tools.beep, 1))
        return sounds

    def _key(self, key: str) -> None:
        if self._collector is None and self._verb.hears(Input.KEYS):
            self._early_keys += key
        self._inbox.put(KeyPressed(key))

    async def _decide(self, collector: Collector, player: PromptPlayer, tasks: asyncio.TaskGroup) -> None:
        """Until there is a result, or the prompts cannot be played."""
        began_at = self._loop.time()
        happened = self._inbox.take_now()
        while True:
            self._feed(collector, happened, began_at)
            player.obey(collector.prompts)
            if collector.gathered is not None or player.broken is not None:
                return
            self._direct(collector, tasks)
            happened = await self._take(collector.deadline) or ((self._loop.time(), TimePassed()),)

    def _feed(self, collector: Collector, happened: tuple[tuple[float, Event], ...], began_at: float) -> None:
        listening = self._listening
        collector.finds_end, collector.last_words_by = listening.finds_end, listening.last_words_by
        if (voice := listening.voice) is not None:
            collector.feed(voice, at=self._loop.time())
        for at, event in happened:
            collector.feed(event, at=max(at, began_at))
            if isinstance(event, Partial):
                self._facts.understood(collector)

    def _direct(self, collector: Collector, tasks: asyncio.TaskGroup) -> None:
        """Let the ear and the recogniser do what the collector waits for."""
        listening = self._listening
        if collector.attempts != self._attempts:
            self._attempts = collector.attempts
            listening.forget()
        if self._recognition is None:
            is_its_turn = collector.prompts is Prompts.STOP and collector.phase is Phase.WAITING
            if is_its_turn and self._verb.hears(Input.SPEECH):
                self._recognition = tasks.create_task(listening.run())
            return
        listening.want(collector.hearings)
        if collector.wants_last_words:
            listening.finish()

    async def _take(self, deadline: float | None) -> tuple[tuple[float, Event], ...]:
        if deadline is None:  # the prompts are being played, and are watched
            return await self._inbox.take(until=None)
        late = max(deadline, self._loop.time()) + MARGIN_S
        with self._scene.watch.until(late, "it did not end when its time was over"):
            return await self._inbox.take(until=deadline)


async def _play_once(sound: Play | None, scene: Scene) -> None:
    """Play it; one that cannot be had is passed over."""
    if sound is None:
        return
    try:
        async with scene.ready(sound) as audio:
            await play_once(audio, scene.call, scene.watch)
    except CustomerError as error:
        scene.pass_over(sound, error)
