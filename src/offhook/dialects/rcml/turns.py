"""How a Gather takes turns: what silences its prompts, what counts as speech, and when speech over pauses is over.

Restcomm had none of it. The names are those that users of the field know from elsewhere; times are in seconds but for
those whose name ends in Ms.
"""

from offhook.dialects.rcml.codes import SCHEMA
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.verbs import BargeIn, Continuous, EarKind, Input, VoiceDetection
from offhook.verbs.gather import EVERY_KEY

TURN_ATTRIBUTES = (
    "bargeIn",
    "minBargeInWords",
    "bargeInVoiceMs",
    "resumePrompt",
    "listenDuringPrompt",
    "vadKind",
    "vadMode",
    "vadGate",
    "vadVoiceMs",
    "asrTimeout",
    "asrDtmfTerminationDigit",
)
MOST_MODE = 3
_BARGE_IN = {
    "true": frozenset(Input),
    "false": frozenset[Input](),
    "dtmf": frozenset({Input.KEYS}),
    "speech": frozenset({Input.SPEECH}),
}


def read_barge_in(attributes: Attributes) -> BargeIn:
    """What silences the prompts."""
    usual = BargeIn()
    kinds = _BARGE_IN[attributes.choice("bargeIn", tuple(_BARGE_IN), default="true", code=SCHEMA)]
    voice_s = attributes.milliseconds("bargeInVoiceMs", instead="0 is used", code=SCHEMA)
    return BargeIn(
        on_keys=Input.KEYS in kinds,
        on_speech=Input.SPEECH in kinds,
        words=attributes.whole("minBargeInWords", default=usual.words, code=SCHEMA),
        voice_s=usual.voice_s if voice_s is None else voice_s,
        resumes=attributes.flag("resumePrompt", default=usual.resumes),
    )


def read_voice_detection(attributes: Attributes) -> VoiceDetection:
    """What tells speech from silence."""
    usual = VoiceDetection()
    kind = attributes.choice("vadKind", tuple(EarKind), default=usual.kind, code=SCHEMA)
    mode = attributes.whole("vadMode", default=usual.mode, most=MOST_MODE, code=SCHEMA)
    instead = f"{1000 * usual.voice_s:g} is used"
    voice_s = attributes.milliseconds("vadVoiceMs", instead=instead, code=SCHEMA)
    return VoiceDetection(
        kind=EarKind(kind),
        mode=mode,
        gates_recogniser=attributes.flag("vadGate", default=usual.gates_recogniser),
        voice_s=usual.voice_s if voice_s is None else voice_s,
    )


def read_continuous(attributes: Attributes) -> Continuous | None:
    """When speech over pauses is over; None where the first utterance is all."""
    pause_s = attributes.seconds("asrTimeout", code=SCHEMA, instead="the first utterance is the result")
    key = attributes.text("asrDtmfTerminationDigit")
    if key is not None and (len(key) != 1 or key not in EVERY_KEY):
        attributes.bad("asrDtmfTerminationDigit", "one key out of 0-9, * and #", "no key ends it", SCHEMA)
        key = None
    if pause_s is None:
        if key is not None:
            attributes.bad("asrDtmfTerminationDigit", "of use without asrTimeout", "it is ignored", SCHEMA)
        return None
    return Continuous(pause_s=pause_s, end_key=key)
