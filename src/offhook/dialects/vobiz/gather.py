"""Gather, and Plivo's GetInput, which is the same under another name."""

import re

from offhook.dialects.vobiz.attributes import Attributes
from offhook.dialects.vobiz.codes import RANGE, SCHEMA
from offhook.dialects.vobiz.prompts import read_prompts
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import BargeIn, Gather, Input, RecogniserOptions, Target

DEFAULT_TOTAL_S = 15
AUTO_KEY_TIMEOUT_S = 5.0
"""What `auto` means between two keys."""
DEFAULT_FINISH_KEY = "#"
DEFAULT_KEYS = 32
DEFAULT_LANGUAGE = "en-US"
DEFAULT_MODEL = "default"
MODELS = (DEFAULT_MODEL, "command_and_search", "phone_call", "telephony")
MOST_HINTS = 500
LONGEST_HINT = 100
LONGEST_HINTS = 10_000

_ATTRIBUTES = (
    "action",
    "method",
    "inputType",
    "executionTimeout",
    "digitEndTimeout",
    "speechEndTimeout",
    "finishOnKey",
    "numDigits",
    "speechModel",
    "hints",
    "language",
    "interimSpeechResultsCallback",
    "interimSpeechResultsCallbackMethod",
    "log",
    "redirect",
    "profanityFilter",
)
_OLDER_NAMES = {"type": "inputType", "timeout": "executionTimeout"}
"""What GetInput was asked with, and the name of today."""


def read_gather(element: Element, reading: Reading) -> Gather:
    """A Gather with every default filled in. Raises DocumentInvalid for an action that cannot be asked."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    return _gather(element, reading, attributes, input_name="inputType", time_name="executionTimeout")


def read_get_input(element: Element, reading: Reading) -> Gather:
    """The same, which may be asked with older names. Raises DocumentInvalid for an action that cannot be asked."""
    attributes = Attributes(element, reading, *_ATTRIBUTES, *_OLDER_NAMES)
    older = {new: old for old, new in _OLDER_NAMES.items() if not attributes.text(new)}
    names = [
        older[new] if new in older and attributes.text(older[new]) else new for new in _OLDER_NAMES.values()
    ]
    return _gather(element, reading, attributes, input_name=names[0], time_name=names[1])


def _gather(
    element: Element, reading: Reading, attributes: Attributes, *, input_name: str, time_name: str
) -> Gather:
    follows = attributes.flag("redirect", default=True)
    total_s = float(attributes.clamped(time_name, default=DEFAULT_TOTAL_S, least=5, most=60))
    key_timeout_s = attributes.seconds_or_auto("digitEndTimeout", least=2, most=10)
    return Gather(
        inputs=_inputs(attributes, input_name),
        prompts=read_prompts(element, reading),
        action=attributes.action(follows=follows, is_required=True),
        follows_action=follows,
        tells_no_input=True,
        start_timeout_s=total_s,
        total_timeout_s=total_s,
        key_timeout_s=AUTO_KEY_TIMEOUT_S if key_timeout_s is None else key_timeout_s,
        speech_end_timeout_s=attributes.seconds_or_auto("speechEndTimeout", least=2, most=10),
        finish_keys=finish_key(attributes),
        max_keys=attributes.clamped("numDigits", default=DEFAULT_KEYS, least=1, most=DEFAULT_KEYS),
        recogniser=_recogniser(attributes),
        barge_in=BargeIn(words=1),
        partials_to=_interim(attributes),
        keeps_log=attributes.keeps_log(),
        line=element.line,
    )


def finish_key(attributes: Attributes) -> frozenset[str]:
    """The one key that submits, or none."""
    value = attributes.text("finishOnKey")
    if value is None:
        return frozenset(DEFAULT_FINISH_KEY)
    if value in ("", "none"):
        return frozenset()
    if re.fullmatch("[0-9*#]", value):
        return frozenset(value)
    wanted = 'one key out of 0-9, * and #, or "none"'
    attributes.bad("finishOnKey", wanted, f'"{DEFAULT_FINISH_KEY}" is used', SCHEMA)
    return frozenset(DEFAULT_FINISH_KEY)


def _inputs(attributes: Attributes, name: str) -> frozenset[Input]:
    words = re.split(r"[\s,]+", attributes.text_or(name, Input.KEYS).lower())
    if words and all(word in tuple(Input) for word in words):
        return frozenset(Input(word) for word in words)
    wanted = '"dtmf", "speech" or "dtmf speech"'
    attributes.bad(name, wanted, f'"{Input.KEYS.value}" is used', SCHEMA)
    return frozenset({Input.KEYS})


def _recogniser(attributes: Attributes) -> RecogniserOptions:
    model = attributes.choice("speechModel", MODELS, default=DEFAULT_MODEL, code=SCHEMA)
    return RecogniserOptions(
        language=attributes.language("language", DEFAULT_LANGUAGE),
        hints=_hints(attributes),
        model=None if model == DEFAULT_MODEL else model,
        profanity_filter=attributes.flag("profanityFilter", default=False) or None,
    )


def _hints(attributes: Attributes) -> tuple[str, ...]:
    """The phrases to expect, in their order; those over the limits are left out."""
    value = attributes.text("hints")
    if value is None:
        return ()
    phrases = tuple(phrase for entry in value.split(",") if (phrase := " ".join(entry.split())))
    if not phrases:
        attributes.bad("hints", "a list of phrases with commas between", "none are used", SCHEMA)
    short = tuple(phrase for phrase in phrases if len(phrase) <= LONGEST_HINT)
    if len(short) < len(phrases):
        wanted = f"a list of phrases of at most {LONGEST_HINT} characters"
        attributes.bad("hints", wanted, "longer ones are left out", RANGE)
    kept: list[str] = []
    length = 0
    for phrase in short[:MOST_HINTS]:
        length += len(phrase)
        if length > LONGEST_HINTS:
            break
        kept.append(phrase)
    if len(kept) < len(short):
        wanted = f"a list of at most {MOST_HINTS} phrases and {LONGEST_HINTS:,} characters"
        attributes.bad("hints", wanted, f"the first {len(kept)} are used", RANGE)
    return tuple(kept)


def _interim(attributes: Attributes) -> Target | None:
    return attributes.callback("interimSpeechResultsCallback", "interimSpeechResultsCallbackMethod")
