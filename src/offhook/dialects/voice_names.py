"""Which of the two speakers that every voice has is nearest to a name from elsewhere.

Applications name voices as Amazon Polly does (`Polly.Joanna`, `Joanna-Neural`), as Google and Azure do
(`en-US-Wavenet-C`, `Google.de-DE-Standard-A`, `en-US-JennyNeural`), or in their own way (`alice`, `female`).
"""

import re
from dataclasses import dataclass

_WOMEN_BY_LANGUAGE = {
    "arb": "zeina hala",
    "ca-ES": "arlet",
    "cmn-CN": "zhiyu",
    "da-DK": "naja sofie",
    "de-DE": "marlene vicki",
    "de-AT": "hannah",
    "en-AU": "nicole olivia",
    "en-GB": "amy emma",
    "en-IN": "aditi raveena kajal",
    "en-US": "joanna salli kimberly kendra ivy ruth danielle jenny aria alice",
    "en-ZA": "ayanda",
    "es-ES": "conchita lucia",
    "es-MX": "mia",
    "es-US": "penelope lupe",
    "fi-FI": "suvi",
    "fr-CA": "chantal gabrielle",
    "fr-FR": "celine lea",
    "is-IS": "dora",
    "it-IT": "carla bianca",
    "ja-JP": "mizuki kazuha tomoko",
    "ko-KR": "seoyeon",
    "nb-NO": "liv ida",
    "nl-NL": "lotte laura",
    "nl-BE": "lisa",
    "pl-PL": "ewa maja ola",
    "pt-BR": "camila vitoria",
    "pt-PT": "ines",
    "ro-RO": "carmen",
    "ru-RU": "tatyana",
    "sv-SE": "astrid elin",
    "tr-TR": "filiz burcu",
    "cy-GB": "gwyneth",
}
_MEN_BY_LANGUAGE = {
    "da-DK": "mads",
    "de-DE": "hans daniel",
    "en-AU": "russell",
    "en-GB": "brian arthur",
    "en-GB-WLS": "geraint",
    "en-US": "matthew joey justin kevin stephen gregory guy davis",
    "es-ES": "enrique sergio",
    "es-MX": "andres",
    "es-US": "miguel pedro",
    "fr-CA": "liam",
    "fr-FR": "mathieu remi",
    "is-IS": "karl",
    "it-IT": "giorgio adriano",
    "ja-JP": "takumi",
    "nl-NL": "ruben",
    "pl-PL": "jacek jan",
    "pt-BR": "ricardo thiago",
    "pt-PT": "cristiano",
    "ru-RU": "maxim",
}
_NAMES = {
    name: (speaker, language)
    for speaker, by_language in (("woman", _WOMEN_BY_LANGUAGE), ("man", _MEN_BY_LANGUAGE))
    for language, names in by_language.items()
    for name in names.split()
}
_WORDS = {"female": "woman", "girl": "woman", "f": "woman", "male": "man", "boy": "man", "m": "man"}
_WITH_LANGUAGE = re.compile(
    r"(?:\w{1,20}\.)?([a-z]{2,3}-[a-z0-9]{2,4})-(?:(?:[a-z0-9]+-)+([a-z])|(\w+))", re.IGNORECASE
)
_PLAIN = re.compile(
    r"(?:(?:polly|amazon|google|azure|microsoft)\.)?([a-z]{1,20}?)(?:-?neural)?(?:-[a-z]+)?", re.IGNORECASE
)
_AMERICAN_MEN = frozenset("abdij")
"""The letters of Google's American voices that are men's. Elsewhere B and D are, and those after them by turns."""


@dataclass(frozen=True, slots=True)
class NearVoice:
    """What is nearest to a name."""

    speaker: str
    """`man` or `woman`."""
    language: str | None = None
    """The tag of the language that a voice of this name speaks, where it has only one."""


def nearest(name: str) -> NearVoice | None:
    """The speaker nearest to the voice of another's that is called `name`; None for a name that tells nothing."""
    lower = name.strip().lower().translate(_ACCENTS)
    if lower in _WORDS:
        return NearVoice(_WORDS[lower])
    found = _WITH_LANGUAGE.fullmatch(lower)
    if found is not None:
        language = _spelled(found[1])
        if found[2]:
            men = _AMERICAN_MEN if language == "en-US" else frozenset("bdfhj")
            return NearVoice("man" if found[2] in men else "woman", language)
        known = _NAMES.get(found[3].removesuffix("neural"))
        return NearVoice(known[0] if known else "woman", language)
    plain = _PLAIN.fullmatch(lower)
    known = _NAMES.get(plain[1]) if plain is not None else None
    if known is None:
        return None
    return NearVoice(known[0], None if known[1] == "en-US" else known[1])


_ACCENTS = str.maketrans("áàâäãéèêëíìîïóòôöõúùûüçñ", "aaaaaeeeeiiiiooooouuuucn")


def _spelled(tag: str) -> str:
    language, _, region = tag.partition("-")
    return f"{language}-{region.upper()}"
