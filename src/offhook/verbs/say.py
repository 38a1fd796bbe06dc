"""Speak a text to the caller."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak `text`; ends when it has been spoken `loop` times."""

    needs_answer: ClassVar[bool] = True

    text: str
    """The words."""
    markup: str = ""
    """The same words as clean SSML, where the application marked how they are spoken; empty where it did not."""
    voice: str = ""
    """The application's own name for the voice; empty takes the configured one."""
    vendors: tuple[str, ...] = ()
    """Names of voices' vendors in the order in which they are tried; empty takes those of the settings."""
    model: str = ""
    """The vendor's own name of a model or engine; empty takes the one that is set."""
    extra: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Options that only the vendor knows, by its own names."""
    language: str = "en"
    """A language tag such as `en`, `en-gb` or `fr-FR`; what is not known is spoken in English."""
    loop: int = 1
    """How often; 0 repeats until the caller hangs up."""
    line: int | None = None
    """The line of the document where the verb stands."""
