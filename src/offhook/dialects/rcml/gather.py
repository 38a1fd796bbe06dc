"""Gather: from its attributes and nested prompts to the verb.

The attributes grew over the years: `timeout` is the oldest timer, preTimeout and postTimeout came later and win.
Every choice between sources is told in this folder's README.
"""

import re

from offhook.dialects.language_tag import is_language_tag
from offhook.dialects.rcml.codes import (
    GATHER_FINISH_KEY,
    GATHER_NUM_DIGITS,
    GATHER_START_KEY,
    GATHER_TIMEOUT,
    SCHEMA,
)
from offhook.dialects.rcml.prompts import read_pause, read_play, read_say
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Gather, Input, Prompt, RecogniserOptions, Target

DEFAULT_TIMEOUT_S = 5.0
DEFAULT_LANGUAGE = "en-US"
DEFAULT_FINISH_KEY = "#"
DEFAULT_START_KEYS = "*0123456789"
MOST_HINTS = 50
LONGEST_HINT = 100

_ATTRIBUTES = (
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
    "language",
    "hints",
)


def read_gather(element: Element, reading: Reading) -> Gather:
    """A Gather with every default filled in. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    method = attributes.method("method")
    timeout_s = _seconds(attributes, "timeout", DEFAULT_TIMEOUT_S)
    after_s = _seconds(attributes, "postTimeout", timeout_s)
    return Gather(
        inputs=_inputs(attributes),
        prompts=_prompts(element, reading),
        action=attributes.target("action", method) or Target(reading.url, method),
        start_timeout_s=_seconds(attributes, "preTimeout", timeout_s),
        key_timeout_s=after_s,
        speech_end_timeout_s=after_s,
        start_keys=attributes.keys("startInputKey", default=DEFAULT_START_KEYS, code=GATHER_START_KEY),
        finish_keys=_finish_keys(attributes),
        max_keys=_max_keys(attributes),
        recogniser=RecogniserOptions(language=_language(attributes), hints=_hints(attributes)),
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
    value = attributes.text("numDigits")
    if value is None:
        return None
    if re.fullmatch("[0-9]{1,9}", value) and int(value) >= 1:
        return int(value)
    attributes.bad("numDigits", "a whole number of 1 or more", "there is no limit", GATHER_NUM_DIGITS)
    return None


def _language(attributes: Attributes) -> str:
    value = attributes.text("language") or DEFAULT_LANGUAGE
    if is_language_tag(value):
        return value
    attributes.bad("language", "a language tag such as en-US", f"{DEFAULT_LANGUAGE} is used", SCHEMA)
    return DEFAULT_LANGUAGE


def _hints(attributes: Attributes) -> tuple[str, ...]:
    hints = tuple(
        hint for entry in (attributes.text("hints") or "").split(",") if (hint := " ".join(entry.split()))
    )
    if len(hints) > MOST_HINTS:
        attributes.bad(
            "hints", f"a list of at most {MOST_HINTS} entries", f"the first {MOST_HINTS} are used", SCHEMA
        )
    if any(len(hint) > LONGEST_HINT for hint in hints):
        instead = f"entries are cut to {LONGEST_HINT} characters"
        attributes.bad("hints", f"a list of entries of at most {LONGEST_HINT} characters", instead, SCHEMA)
    return tuple(hint[:LONGEST_HINT].rstrip() for hint in hints[:MOST_HINTS])


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
