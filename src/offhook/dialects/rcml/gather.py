"""Gather: from its attributes and nested prompts to the verb.

The attributes grew over the years: `timeout` is the oldest timer, preTimeout and postTimeout came later and win.
Every choice between sources is told in this folder's README.
"""

import re

from offhook.dialects.rcml.codes import (
    GATHER_FINISH_KEY,
    GATHER_NUM_DIGITS,
    GATHER_START_KEY,
    GATHER_TIMEOUT,
    SCHEMA,
)
from offhook.dialects.rcml.prompts import read_pause, read_play, read_say, read_vendors
from offhook.dialects.rcml.recognising import RECOGNISER_ATTRIBUTES, read_recogniser_options
from offhook.dialects.rcml.turns import (
    TURN_ATTRIBUTES,
    read_barge_in,
    read_continuous,
    read_voice_detection,
)
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Gather, Input, Prompt, Target

DEFAULT_TIMEOUT_S = 5.0
DEFAULT_FINISH_KEY = "#"
DEFAULT_START_KEYS = "*0123456789"
AUTO = "auto"
"""A postTimeout that leaves the end of speech to the recogniser."""
DEFAULT_MAX_SPEECH_S = 60.0

ATTRIBUTES = (
    "input",
    "action",
    "method",
    "timeout",
    "preTimeout",
    "postTimeout",
    "finishOnKey",
    "startInputKey",
    "numDigits",
    "actionOnEmptyResult",
    "partialResultCallback",
    "partialResultCallbackMethod",
    *RECOGNISER_ATTRIBUTES,
    "recognizer",
    "minDigits",
    "maxSpeechTime",
    "log",
    *TURN_ATTRIBUTES,
)


def read_gather(element: Element, reading: Reading) -> Gather:
    """A Gather with every default filled in. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, *ATTRIBUTES)
    method = attributes.method("method")
    timeout_s = _seconds(attributes, "timeout", DEFAULT_TIMEOUT_S)
    is_auto = (attributes.text("postTimeout") or "").lower() == AUTO
    after_s = timeout_s if is_auto else _seconds(attributes, "postTimeout", timeout_s)
    return Gather(
        inputs=_inputs(attributes),
        prompts=_prompts(element, reading),
        action=attributes.target("action", method) or Target(reading.url, method),
        start_timeout_s=_seconds(attributes, "preTimeout", timeout_s),
        key_timeout_s=after_s,
        speech_end_timeout_s=None if is_auto else after_s,
        max_speech_s=_seconds(attributes, "maxSpeechTime", DEFAULT_MAX_SPEECH_S),
        start_keys=attributes.keys("startInputKey", default=DEFAULT_START_KEYS, code=GATHER_START_KEY),
        finish_keys=_finish_keys(attributes),
        max_keys=_max_keys(attributes),
        min_keys=attributes.whole(
            "minDigits", default=1, least=1, most=_keys_wanted(attributes), code=SCHEMA
        ),
        recogniser=read_recogniser_options(attributes),
        recognisers=read_vendors(attributes, "recognizer"),
        barge_in=read_barge_in(attributes),
        listens_during_prompts=attributes.flag("listenDuringPrompt", default=True),
        voice_detection=read_voice_detection(attributes),
        continuous=read_continuous(attributes),
        # A slip here must not write down what was meant to be kept nowhere.
        keeps_log=attributes.flag("log", default=attributes.text("log") is None),
        partials_to=attributes.target(
            "partialResultCallback", attributes.method("partialResultCallbackMethod")
        ),
        act_on_empty=attributes.flag("actionOnEmptyResult", default=False),
        line=element.line,
    )


def _seconds(attributes: Attributes, name: str, default_s: float) -> float:
    instead = f"{default_s:g} seconds are used"
    found = attributes.seconds(name, code=GATHER_TIMEOUT, instead=instead)
    return default_s if found is None else found


def _inputs(attributes: Attributes) -> frozenset[Input]:
    words = [word for word in re.split(r"[\s,_]+", (attributes.text("input") or "dtmf").lower()) if word]
    inputs = frozenset(Input(word) for word in words if word in tuple(Input))
    if not words or any(word not in tuple(Input) for word in words):
        used = " ".join(sorted(inputs)) or "dtmf"
        attributes.bad("input", '"dtmf", "speech" or "dtmf speech"', f'"{used}" is used', SCHEMA)
    return inputs or frozenset({Input.KEYS})


def _finish_keys(attributes: Attributes) -> frozenset[str]:
    if attributes.text("finishOnKey") == "":
        return frozenset()
    return attributes.keys("finishOnKey", default=DEFAULT_FINISH_KEY, code=GATHER_FINISH_KEY)


def _max_keys(attributes: Attributes) -> int | None:
    wanted = _keys_wanted(attributes)
    if wanted is None and attributes.text("numDigits") is not None:
        attributes.bad("numDigits", "a whole number of 1 or more", "there is no limit", GATHER_NUM_DIGITS)
    return wanted


def _keys_wanted(attributes: Attributes) -> int | None:
    value = attributes.text("numDigits") or ""
    return int(value) if re.fullmatch("[0-9]{1,9}", value) and int(value) >= 1 else None


def _prompts(element: Element, reading: Reading) -> tuple[Prompt, ...]:
    reading.loose_text(element)
    prompts: list[Prompt | None] = []
    for child in element.children:
        match child.name:
            case "Say":
                prompts.append(read_say(child, reading, nested=True))
            case "Play":
                prompts.append(read_play(child, reading, nested=True))
            case "Pause":
                prompts.append(read_pause(child, reading))
            case name:
                message = (
                    f"Line {child.line}: <{name[:40]}> in <Gather> was skipped; "
                    "only Say, Play and Pause may stand there."
                )
                reading.problem(SCHEMA, message, child)
    return tuple(prompt for prompt in prompts if prompt is not None)
