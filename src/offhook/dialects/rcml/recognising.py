"""What a Gather asks of a recogniser: which, and its options. Restcomm had language and hints alone; the other names are
those that users of the field know from elsewhere."""

import re
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from offhook.dialects.language_tag import is_language_tag
from offhook.dialects.rcml.codes import SCHEMA
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import quoted
from offhook.verbs.recogniser_options import FilterMethod, OutputFormat, Profanity, RecogniserOptions

DEFAULT_LANGUAGE = "en-US"
MOST_HINTS, LONGEST_HINT = 50, 100
MOST_BOOST = 20
MOST_LANGUAGES = 8
NO_WORD = "it is ignored"

RECOGNISER_ATTRIBUTES = (
    "language",
    "hints",
    "hintsBoost",
    "altLanguages",
    "speechModel",
    "punctuation",
    "profanityFilter",
    "profanityOption",
    "singleUtterance",
    "vocabularyName",
    "vocabularyFilterName",
    "filterMethod",
    "outputFormat",
    "requestSnr",
    "initialSpeechTimeoutMs",
    "azureServiceEndpoint",
)

Choice = TypeVar("Choice", bound=StrEnum)


def read_recogniser_options(attributes: Attributes) -> RecogniserOptions:
    """What a Gather asks of whichever recogniser hears it."""
    return RecogniserOptions(
        language=_language(attributes),
        hints=_hints(attributes),
        hints_boost=attributes.number("hintsBoost", most=MOST_BOOST, instead=NO_WORD, code=SCHEMA),
        alternative_languages=_alternative_languages(attributes),
        model=attributes.name("speechModel"),
        punctuation=attributes.wish("punctuation"),
        profanity_filter=attributes.wish("profanityFilter"),
        profanity=_choice(attributes, "profanityOption", Profanity),
        single_utterance=attributes.flag("singleUtterance", default=False),
        vocabulary_name=attributes.name("vocabularyName"),
        vocabulary_filter_name=attributes.name("vocabularyFilterName"),
        vocabulary_filter_method=_choice(attributes, "filterMethod", FilterMethod),
        output_format=_choice(attributes, "outputFormat", OutputFormat),
        request_snr=attributes.flag("requestSnr", default=False),
        initial_speech_timeout_s=attributes.milliseconds(
            "initialSpeechTimeoutMs", instead=NO_WORD, code=SCHEMA
        ),
        service_endpoint=_endpoint(attributes),
    )


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


def _alternative_languages(attributes: Attributes) -> tuple[str, ...]:
    given = attributes.words("altLanguages")
    tags = tuple(word for word in given if is_language_tag(word))[:MOST_LANGUAGES]
    if tags != given:
        instead = f"{quoted(' '.join(tags))} is used" if tags else NO_WORD
        attributes.bad("altLanguages", f"a list of up to {MOST_LANGUAGES} language tags", instead, SCHEMA)
    return tags


def _choice(attributes: Attributes, attribute: str, kind: type[Choice]) -> Choice | None:
    value = attributes.text(attribute)
    if value is None:
        return None
    for choice in kind:
        if choice.value == value.lower():
            return choice
    allowed = " or ".join(quoted(choice.value) for choice in kind)
    attributes.bad(attribute, allowed, NO_WORD, SCHEMA)
    return None


def _endpoint(attributes: Attributes) -> str | None:
    value = attributes.text("azureServiceEndpoint")
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        is_address = parts.scheme in ("ws", "wss") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if is_address and not re.search(r"\s", value):
        return value
    attributes.bad("azureServiceEndpoint", "a URL that begins with wss://", NO_WORD, SCHEMA)
    return None
