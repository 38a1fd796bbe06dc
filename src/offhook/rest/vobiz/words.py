"""Reads what is to be spoken to a live call."""

import re

from offhook.rest import forms
from offhook.rest.errors import invalid
from offhook.rest.vobiz.answers import must_be
from offhook.rest.vobiz.bodies import Fields
from offhook.speech import ssml
from offhook.verbs import Say

LONGEST_TEXT = 3000
SPEAKERS = {"WOMAN": "woman", "MAN": "man"}
_LANGUAGE = re.compile("[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,4}")
_MEN = (
    "matthew",
    "joey",
    "justin",
    "brian",
    "russell",
    "hans",
    "mathieu",
    "giorgio",
    "miguel",
    "enrique",
    "takumi",
)
"""Voices of Polly that are a man's; the others are taken for a woman's."""


def read_speech(body: Fields) -> Say:
    """A text with its voice. Raises Refusal."""
    text = forms.required(body, "text")
    if len(text) > LONGEST_TEXT:
        raise invalid(f"text must not be longer than {LONGEST_TEXT} characters.")
    kind = must_be(body.get("type", ""), "type", ("text", "ssml"), "text")
    language = body.get("language", "").strip() or "en-US"
    if not _LANGUAGE.fullmatch(language):
        raise invalid("language must be a language such as en-US or pt-BR.")
    plain, markup = _marked(text) if kind == "ssml" else (text, "")
    return Say(
        text=" ".join(plain.split()), markup=markup, voice=_speaker(body.get("voice", "")), language=language
    )


def _marked(text: str) -> tuple[str, str]:
    document = text if text.lstrip().startswith("<speak") else f"<speak>{text}</speak>"
    try:
        cleaned = ssml.clean(document)
    except ssml.SsmlInvalid as error:
        raise invalid(f"text is no SSML: {error}.") from None
    return cleaned.text, cleaned.markup


def _speaker(name: str) -> str:
    name = name.strip() or "WOMAN"
    if name.upper() in SPEAKERS:
        return SPEAKERS[name.upper()]
    vendor, stop, speaker = name.partition(".")
    if vendor.lower() != "polly" or not stop or not speaker.isalnum():
        raise invalid("voice must be WOMAN, MAN, or Polly. and the name of a voice.")
    return "man" if speaker.lower() in _MEN else "woman"
