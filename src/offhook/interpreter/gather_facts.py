"""What a gather tells the records: its first fact, its last, and what is understood while somebody speaks."""

import asyncio

from offhook.call.facts import GatherFinished, GatherStarted
from offhook.call.info import new_id
from offhook.interpreter.collector import Collector
from offhook.interpreter.listening import Listening
from offhook.interpreter.scene import Scene
from offhook.interpreter.utterance import AUTO_END_S
from offhook.verbs import Gather, Gathered, GatherEnd, Input

NOT_RECOGNISED = 13334
"""The notification's code for a gather that no recogniser could hear for."""


class GatherFacts:
    """Tells of one gather."""

    def __init__(self, verb: Gather, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._id = new_id()
        self._loop = asyncio.get_running_loop()
        self._partials_told = 0
        self.is_finished = False
        """Whether the last fact was told."""

    def started(self) -> None:
        """The first fact."""
        verb, info, tools = self._verb, self._scene.call.info, self._scene.tools
        end_s = verb.speech_end_timeout_s
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
                speech_end_timeout_s=AUTO_END_S if end_s is None else end_s,
                hints=verb.hints,
                act_on_empty=verb.act_on_empty,
                finish_keys="".join(sorted(verb.finish_keys)),
                max_keys=verb.max_keys,
                is_kept=verb.keeps_log,
            )
        )

    def finished(self, gathered: Gathered, listening: Listening, speech_began_at: float | None) -> None:
        """The last fact. `speech_began_at` is a time of the event loop; None where nobody spoke."""
        self.is_finished = True
        info, tools = self._scene.call.info, self._scene.tools
        if gathered.end in (GatherEnd.NEEDS_MODEL, GatherEnd.RECOGNISER_FAILED):
            message = f"the recogniser {listening.vendor!r} could not be used: {gathered.detail}"
            self._scene.notices.warning(NOT_RECOGNISED, message)
        tools.recorder.emit(
            GatherFinished(
                gather_id=self._id,
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=tools.wall_clock(),
                is_speech=self._verb.hears(Input.SPEECH),
                gathered=gathered,
                duration_s=0.0 if speech_began_at is None else self._loop.time() - speech_began_at,
                provider=listening.vendor,
                switches=tuple(f"{left.vendor}: {left.why}" for left in listening.switches),
            )
        )

    def understood(self, collector: Collector) -> None:
        """What is understood so far."""
        if self._verb.partials_to is not None and collector.words:
            self._scene.tell_partial(self._verb.partials_to, collector.understood(self._partials_told))
            self._partials_told += 1
