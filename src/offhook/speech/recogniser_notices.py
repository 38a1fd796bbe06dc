"""What the customer is told of recognisers: options that were passed over, names that are not there, who was left.

Options are called what applications call them.
"""

from collections.abc import Sequence

from offhook.speech.recogniser import Recogniser, RecogniserOptions
from offhook.speech.vendor_names import listed
from offhook.verbs.recogniser_options import unhonoured

OPTION_PASSED_OVER = 13331
NOT_THERE = 13332
LEFT = 13333
"""Notification codes."""

WORDS = {
    "hints": "hints",
    "hints_boost": "hintsBoost",
    "alternative_languages": "altLanguages",
    "punctuation": "punctuation",
    "profanity_filter": "profanityFilter",
    "model": "model",
    "single_utterance": "singleUtterance",
    "vocabulary_name": "vocabularyName",
    "vocabulary_filter_name": "vocabularyFilterName",
    "vocabulary_filter_method": "filterMethod",
    "profanity": "profanityOption",
    "output_format": "outputFormat",
    "request_snr": "requestSnr",
    "initial_speech_timeout_s": "initialSpeechTimeoutMs",
    "service_endpoint": "azureServiceEndpoint",
}
"""What applications call each option."""


def passed_over(recogniser: Recogniser, options: RecogniserOptions) -> str | None:
    """What of `options` a recogniser will not do, in words; None where it does it all."""
    names = [WORDS[name] for name in unhonoured(options, recogniser.capabilities.options)]
    if not names:
        return None
    return f"the recogniser {recogniser.name!r} cannot honour {listed(names)}; it heard without"


def not_there(name: str, known: Sequence[str]) -> str:
    """That a name was asked for which nobody has."""
    return f"recogniser {name!r} is not configured; there are: {', '.join(known)}"


def left(vendor: str, why: str) -> str:
    """That a recogniser was left for the next one."""
    return f"the recogniser {vendor!r} was left for the next one: {why}"
