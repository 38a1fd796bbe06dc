"""What can be asked of a call: one frozen value per verb. This package imports nothing of ours."""

from offhook.verbs.document import Document, Problem, Verb
from offhook.verbs.echo import Echo
from offhook.verbs.gather import Gather, Input, Prompt
from offhook.verbs.hangup import Hangup
from offhook.verbs.outcome import (
    Done,
    Gathered,
    GatherEnd,
    Outcome,
)
from offhook.verbs.pause import Pause
from offhook.verbs.play import Play
from offhook.verbs.redirect import Redirect
from offhook.verbs.reject import Reject
from offhook.verbs.request import Method, Request, Target
from offhook.verbs.say import Say

__all__ = [
    "Document",
    "Done",
    "Echo",
    "Gather",
    "GatherEnd",
    "Gathered",
    "Hangup",
    "Input",
    "Method",
    "Outcome",
    "Pause",
    "Play",
    "Problem",
    "Prompt",
    "Redirect",
    "Reject",
    "Request",
    "Say",
    "Target",
    "Verb",
]
