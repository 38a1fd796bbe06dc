"""Speak, Play, Wait and DTMF: what is sent to the caller, alone or before an input."""

import re

from offhook.call.errors import DocumentInvalid
from offhook.dialects.vobiz.attributes import Attributes, skip, skip_children
from offhook.dialects.vobiz.codes import NOT_SERVED, RANGE, SCHEMA, UNUSABLE_URL
from offhook.dialects.voice_names import NearVoice, nearest
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.spoken_text import spoken
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Pause, Play, Prompt, Say, SendKeys, Wait

DEFAULT_VOICE = "woman"
DEFAULT_LANGUAGE = "en-US"
DEFAULT_QUIET_MS = 2000
MOST_KEYS = 200

_PAUSE_KEYS = {"w": "w", "W": "ww"}
"""Half a second and a whole one."""


def read_speak(element: Element, reading: Reading, *, nested: bool = False) -> Say | None:
    """A Say; None, with a problem, where there is nothing to say."""
    attributes = Attributes(element, reading, "voice", "language", "loop")
    speech = spoken(element, reading)
    if not speech.text and "<break" not in speech.markup:
        _tell_empty(element, reading, "text to speak")
        return None
    voice = _voice(attributes)
    return Say(
        text=speech.text,
        markup=speech.markup,
        voice=voice.speaker,
        language=attributes.language("language", voice.language or DEFAULT_LANGUAGE),
        loop=_loop(attributes, nested=nested),
        line=element.line,
    )


def read_play(element: Element, reading: Reading, *, nested: bool = False) -> Play | None:
    """A Play; None, with a problem, where it names no file that could be played."""
    attributes = Attributes(element, reading, "loop")
    skip_children(element, reading)
    loop = _loop(attributes, nested=nested)
    reference = element.own_text.strip()
    if not reference:
        _tell_empty(element, reading, "URL of a sound file")
        return None
    try:
        url = reading.resolve(reference, element, UNUSABLE_URL)
    except DocumentInvalid as invalid:
        reading.problem(UNUSABLE_URL, f"{invalid.message} It was skipped.", element)
        return None
    return Play(url=url, loop=loop, is_skippable=True, line=element.line)


def read_wait(element: Element, reading: Reading, *, nested: bool = False) -> Pause | Wait:
    """A Pause, or a Wait where the far end is listened to meanwhile."""
    attributes = Attributes(element, reading, "length", "silence", "minSilence", "beep")
    skip_children(element, reading)
    length_s = float(attributes.clamped("length", default=1, least=1))
    quiet_ms = attributes.clamped("minSilence", default=DEFAULT_QUIET_MS, least=1)
    for_silence = attributes.flag("silence", default=False)
    for_beep = attributes.flag("beep", default=False)
    if nested and (for_silence or for_beep):
        words = "In an input, a Wait is a pause: nothing is listened for in it but the input."
        reading.problem(NOT_SERVED, f"Line {element.line}: {words}", element)
        return Pause(length_s=length_s, line=element.line)
    if for_silence and quiet_ms >= length_s * 1000:
        words = f"a silence of {quiet_ms:,} ms cannot be found in a <Wait> of {length_s * 1000:,.0f} ms"
        message = f"Line {element.line}: {words}; the whole length is waited."
        reading.problem(RANGE, message, element, "minSilence")
        for_silence = False
    elif for_silence and for_beep:
        attributes.bad("beep", "allowed beside silence", "the silence is waited for", SCHEMA)
        for_beep = False
    if not for_silence and not for_beep:
        return Pause(length_s=length_s, line=element.line)
    return Wait(
        length_s=length_s,
        silence_s=quiet_ms / 1000 if for_silence else None,
        for_beep=for_beep,
        line=element.line,
    )


def read_dtmf(element: Element, reading: Reading) -> SendKeys | None:
    """The keys to send; None, with a problem, where there are none."""
    attributes = Attributes(element, reading, "async")
    skip_children(element, reading)
    is_background = attributes.flag("async", default=True)
    text = re.sub(r"[\s,]", "", element.own_text)
    if not text:
        _tell_empty(element, reading, "keys to send")
        return None
    keys = keys_to_send(text)
    if keys is None:
        wanted = f"one to {MOST_KEYS} keys out of 0-9, * and #, with w for half a second and W for a second"
        message = f"Line {element.line}: {quoted(element.own_text.strip())} in <DTMF> is not {wanted}; it was skipped."
        reading.problem(SCHEMA, message, element)
        return None
    return SendKeys(keys=keys, is_background=is_background, line=element.line)


def read_prompts(element: Element, reading: Reading) -> tuple[Prompt, ...]:
    """What stands in an input: Speak, Play and Wait; all else is skipped with a problem."""
    reading.loose_text(element)
    prompts: list[Prompt | Wait | None] = []
    for child in element.children:
        match child.name:
            case "Speak":
                prompts.append(read_speak(child, reading, nested=True))
            case "Play":
                prompts.append(read_play(child, reading, nested=True))
            case "Wait":
                prompts.append(read_wait(child, reading, nested=True))
            case _:
                skip(child, element, reading, "only Speak, Play and Wait may stand there")
    return tuple(prompt for prompt in prompts if prompt is not None and not isinstance(prompt, Wait))


def keys_to_send(text: str) -> str | None:
    """`text` as keys of a SendKeys; None where it is not one to many keys."""
    if not re.fullmatch(f"[0-9*#A-Da-dwW]{{1,{MOST_KEYS}}}", text):
        return None
    return "".join(_PAUSE_KEYS.get(key, key.upper()) for key in text)


def _loop(attributes: Attributes, *, nested: bool) -> int:
    if (attributes.text("loop") or "").startswith("-"):
        # The nearest that is allowed would be 0, which nobody wants to hear by mistake: it is for ever.
        attributes.bad("loop", "a whole number of 0 or more", "1 is used", RANGE)
        return 1
    loop = attributes.clamped("loop", default=1)
    if loop == 0 and nested:
        attributes.bad(
            "loop", "possible before an input, which begins with the end of its prompts", "1 is used", RANGE
        )
        return 1
    return loop


def _voice(attributes: Attributes) -> NearVoice:
    """The speaker, and the language that goes with its name."""
    name = attributes.text_or("voice", DEFAULT_VOICE)
    if name.lower() in ("woman", "man"):
        return NearVoice(name.lower())
    near = nearest(name)
    if near is None or not name.lower().startswith("polly."):
        instead = f"{(near.speaker if near else DEFAULT_VOICE).upper()} is used"
        attributes.bad("voice", '"WOMAN", "MAN" or one of Polly', instead, SCHEMA)
    return near or NearVoice(DEFAULT_VOICE)


def _tell_empty(element: Element, reading: Reading, missing: str) -> None:
    message = f"Line {element.line}: <{element.name}> has no {missing}; it was skipped."
    reading.problem(SCHEMA, message, element)
