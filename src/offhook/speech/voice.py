"""The voice port, and the decoder of sound files: both give 16-bit mono PCM at 8 kHz."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOptions:
    """How to speak."""

    language: str = "en"
    voice: str = ""
    """`man`, `woman`, or a vendor's own name; empty takes the vendor's default for the language."""
    is_ssml: bool = False
    """Whether the text is an SSML document, as `ssml.clean` writes them."""
    vendors: tuple[str, ...] = ()
    """Names of vendors in the order in which they are tried, for a voice that is a choice of several; empty takes its own
    order."""
    model: str = ""
    """A vendor's own name of a model or engine; empty takes the one that is set."""
    extra: tuple[tuple[str, str | int | float | bool], ...] = ()
    """Options that only the vendor knows, by its own names; each vendor takes those that it has."""


class Voice(Protocol):
    """A speech synthesiser."""

    @property
    def name(self) -> str:
        """The vendor's name, as configuration and records spell it."""

    def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        """PCM of the spoken text, piece by piece as it is made. Raises ProviderError."""

    async def close(self) -> None:
        """Let go of connections; nothing may be used after."""


class Decoder(Protocol):
    """Reads sound files of many kinds (WAV, MP3, OGG, FLAC)."""

    async def decode(self, media: bytes) -> bytes:
        """PCM of a whole sound file. Raises PromptUnusable for what is no sound, ProviderError otherwise."""
