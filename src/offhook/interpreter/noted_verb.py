"""Verbs on the timeline: what was begun, and what came of it, in words."""

import asyncio

from offhook.call.errors import CallEnded
from offhook.call.exchange import without_credentials
from offhook.verbs import Gather, Gathered, GatherEnd, Outcome, Pause, Play, Redirect, Reject, Say, Verb


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
        case Pause():
            return f"{verb.length_s:g} s"
        case Redirect():
            return without_credentials(verb.target.url)
        case Reject():
            return str(verb.sip_status)
        case Say() | Play():
            return "" if verb.loop == 1 else "without end" if verb.loop == 0 else f"{verb.loop} times"
        case _:
            return ""


def outcome_words(outcome: Outcome) -> str:
    """What came of a verb."""
    if not isinstance(outcome, Gathered):
        return "done"
    if outcome.end is GatherEnd.KEYS:
        return f"keys {outcome.keys or 'none, only the finish key'}"
    if outcome.speech:
        sure = "" if outcome.confidence is None else f", confidence {outcome.confidence:.2f}"
        return f'heard "{outcome.speech}"{sure}'
    words = outcome.end.value.replace("_", " ")
    return f"{words}: {outcome.detail}" if outcome.detail else words


def breaking_words(error: BaseException) -> str:
    """Why a verb came to no outcome."""
    if isinstance(error, CallEnded):
        return "cut short: the call ended"
    if isinstance(error, asyncio.CancelledError):
        return "cut short"
    return f"failed: {error}" if str(error) else f"failed: {type(error).__name__}"
