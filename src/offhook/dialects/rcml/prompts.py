"""Say, Play and Pause, alone or inside a Gather."""

import re

from offhook.dialects.language_tag import is_language_tag
from offhook.dialects.rcml.codes import (
    GATHER_PLAY_URI,
    GATHER_SAY_LOOP,
    GATHER_SAY_VOICE,
    INVALID_URI,
    PAUSE_LENGTH,
    PLAY_LOOP,
    SAY_LOOP,
    SAY_VOICE,
    SCHEMA,
)
from offhook.dialects.voice_names import NearVoice, nearest
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.spoken_text import spoken
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Pause, Play, Say

SPEAKERS = ("man", "woman")
DEFAULT_VOICE = "man"
DEFAULT_LANGUAGE = "en"
_OWN_LANGUAGES = {"bf": "fr-BE", "bp": "pt-BR", "cf": "fr-CA", "dan": "da"}
"""Codes that are RCML's own, and the language tag of each; all others are tags already."""
_VENDOR = re.compile("[A-Za-z][A-Za-z0-9_.-]{0,39}(?::[A-Za-z0-9_.-]{1,60})?")
"""A name such as `google` or `custom:mine`."""


def read_say(element: Element, reading: Reading, *, nested: bool = False) -> Say | None:
    """A Say; None, with a problem, where there is nothing to say."""
    attributes = Attributes(element, reading, "voice", "language", "loop", "provider", "model")
    speech = spoken(element, reading)
    if not speech.text and "<break" not in speech.markup:
        _tell_empty(element, reading, "text to speak")
        return None
    vendors = read_vendors(attributes, "provider")
    if vendors:
        voice = _vendors_voice(attributes)
    else:
        voice = _voice(attributes, GATHER_SAY_VOICE if nested else SAY_VOICE)
    return Say(
        text=speech.text,
        markup=speech.markup,
        voice=voice.speaker,
        vendors=vendors,
        model=attributes.name("model") or "",
        language=_spoken_language(attributes, voice.language or DEFAULT_LANGUAGE),
        loop=attributes.whole("loop", default=1, code=GATHER_SAY_LOOP if nested else SAY_LOOP),
        line=element.line,
    )


def read_play(element: Element, reading: Reading, *, nested: bool = False) -> Play | None:
    """A Play; None, with a problem, where it names no file. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(element, reading, "loop")
    reference = element.text.strip()
    if not reference:
        _tell_empty(element, reading, "URL of a sound file")
        return None
    return Play(
        url=reading.resolve(reference, element, GATHER_PLAY_URI if nested else INVALID_URI),
        loop=attributes.whole("loop", default=1, code=PLAY_LOOP),
        line=element.line,
    )


def read_pause(element: Element, reading: Reading) -> Pause:
    """A Pause."""
    attributes = Attributes(element, reading, "length")
    length_s = attributes.seconds("length", code=PAUSE_LENGTH, instead="1 second is used")
    return Pause(length_s=1.0 if length_s is None else length_s, line=element.line)


def read_vendors(attributes: Attributes, name: str) -> tuple[str, ...]:
    """Names of speech vendors in the order in which they are tried; none where the server's own order holds. Which of them
    are there is known once the verb runs."""
    given = attributes.words(name)
    vendors = tuple(word for word in given if _VENDOR.fullmatch(word))
    if attributes.text(name) is not None and (vendors != given or not given):
        instead = f"{quoted(' '.join(vendors))} is used" if vendors else "the server's own order holds"
        wanted = "a list of names of speech vendors"
        attributes.bad(name, wanted, instead, SCHEMA)
    return vendors


def _vendors_voice(attributes: Attributes) -> NearVoice:
    """The voice of a vendor that is named beside it: by the vendor's own name for it, or `man` or `woman`."""
    name = (attributes.text("voice") and attributes.name("voice")) or ""
    if not name or name.lower() in SPEAKERS:
        return NearVoice(name.lower())
    near = nearest(name)
    return NearVoice(name, near.language if near is not None else None)


def _voice(attributes: Attributes, code: int) -> NearVoice:
    """The speaker, and the language that goes with its name."""
    name = attributes.text("voice") or DEFAULT_VOICE
    if name.lower() in SPEAKERS:
        return NearVoice(name.lower())
    near = nearest(name)
    instead = f"{quoted(near.speaker)} is nearest and is used" if near else f"{quoted(DEFAULT_VOICE)} is used"
    attributes.bad("voice", '"man" or "woman"', instead, code)
    return near or NearVoice(DEFAULT_VOICE)


def _spoken_language(attributes: Attributes, default: str) -> str:
    value = attributes.text("language") or default
    if not is_language_tag(value):
        attributes.bad(
            "language", "a language such as en, fr or pt-BR", f"{DEFAULT_LANGUAGE} is used", SCHEMA
        )
        return DEFAULT_LANGUAGE
    return _OWN_LANGUAGES.get(value.lower(), value)


def _tell_empty(element: Element, reading: Reading, missing: str) -> None:
    message = f"Line {element.line}: <{element.name}> has no {missing}; it was skipped."
    reading.problem(SCHEMA, message, element)
