"""What an application may ask of a recogniser. No vendor honours all of it: `unhonoured` tells what one passes over."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from enum import StrEnum


class FilterMethod(StrEnum):
    """What becomes of the words of a vocabulary filter."""

    REMOVE = "remove"
    MASK = "mask"
    TAG = "tag"


class Profanity(StrEnum):
    """What becomes of profane words."""

    MASKED = "masked"
    REMOVED = "removed"
    RAW = "raw"


class OutputFormat(StrEnum):
    """How much is told of each result: the words, or how sure they are too."""

    SIMPLE = "simple"
    DETAILED = "detailed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserOptions:
    """What to listen for. Audio is 16-bit mono PCM at 8 kHz, in frames of 20 ms.

    What has its default was not asked for: the vendor then does what it does by itself.
    """

    language: str = "en-US"
    hints: tuple[str, ...] = ()
    partials: bool = False
    """Whether `Partial` events are wanted."""
    hints_boost: float | None = None
    """How much more likely hints are than other words, 0 to 20."""
    alternative_languages: tuple[str, ...] = ()
    """Languages that the speaker may be using instead."""
    punctuation: bool | None = None
    """Whether to write punctuation."""
    profanity_filter: bool | None = None
    """Whether to mask profane words."""
    model: str | None = None
    """The vendor's name of the model."""
    single_utterance: bool = False
    """End by itself after the first thing that is said."""
    vocabulary_name: str | None = None
    """A vocabulary that is kept at the vendor's."""
    vocabulary_filter_name: str | None = None
    """A list of words, kept at the vendor's, that are treated by `vocabulary_filter_method`."""
    vocabulary_filter_method: FilterMethod | None = None
    profanity: Profanity | None = None
    """More than `profanity_filter` can say, where a vendor can do more."""
    output_format: OutputFormat | None = None
    request_snr: bool = False
    """Ask for the ratio of signal to noise."""
    initial_speech_timeout_s: float | None = None
    """Seconds of silence at the beginning after which the vendor gives up."""
    service_endpoint: str | None = None
    """Address of an endpoint of the vendor's that was trained for the application."""


ALWAYS = frozenset(("language", "partials"))
"""What every vendor honours."""
HINTS = frozenset(("hints",))
OPTIONAL = frozenset(field.name for field in fields(RecogniserOptions)) - ALWAYS
"""What a vendor may honour or not."""


def asked_for(options: RecogniserOptions) -> frozenset[str]:
    """Names of the optional fields that are set."""
    return frozenset(
        field.name
        for field in fields(options)
        if field.name in OPTIONAL and getattr(options, field.name) != field.default
    )


def unhonoured(options: RecogniserOptions, honoured: Collection[str]) -> tuple[str, ...]:
    """Names of what is asked for and not among `honoured`, sorted: worth a warning, for it will not happen."""
    return tuple(sorted(asked_for(options).difference(honoured)))
