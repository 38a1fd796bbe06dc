"""Which installed voice speaks a language, in the many spellings that applications have for languages."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from offhook.vendors.embedded.espeak import InstalledVoice

DEFAULT_LANGUAGE = "en-us"

SPEAKERS = {"": "Alex", "man": "Alex", "woman": "f2"}
"""The speakers behind the names that every application uses: of those who sound like people, the man and the
woman whom the embedded recogniser understands best over a telephone line."""

ALIASES = {
    **dict.fromkeys(("en", "en-ca"), "en-us"),
    **dict.fromkeys(("en-au", "en-ie", "en-in", "en-nz", "en-uk", "en-za"), "en-gb"),
    **{
        f"es-{country}": "es-419"
        for country in [
            "ar",
            "bo",
            "cl",
            "co",
            "cr",
            "cu",
            "do",
            "ec",
            "gt",
            "hn",
            "ni",
            "pa",
            "pe",
            "pr",
            "py",
            "sv",
            "us",
            "uy",
            "ve",
        ]
    },
    # codes that Restcomm applications use
    "bf": "fr-be",
    "bp": "pt-br",
    "cf": "fr",
    "dan": "da",
    # Chinese as it is spoken there
    "zh-hk": "yue",
    "zh-mo": "yue",
    "cmn": "zh",
    # former and longer codes of ISO 639
    "arb": "ar",
    "in": "id",
    "iw": "he",
    "nn": "nb",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenVoice:
    """What a text will be spoken with, and whether that is what was asked for."""

    identifier: str
    """As `Espeak.speak` takes it."""
    language: str
    speaker: str
    is_language_known: bool
    """False: no voice speaks the language, and English is spoken instead."""
    is_speaker_known: bool
    """False: there is no such speaker, and the usual one speaks instead."""


class Languages:
    """The installed voices by language. `speakers` are the variants that any voice can be given."""

    def __init__(self, voices: Iterable[InstalledVoice], speakers: Iterable[str]) -> None:
        self._identifiers = _best_of_each(voices)
        self._speakers: Mapping[str, str] = {
            **{speaker.lower(): speaker for speaker in speakers if " " not in speaker},
            **SPEAKERS,
        }

    def choose(self, language: str, speaker: str) -> ChosenVoice:
        """The voice for a language tag (`en`, `en-gb`, `fr_FR`, `bp`…) and a speaker's name, in any case."""
        found = next((tag for tag in _spellings(language) if tag in self._identifiers), None)
        tag = found or DEFAULT_LANGUAGE
        known_speaker = self._speakers.get(speaker.strip().lower())
        variant = known_speaker or SPEAKERS[""]
        return ChosenVoice(
            identifier=f"{self._identifiers[tag]}+{variant}",
            language=tag,
            speaker=variant,
            is_language_known=found is not None,
            is_speaker_known=known_speaker is not None,
        )


def _best_of_each(voices: Iterable[InstalledVoice]) -> Mapping[str, str]:
    """For each language tag the voice that fits it best; of equals the first."""
    best: dict[str, tuple[int, str]] = {}
    for voice in voices:
        for priority, tag in voice.languages:
            if tag not in best or priority < best[tag][0]:
                best[tag] = (priority, voice.identifier)
    return {tag: identifier for tag, (_, identifier) in best.items()}


def _spellings(language: str) -> Iterator[str]:
    """The tags to try for a language: its alias, itself, then the same without region, script and so on."""
    tag = language.strip().lower().replace("_", "-")
    while tag:
        if tag in ALIASES:
            yield ALIASES[tag]
        yield tag
        tag = tag.rpartition("-")[0]
