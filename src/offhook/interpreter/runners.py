"""Which runner runs which verb, and what the timeline is told of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from offhook.interpreter.conference import conference
from offhook.interpreter.detect_machine import detect_machine
from offhook.interpreter.dial import dial
from offhook.interpreter.discreet import is_private, keep_private
from offhook.interpreter.echo import echo
from offhook.interpreter.gather import gather
from offhook.interpreter.hangup import ScheduledHangup, hangup, scheduled_hangup
from offhook.interpreter.hold import hold
from offhook.interpreter.noted_verb import breaking_words, outcome_words, verb_facts
from offhook.interpreter.pause import pause
from offhook.interpreter.play import play
from offhook.interpreter.queue import dequeue, enqueue, leave
from offhook.interpreter.record import SessionRecording, record, record_session
from offhook.interpreter.redirect import redirect
from offhook.interpreter.refer import refer
from offhook.interpreter.reject import reject
from offhook.interpreter.resume import resume
from offhook.interpreter.say import say
from offhook.interpreter.scene import Scene
from offhook.interpreter.send_email import send_email
from offhook.interpreter.send_keys import send_keys
from offhook.interpreter.send_message import send_message
from offhook.interpreter.stream import stream
from offhook.interpreter.verb_records import recorded
from offhook.interpreter.wait import wait
from offhook.verbs import (
    Conference,
    Dequeue,
    DetectMachine,
    Dial,
    Echo,
    Enqueue,
    Gather,
    Gathered,
    Hangup,
    Hold,
    Leave,
    Outcome,
    Pause,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Resume,
    Say,
    SendEmail,
    SendKeys,
    SendMessage,
    Stream,
    Verb,
    Wait,
)

Runner = Callable[[Any, Scene], Awaitable[Outcome]]

RUNNERS: dict[type, Runner] = {
    Say: say,
    Play: play,
    Pause: pause,
    Gather: gather,
    Record: record,
    Redirect: redirect,
    Hangup: hangup,
    Reject: reject,
    Echo: echo,
    Dial: dial,
    Conference: conference,
    Enqueue: enqueue,
    Leave: leave,
    Dequeue: dequeue,
    Hold: hold,
    Resume: resume,
    Refer: refer,
    SendMessage: send_message,
    SendEmail: send_email,
    SendKeys: send_keys,
    Wait: wait,
    Stream: stream,
    DetectMachine: detect_machine,
    ScheduledHangup: scheduled_hangup,
    SessionRecording: record_session,
}
"""The runner of each verb, and of what verbs begin beside the document; each takes verbs of its own kind only."""


async def run_verb(verb: Verb, scene: Scene, record_id: str | None = None) -> Outcome:
    """Run one verb to its end; its record bears `record_id`, or a new one. Raises CallEnded, CustomerError,
    ProviderError."""
    note, facts = scene.call.timeline.note, verb_facts(verb)
    note("verb", **facts)
    try:
        with recorded(verb, scene, record_id) as run:
            run.outcome = outcome = await RUNNERS[type(verb)](verb, scene)
    except BaseException as error:
        note("verb_over", verb=facts["verb"], outcome=breaking_words(error))
        raise
    if isinstance(outcome, Gathered):
        keep_private(scene.call.timeline.discretion, verb, outcome)
    note("verb_over", verb=facts["verb"], outcome=outcome_words(outcome, is_private=is_private(verb)))
    return outcome
