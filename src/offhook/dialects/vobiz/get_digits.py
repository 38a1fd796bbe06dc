"""GetDigits, Plivo's older way to ask for keys: attributes, defaults and the end without input are its own."""

from offhook.dialects.vobiz.attributes import Attributes
from offhook.dialects.vobiz.codes import NOT_SERVED, SCHEMA
from offhook.dialects.vobiz.gather import finish_key
from offhook.dialects.vobiz.prompts import read_prompts
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Gather, Play
from offhook.verbs.gather import EVERY_KEY

DEFAULT_START_S = 5
DEFAULT_KEY_S = 2
DEFAULT_KEYS = 99
MOST_S = 600
MOST_TRIES = 10

_ATTRIBUTES = (
    "action",
    "method",
    "timeout",
    "digitTimeout",
    "finishOnKey",
    "numDigits",
    "retries",
    "redirect",
    "playBeep",
    "validDigits",
    "invalidDigitsSound",
    "log",
)


def read_get_digits(element: Element, reading: Reading) -> tuple[Gather, ...]:
    """A Gather for each try: an input leaves the document, so that the next one runs only without. Raises
    DocumentInvalid for an action that cannot be asked."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    follows = attributes.flag("redirect", default=True)
    gather = Gather(
        prompts=read_prompts(element, reading),
        action=attributes.action(follows=follows),
        follows_action=follows,
        start_timeout_s=float(attributes.clamped("timeout", default=DEFAULT_START_S, least=1, most=MOST_S)),
        key_timeout_s=float(attributes.clamped("digitTimeout", default=DEFAULT_KEY_S, least=1, most=MOST_S)),
        valid_keys=_valid_keys(attributes),
        invalid_sound=_invalid_sound(attributes, element),
        beeps_after_prompts=attributes.flag("playBeep", default=False),
        finish_keys=finish_key(attributes),
        max_keys=attributes.clamped("numDigits", default=DEFAULT_KEYS, least=1, most=DEFAULT_KEYS),
        keeps_log=attributes.keeps_log(),
        line=element.line,
    )
    tries = attributes.clamped("retries", default=1, least=1, most=MOST_TRIES)
    if tries > 1 and (gather.action is None or not follows):
        attributes.bad(
            "retries", "of use where the action is not followed", "the caller is asked once", NOT_SERVED
        )
        tries = 1
    return (gather,) * tries


def _valid_keys(attributes: Attributes) -> frozenset[str]:
    value = attributes.text("validDigits")
    if value is None:
        return EVERY_KEY
    keys = frozenset(value) & EVERY_KEY
    if not keys or keys != frozenset(value):
        wanted = "a list of keys out of 0-9, * and #"
        instead = f'"{"".join(sorted(keys))}" is used' if keys else "every key counts"
        attributes.bad("validDigits", wanted, instead, SCHEMA)
    return keys or EVERY_KEY


def _invalid_sound(attributes: Attributes, element: Element) -> Play | None:
    sound = attributes.callback("invalidDigitsSound")
    return Play(url=sound.url, is_skippable=True, line=element.line) if sound is not None else None
