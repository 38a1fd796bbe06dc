"""Verbs on the timeline: what was begun, and what came of it, in words."""

import asyncio
from collections.abc import Callable
from typing import Any

from offhook.call.errors import CallEnded
from offhook.call.exchange import without_credentials
from offhook.verbs import (
    Conference,
    ConferenceEnd,
    Conferred,
    Dequeue,
    Detected,
    Dial,
    DialEnd,
    Dialled,
    Enqueue,
    Gather,
    Gathered,
    GatherEnd,
    Hangup,
    HoldChanged,
    Outcome,
    Pause,
    Play,
    Queued,
    QueueEnd,
    Recorded,
    Redirect,
    Refer,
    Referred,
    Reject,
    Say,
    SendKeys,
    Stream,
    Streamed,
    Verb,
    Wait,
)


def verb_facts(verb: Verb) -> dict[str, object]:
    """The verb's name, its line in the document, and what tells it from others."""
    facts: dict[str, object] = {"verb": type(verb).__name__}
    if verb.line is not None:
        facts["line"] = verb.line
    if about := _about(verb):
        facts["about"] = about
    return facts


def _about(verb: Verb) -> str:
    match verb:
        case Gather():
            return " and ".join(sorted(kind.name.lower() for kind in verb.inputs))
        case Pause() | Wait():
            return f"{verb.length_s:g} s"
        case SendKeys():
            return verb.keys
        case Hangup(after_s=float() as after_s):
            return f"in {after_s:g} s"
        case Stream():
            return without_credentials(verb.url)
        case Redirect():
            return without_credentials(verb.target.url)
        case Reject():
            return str(verb.sip_status)
        case Refer():
            return verb.to
        case Dial():
            return ", ".join(destination.address for destination in verb.destinations)
        case Conference() | Enqueue() | Dequeue():
            return verb.name
        case Say() | Play():
            return "" if verb.loop == 1 else "without end" if verb.loop == 0 else f"{verb.loop} times"
        case _:
            return ""


def outcome_words(outcome: Outcome, *, is_private: bool = False) -> str:
    """What came of a verb; where that `is_private`, without what was pressed or said."""
    words = _WORDS.get(type(outcome))
    if words is not None:
        return words(outcome)
    if not isinstance(outcome, Gathered):
        return "done"
    if is_private and not outcome.is_empty:
        return f"{outcome.end.value}, which are not kept"
    if outcome.end is GatherEnd.KEYS:
        return f"keys {outcome.keys or 'none, only the finish key'}"
    if outcome.speech:
        sure = "" if outcome.confidence is None else f", confidence {outcome.confidence:.2f}"
        return f'heard "{outcome.speech}"{sure}'
    end = outcome.end.value.replace("_", " ")
    return f"{end}: {outcome.detail}" if outcome.detail else end


def held_words(changed: HoldChanged) -> str:
    """What came of holding a call, or of taking it off hold."""
    return f"{changed.status.value} ({changed.sip_status})"


def dialled_words(dialled: Dialled) -> str:
    """What came of a Dial."""
    if dialled.end is DialEnd.COMPLETED:
        return f"talked for {dialled.duration_s:.1f} s" + (
            ", until the caller left" if dialled.call_is_over else ""
        )
    status = f" ({dialled.sip_status})" if dialled.sip_status is not None else ""
    return f"{dialled.end.value.replace('-', ' ')}{status}"


_CONFERENCE_WORDS = {
    ConferenceEnd.LEFT: "they left",
    ConferenceEnd.ENDED: "it was over",
    ConferenceEnd.REMOVED: "they were put out",
    ConferenceEnd.TIME_LIMIT: "their time was up",
    ConferenceEnd.LOST: "the connection with it was lost",
}


def conferred_words(conferred: Conferred) -> str:
    """What came of a Conference."""
    if conferred.end is ConferenceEnd.FULL:
        return "there was no place left"
    return f"inside for {conferred.duration_s:.1f} s, until {_CONFERENCE_WORDS[conferred.end]}"


def queued_words(queued: Queued) -> str:
    """What came of waiting in a queue, or of taking somebody out of one."""
    if queued.end is QueueEnd.BRIDGED:
        return f"talked for {queued.duration_s:.1f} s, {queued.waited_s:.1f} s after coming"
    return f"{queued.end.value.replace('-', ' ')} after {queued.waited_s:.1f} s"


def referred_words(referred: Referred) -> str:
    """What came of a REFER."""
    if referred.failure:
        return f"not asked: {referred.failure}"
    last = (
        "nothing told of the new call"
        if referred.call_status is None
        else f"the new call is {referred.call_status}"
    )
    return f"answered {referred.refer_status}, {last}"


def recorded_words(recorded: Recorded) -> str:
    """What came of a recording."""
    words = f"recorded {recorded.duration_s:.1f} s" if recorded.recording_id else "nothing recorded"
    ended = f", ended by {recorded.keys}" if recorded.keys else ""
    return f"{words}{ended}" + (f": {recorded.failure}" if recorded.failure else "")


def streamed_words(streamed: Streamed) -> str:
    """What came of a stream."""
    if streamed.end is None:
        return "begun"
    words = f"streamed for {streamed.duration_s:.1f} s, ended: {streamed.end.value.replace('_', ' ')}"
    return f"{words}: {streamed.failure}" if streamed.failure else words


def detected_words(detected: Detected) -> str:
    """Who answered, and what gave them away."""
    who = "a machine" if detected.is_machine else "a person"
    return f"{who} after {detected.after_s:.1f} s: {detected.telltale.value.replace('_', ' ')}"


_WORDS: dict[type, Callable[[Any], str]] = {
    Recorded: recorded_words,
    HoldChanged: held_words,
    Referred: referred_words,
    Dialled: dialled_words,
    Conferred: conferred_words,
    Queued: queued_words,
    Streamed: streamed_words,
    Detected: detected_words,
}
"""Each is given outcomes of its own kind only."""


def breaking_words(error: BaseException) -> str:
    """Why a verb came to no outcome."""
    if isinstance(error, CallEnded):
        return "cut short: the call ended"
    if isinstance(error, asyncio.CancelledError):
        return "cut short"
    return f"failed: {error}" if str(error) else f"failed: {type(error).__name__}"
