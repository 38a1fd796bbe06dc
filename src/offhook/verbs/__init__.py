"""What can be asked of a call: one frozen value per verb. This package imports nothing of ours."""

from offhook.verbs.conference import Conference
from offhook.verbs.detect_machine import Detected, DetectMachine, Telltale
from offhook.verbs.dial import LEG_EVENTS, Confirmation, Destination, DestinationKind, Dial
from offhook.verbs.document import Document, Problem, Verb
from offhook.verbs.echo import Echo
from offhook.verbs.file_format import FileFormat
from offhook.verbs.gather import Gather, Input, Prompt
from offhook.verbs.hangup import Hangup
from offhook.verbs.hold import Hold, Resume
from offhook.verbs.outcome import (
    Done,
    Gathered,
    GatherEnd,
    Outcome,
    Understood,
)
from offhook.verbs.outcomes_of_legs import (
    ConferenceEnd,
    Conferred,
    DialEnd,
    Dialled,
    HoldChanged,
    HoldStatus,
    Queued,
    QueueEnd,
    Recorded,
    Referred,
)
from offhook.verbs.pause import Pause
from offhook.verbs.play import Play
from offhook.verbs.queue import Dequeue, Enqueue, Leave
from offhook.verbs.recogniser_options import RecogniserOptions
from offhook.verbs.record import Record
from offhook.verbs.redirect import Redirect
from offhook.verbs.refer import Refer
from offhook.verbs.reject import Reject
from offhook.verbs.request import Method, Request, Target, Trouble, TryPolicy
from offhook.verbs.say import Say
from offhook.verbs.send_email import SendEmail
from offhook.verbs.send_keys import SendKeys
from offhook.verbs.send_message import SMS_CHANNEL, MessageAsked, MessageKind, SendMessage
from offhook.verbs.stream import Coding, SoundFormat, Stream, Streamed, StreamEnd, Track
from offhook.verbs.turn_taking import BargeIn, Continuous, EarKind, VoiceDetection
from offhook.verbs.wait import Wait

__all__ = [
    "LEG_EVENTS",
    "SMS_CHANNEL",
    "BargeIn",
    "Coding",
    "Conference",
    "ConferenceEnd",
    "Conferred",
    "Confirmation",
    "Continuous",
    "Dequeue",
    "Destination",
    "DestinationKind",
    "DetectMachine",
    "Detected",
    "Dial",
    "DialEnd",
    "Dialled",
    "Document",
    "Done",
    "EarKind",
    "Echo",
    "Enqueue",
    "FileFormat",
    "Gather",
    "GatherEnd",
    "Gathered",
    "Hangup",
    "Hold",
    "HoldChanged",
    "HoldStatus",
    "Input",
    "Leave",
    "MessageAsked",
    "MessageKind",
    "Method",
    "Outcome",
    "Pause",
    "Play",
    "Problem",
    "Prompt",
    "QueueEnd",
    "Queued",
    "RecogniserOptions",
    "Record",
    "Recorded",
    "Redirect",
    "Refer",
    "Referred",
    "Reject",
    "Request",
    "Resume",
    "Say",
    "SendEmail",
    "SendKeys",
    "SendMessage",
    "SoundFormat",
    "Stream",
    "StreamEnd",
    "Streamed",
    "Target",
    "Telltale",
    "Track",
    "Trouble",
    "TryPolicy",
    "Understood",
    "Verb",
    "VoiceDetection",
    "Wait",
]
