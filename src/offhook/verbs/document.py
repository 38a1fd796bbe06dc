"""A document: what the application wants done, and what was wrong with how it said so."""

from dataclasses import dataclass

from offhook.verbs.echo import Echo
from offhook.verbs.gather import Gather
from offhook.verbs.hangup import Hangup
from offhook.verbs.pause import Pause
from offhook.verbs.play import Play
from offhook.verbs.redirect import Redirect
from offhook.verbs.reject import Reject
from offhook.verbs.say import Say

Verb = Say | Play | Pause | Gather | Redirect | Hangup | Reject | Echo


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
