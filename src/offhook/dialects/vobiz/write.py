"""From what came of a verb to the parameters that its action is told."""

from offhook.call.info import CallInfo
from offhook.dialects.clean_text import clean
from offhook.dialects.vobiz.habits import NoInput
from offhook.dialects.vobiz.recorded import recording_parameters, report_record
from offhook.dialects.vobiz.values import Parameters, boolean, money, uuid_of
from offhook.dialects.vobiz.why_ended import dial_cause
from offhook.interpreter.ports import Report
from offhook.verbs import (
    Conference,
    Conferred,
    Dial,
    DialEnd,
    Dialled,
    Done,
    Gather,
    Gathered,
    Outcome,
    Record,
    Recorded,
    Redirect,
    Understood,
    Verb,
)

_REDIRECTED: Parameters = (("Event", "Redirect"),)
_DIAL_STATUS = {DialEnd.CANCELED: "cancel"}
"""Where Vobiz has another word than everybody else."""
UNKNOWN_STABILITY = 0.0


def report(
    verb: Verb, outcome: Outcome, info: CallInfo, public_url: str, no_input: NoInput = NoInput.NOTIFY
) -> Report:
    """Where an outcome goes, and with what. No target: the next verb runs. `public_url`: what URLs of ours begin with.
    `no_input`: what follows a Gather without any."""
    match verb, outcome:
        case Redirect(target=target), Done():
            return Report(target, _REDIRECTED)
        case Gather(), Gathered() as gathered:
            return report_gather(verb, gathered, no_input)
        case Dial(), Dialled() as dialled:
            return report_dial(verb, dialled, info)
        case Record(), Recorded() as recorded:
            return report_record(verb, recorded, public_url)
        case Conference(), Conferred() as conferred:
            return report_conference(verb, conferred, public_url)
        case _:
            return Report()


def report_gather(verb: Gather, gathered: Gathered, no_input: NoInput = NoInput.NOTIFY) -> Report:
    """What was gathered. What follows where there was nothing is the installation's choice; a verb that tells nobody of it
    never does."""
    if verb.action is None:
        return Report()
    if gathered.is_empty and not gathered.is_submitted:
        if not verb.tells_no_input or no_input is NoInput.SKIP:
            return Report()
        told = (("InputType", ""), ("Digits", ""), ("Speech", ""))
        if no_input is NoInput.REDIRECT:
            return _followed(verb, told)
        return Report(verb.action, told, is_notice=True)
    kind = "speech" if gathered.speech else "dtmf"
    told = (("InputType", kind), ("Digits", gathered.keys), ("Speech", clean(gathered.speech)))
    of_speech = (
        ("SpeechConfidenceScore", f"{_certainty(gathered):.2f}"),
        ("BilledAmount", money()),
    )
    parameters = (*told, *(of_speech if gathered.speech else ()))
    return _followed(verb, parameters)


def report_dial(verb: Dial, dialled: Dialled, info: CallInfo) -> Report:
    """What became of a Dial."""
    if verb.action is None:
        return Report()
    b_leg = dialled.call_id if dialled.end is DialEnd.COMPLETED else None
    parameters = (
        ("Event", "DialAction"),
        ("DialStatus", _DIAL_STATUS.get(dialled.end, dialled.end.value)),
        ("DialRingStatus", boolean(dialled.end is DialEnd.COMPLETED or dialled.ring_duration_s > 0)),
        ("DialHangupCause", dial_cause(dialled).text),
        ("DialALegUUID", uuid_of(info.call_id)),
        ("DialBLegUUID", uuid_of(b_leg) if b_leg is not None else ""),
    )
    return Report(verb.action, parameters, is_notice=not verb.follows_action)


def report_conference(verb: Conference, conferred: Conferred, public_url: str) -> Report:
    """What became of a Conference."""
    if verb.action is None:
        return Report()
    parameters = (
        ("ConferenceName", clean(verb.name)),
        *((("ConferenceUUID", uuid_of(conferred.conference_id)),) if conferred.conference_id else ()),
        *recording_parameters(conferred.recording, verb.file_format, public_url),
    )
    return _followed(verb, parameters)


def partial(understood: Understood) -> Parameters:
    """The parameters that tell what is understood so far."""
    stability = UNKNOWN_STABILITY if understood.stability is None else understood.stability
    return (
        ("StableSpeech", clean(understood.stable)),
        ("UnstableSpeech", clean(understood.unstable)),
        ("Stability", f"{stability:.2f}"),
        ("SequenceNumber", str(understood.number)),
    )


def _followed(verb: Gather | Conference, parameters: Parameters) -> Report:
    """`parameters` for the action of `verb`; its answer is followed unless the verb wants it otherwise."""
    if not verb.follows_action:
        return Report(verb.action, parameters, is_notice=True)
    return Report(verb.action, (*parameters, *_REDIRECTED))


def _certainty(gathered: Gathered) -> float:
    """0 to 1; a recogniser that does not say is believed."""
    return 1.0 if gathered.confidence is None else gathered.confidence
