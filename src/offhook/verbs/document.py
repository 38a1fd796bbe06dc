"""A document: what the application wants done, and what was wrong with how it said so."""

from dataclasses import dataclass

from offhook.verbs.conference import Conference
from offhook.verbs.detect_machine import DetectMachine
from offhook.verbs.dial import Dial
from offhook.verbs.echo import Echo
from offhook.verbs.gather import Gather
from offhook.verbs.hangup import Hangup
from offhook.verbs.hold import Hold, Resume
from offhook.verbs.pause import Pause
from offhook.verbs.play import Play
from offhook.verbs.queue import Dequeue, Enqueue, Leave
from offhook.verbs.record import Record
from offhook.verbs.redirect import Redirect
from offhook.verbs.refer import Refer
from offhook.verbs.reject import Reject
from offhook.verbs.say import Say
from offhook.verbs.send_email import SendEmail
from offhook.verbs.send_keys import SendKeys
from offhook.verbs.send_message import SendMessage
from offhook.verbs.stream import Stream
from offhook.verbs.wait import Wait

Verb = (
    Say
    | Play
    | Pause
    | Gather
    | Redirect
    | Hangup
    | Reject
    | Echo
    | Dial
    | Conference
    | Record
    | Hold
    | Resume
    | Refer
    | Enqueue
    | Leave
    | Dequeue
    | SendMessage
    | SendEmail
    | SendKeys
    | Wait
    | Stream
    | DetectMachine
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A fault in a document that did not stop it; the customer reads it as a notification."""

    code: int
    """The notification's error code."""
    message: str
    """What is wrong, where, and what was done instead."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """Verbs in the order they run."""

    verbs: tuple[Verb, ...] = ()
    problems: tuple[Problem, ...] = ()
    before_answer: int = 0
    """How many of its verbs, from the first on, a caller who still rings hears before the call is answered."""
