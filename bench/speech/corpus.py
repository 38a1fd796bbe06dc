"""Callers who speak to menus: made by espeak-ng, so that nobody's recordings are needed, and anybody can make them again.

Synthetic callers are not people: figures tell what a change does, not what a caller will meet. No voice is in two
sets. The library's samples differ a little from run to run, and so do the figures.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from bench.speech.line import Condition, over_the_line
from bench.speech.phrases import TEST, TUNING, Phrases
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.vendors.embedded.espeak import load
from offhook.vendors.embedded.languages import Languages
from offhook.vendors.embedded.speaking import speak

SILENCE_S = 0.4
"""Before and after what is said."""
OFF_MENU_OF_OTHERS = 3
"""Each so many off-menu utterances is a phrase of another menu."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who speaks."""

    speaker: str
    language: str
    words_per_minute: int


@dataclass(frozen=True, slots=True)
class Utterance:
    """What is said to which menu. `expected` is None where it is not on it."""

    caller: Caller
    menu: tuple[str, ...]
    said: str
    expected: str | None


def _callers(speakers: str) -> tuple[Caller, ...]:
    languages = itertools.cycle(
        (
            "en-us",
            "en-gb",
            "en-us",
            "en-us",
            "en-gb-x-rp",
            "en-us",
            "en-gb-scotland",
            "en-us",
            "en-gb",
            "en-us",
        )
    )
    paces = itertools.cycle((150, 165, 180))
    return tuple(map(Caller, speakers.split(), languages, paces))


TUNING_CALLERS = _callers("Alex adam edward f2 Andy linda m1 Michael f4 m3 paul m5 steph m7")
TRAINING_CALLERS = _callers(
    "Alicia Denis Diogo Gene Gene2 Henrique Hugo Jacky Lee Marco Mario Mike Reed anika announcer antonio aunty boris ed edward2 "
    "gustave ian iven iven2 kaukovalta klatt klatt3 marcelo michel miguel mike2 norbert pablo pedro quincy rob robert sandro "
    "shelby steph2 travis victor zac m8 grandma grandpa steph3 iven3 klatt2"
)
"""From whom the recogniser's network learns, besides those of the tuning set."""
TEST_CALLERS = _callers("david f1 m2 Annie john f3 max belinda m4 benjamin f5 caleb m6 Andrea")


def utterances(phrases: Phrases, callers: tuple[Caller, ...], *, rounds: int) -> Iterator[Utterance]:
    """Each menu by `rounds` callers, who say one phrase that is on it and one that is not."""
    of_callers, off_menu = itertools.cycle(callers), itertools.cycle(phrases.off_menu)
    others = itertools.cycle(hint for menu in phrases.menus for hint in menu)
    for number, menu in itertools.product(range(rounds), phrases.menus):
        caller = next(of_callers)
        said = menu[(number + len(menu) // 2) % len(menu)]
        yield Utterance(caller, menu, said, said)
        foreign = next(others) if number % OFF_MENU_OF_OTHERS == 0 else next(off_menu)
        while _is_on(menu, foreign):
            foreign = next(others)
        yield Utterance(caller, menu, foreign, None)


def tuning(rounds: int) -> Iterator[Utterance]:
    """What the recogniser was tuned on."""
    return utterances(TUNING, TUNING_CALLERS, rounds=rounds)


def test(rounds: int) -> Iterator[Utterance]:
    """What it is measured on."""
    return utterances(TEST, TEST_CALLERS, rounds=rounds)


def audio(utterance: Utterance, condition: Condition, *, seed: int) -> bytes:
    """The utterance as it arrives: 16-bit mono PCM at 8 kHz."""
    library = load()
    caller = utterance.caller
    voice = Languages(library.voices(), library.variants()).choose(caller.language, caller.speaker)
    spoken = b"".join(
        pcm
        for _, pcm in speak(
            utterance.said, voice, caller.words_per_minute, library=library, is_wanted=lambda: True
        )
    )
    silence = bytes(int(SILENCE_S * SAMPLE_RATE_HZ) * 2)
    return over_the_line(silence + spoken + silence, condition, seed=seed)


def _is_on(menu: tuple[str, ...], said: str) -> bool:
    """Whether it is there, or says something of it and more."""
    return any(f" {hint} " in f" {said} " for hint in menu)
