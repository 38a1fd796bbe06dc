"""What a call must keep to itself: which keys are not told, and the facts without what is secret.

A gather with `keeps_log` false hides the keys that are pressed while it runs. It hides those before it, too, from where its
document begins, because people type ahead, and those after it until keys are asked for that may be told, because people
type on.
"""

from collections.abc import Sequence
from dataclasses import replace

from offhook.call.discretion import Discretion
from offhook.call.facts import (
    CallFinished,
    Fact,
    GatherFinished,
    GatherStarted,
    NotificationRaised,
    TimelineKept,
    VerbRan,
)
from offhook.call.timeline import Event
from offhook.interpreter.ports import Recorder
from offhook.verbs import Conference, Dequeue, Dial, Enqueue, Gather, Gathered, Record, Stream, Verb

OUR_WORDS = frozenset({"verb", "status", "cause", "method"})
"""What of a timeline's events is always one of a few words of ours, whatever a caller says."""
OUR_OWN = frozenset({"url", "error", "reason", "sip_reason"})
"""What of a timeline's events are addresses and messages of our own; all else may be the application's text."""
TAKES_KEYS = (Gather, Record, Dial, Conference, Enqueue, Dequeue, Stream)
"""Verbs while which keys mean something."""


def is_private(verb: Verb) -> bool:
    """Whether what `verb` hears may be kept nowhere."""
    return isinstance(verb, Gather) and not verb.keeps_log


def hides_keys(verb: Verb, to_come: Sequence[Verb], *, hid_before: bool) -> bool:
    """Whether keys that are pressed while `verb` runs are not told. `to_come` are the verbs after it."""
    is_begun_only = (isinstance(verb, Record) and verb.is_background) or (
        isinstance(verb, Stream) and not verb.is_awaited
    )
    if isinstance(verb, TAKES_KEYS) and not is_begun_only:
        return is_private(verb)
    return hid_before or any(is_private(later) for later in to_come)


def keep_private(discretion: Discretion, verb: Verb, gathered: Gathered) -> None:
    """What a private gather heard is hidden wherever it comes up again."""
    if is_private(verb):
        discretion.keep(gathered.keys, gathered.speech)


class DiscreetRecorder:
    """Fills `interpreter.ports.Recorder`: takes what is secret out of one call's facts on their way to a recorder.

    Callbacks stay whole: they are sent.
    """

    def __init__(self, recorder: Recorder, discretion: Discretion) -> None:
        self._recorder = recorder
        self._discretion = discretion
        self._private_gathers: set[str] = set()

    def emit(self, fact: Fact) -> None:
        """Pass on what may be kept of it."""
        self._recorder.emit(self._hidden(fact))

    async def settle(self, fact: Fact) -> None:
        """Pass on what may be kept of it, and wait."""
        await self._recorder.settle(self._hidden(fact))

    def _hidden(self, fact: Fact) -> Fact:
        if isinstance(fact, GatherStarted) and not fact.is_kept:
            self._private_gathers.add(fact.gather_id)
        if isinstance(fact, GatherFinished) and fact.gather_id in self._private_gathers:
            self._private_gathers.discard(fact.gather_id)
            return replace(fact, gathered=replace(fact.gathered, keys="", speech="", confidence=None))
        if not self._discretion.has_secrets:
            return fact
        hide, withhold = self._discretion.hide, self._discretion.withhold
        match fact:
            case TimelineKept():
                return replace(fact, events=tuple(map(self._hidden_event, fact.events)))
            case NotificationRaised():
                return self._hidden_notification(fact)
            case VerbRan():
                details = tuple(
                    (name, withhold(value) if isinstance(value, str) else value)
                    for name, value in fact.details
                )
                return replace(fact, reason=hide(fact.reason), details=details)
            case CallFinished():
                return replace(fact, reason=hide(fact.reason))
            case _:
                return fact

    def _hidden_event(self, event: Event) -> Event:
        at, kind, facts = event
        hide, withhold = self._discretion.hide, self._discretion.withhold
        told = dict(facts)
        for name, value in facts.items():
            if isinstance(value, str) and name not in OUR_WORDS:
                told[name] = hide(value) if name in OUR_OWN else withhold(value)
        return at, kind, told

    def _hidden_notification(self, fact: NotificationRaised) -> NotificationRaised:
        hide, withhold, exchange = self._discretion.hide, self._discretion.withhold, fact.exchange
        if exchange is None:
            return replace(fact, message=hide(fact.message))
        request, reply = exchange.request, exchange.reply
        told = replace(
            request,
            target=replace(request.target, url=hide(request.target.url)),
            parameters=tuple((name, hide(value)) for name, value in request.parameters),
        )
        if reply is not None:
            reply = replace(
                reply,
                url=hide(reply.url),
                headers=tuple((name, withhold(value)) for name, value in reply.headers),
                body=withhold(reply.body.decode("utf-8", "surrogateescape")).encode(
                    "utf-8", "surrogateescape"
                ),
            )
        return replace(
            fact, message=hide(fact.message), exchange=replace(exchange, request=told, reply=reply)
        )
