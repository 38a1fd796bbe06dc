"""Trains the network of the embedded recogniser (`offhook.vendors.embedded.cepstra`).

Takes ten minutes; writes the weights into the package. Callers of the training and of the tuning set speak sentences, words
of the dictionary and tuning menus; no word that only the test set has, none of its voices. The same speech is
looked at twice: through a telephone, and wideband as the decoder itself would see it, drawn towards what the acoustic
model expects of the phone that is spoken (`expected_cepstra.py`).

    python -m bench.speech.training [--phrases 30] [--rounds 8] [--to cepstra.npz]
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from bench.speech.corpus import TRAINING_CALLERS, TUNING_CALLERS, Caller
from bench.speech.expected_cepstra import WIDE_HZ, ExpectedCepstra, dictionary_words
from bench.speech.least_squares import Examples, train
from bench.speech.line import Condition, over_the_line
from bench.speech.phrases import TEST, TRAINING_TEXT, TUNING, Phrases
from offhook.speech.pcm import FRAME_BYTES, SAMPLE_RATE_HZ
from offhook.vendors.embedded import cepstra
from offhook.vendors.embedded.band_energies import BANDS, BandEnergies, Frames
from offhook.vendors.embedded.conditioning import HISS_LEVEL, SPEECH_LEVEL, Conditioner
from offhook.vendors.embedded.espeak import load
from offhook.vendors.embedded.languages import Languages

LEVELS_DB = (-12.0, 3.0)
SILENCES_S = (0.05, 0.6)
NOISES_DB = ((12.0, 18.0), (9.0, 24.0))
"""How far noise is below the speech: as on the lines that are measured, and on better and worse ones."""
SOUND = 1e-3
"""Share of the loudest power from which on something is heard."""
MOST_WORDS = 3
SHARE_OF_SENTENCES = 0.3
SHARE_OF_MENUS = 0.5
"""Of what a caller of the tuning set says; the others say nothing of the menus."""


def main() -> None:
    """Make the pairs, train, write the weights."""
    parser = argparse.ArgumentParser(prog="python -m bench.speech.training", description=__doc__)
    parser.add_argument("--phrases", type=int, default=30, help="phrases of each caller (30)")
    parser.add_argument("--rounds", type=int, default=8, help="how often each pair is looked at (8)")
    parser.add_argument("--to", type=Path, default=Path(cepstra.__file__).with_suffix(".npz"))
    asked = parser.parse_args()
    chance = np.random.default_rng(1876)
    expected = ExpectedCepstra()
    callers = (*TRAINING_CALLERS, *TUNING_CALLERS)
    pairs = [pair for caller in callers for pair in _pairs(caller, asked.phrases, expected, chance)]
    layers = train(Examples(pairs), asked.rounds, chance)
    kept: dict[str, Frames] = {}
    for number, (weights, biases) in enumerate(layers):
        kept |= {f"weights_{number}": weights.astype(np.float16), f"biases_{number}": biases}
    np.savez(asked.to, allow_pickle=False, **kept)


def _pairs(
    caller: Caller, phrases: int, expected: ExpectedCepstra, chance: np.random.Generator
) -> Iterator[tuple[Frames, Frames]]:
    """What is seen of a caller on each line, and the cepstra that are wanted."""
    spoken: list[Frames] = []
    for _ in range(phrases):
        text = _said(caller, chance)
        hz, wide = _wide(text, caller, chance)
        narrow = soxr.resample(wide, hz, SAMPLE_RATE_HZ)
        powers = np.convolve(narrow**2, np.full(800, 1 / 800), "same")
        gain = SPEECH_LEVEL / np.sqrt(powers.max())
        wideband = soxr.resample(wide, hz, WIDE_HZ) * gain
        wideband += chance.normal(0, HISS_LEVEL, len(wideband))
        if expected.take(text, wideband, is_speech=_hops(powers)):
            spoken.append(narrow)
    for narrow, wanted in zip(spoken, expected.given(), strict=True):
        level = 10 ** (chance.uniform(*LEVELS_DB) / 20)
        for line, noise_db in (
            *((Condition.NOISE, chance.uniform(*range_db)) for range_db in NOISES_DB),
            (Condition.LOSS, 0.0),
            (Condition.CLEAN, 0.0),
        ):
            pcm = np.asarray(narrow * np.float32(level)).astype("<i2").tobytes()
            heard = over_the_line(pcm, line, seed=int(chance.integers(1 << 30)), noise_db=noise_db)
            rows, skipped = _conditioned(heard)
            count = min(len(rows), len(wanted) - skipped)
            if count > 0:
                yield rows[:count], wanted[skipped : skipped + count]


def _said(caller: Caller, chance: np.random.Generator) -> str:
    kind = chance.random()
    if caller in TUNING_CALLERS and kind < SHARE_OF_MENUS:
        return str(chance.choice(sorted(_phrases(TUNING))))
    if chance.random() < SHARE_OF_SENTENCES:
        return str(chance.choice(TRAINING_TEXT))
    return " ".join(chance.choice(WORDS, chance.integers(1, MOST_WORDS + 1)))


def _phrases(phrases: Phrases) -> set[str]:
    return {*phrases.off_menu, *(hint for menu in phrases.menus for hint in menu)}


WORDS = sorted(set(dictionary_words()) - {word for phrase in _phrases(TEST) for word in phrase.split()})


def _wide(text: str, caller: Caller, chance: np.random.Generator) -> tuple[int, Frames]:
    """The rate of the library, and what it says, between two silences."""
    library = load()
    voice = Languages(library.voices(), library.variants()).choose(caller.language, caller.speaker)
    spoken = bytearray()

    def take(pcm: bytes) -> bool:
        spoken.extend(pcm)
        return True

    library.speak(text, voice.identifier, caller.words_per_minute, take)
    before, after = (
        np.zeros(int(chance.uniform(*SILENCES_S) * library.sample_rate_hz), np.float32) for _ in range(2)
    )
    said = np.frombuffer(bytes(spoken), "<i2").astype(np.float32)
    return library.sample_rate_hz, np.concatenate((before, said, after))


def _hops(powers: Frames) -> slice:
    """The 10 ms from 0.1 s before the first sound to 0.1 s after the last."""
    loud = np.flatnonzero(powers > powers.max() * SOUND)
    return slice(max(0, int(loud[0]) // 80 - 10), int(loud[-1]) // 80 + 10)


class Conditioned:
    """Stands where the network does, and keeps what it would be given."""

    def __init__(self) -> None:
        self.samples: list[Frames] = []

    def of(self, samples: Frames) -> bytes:
        """Keep them."""
        self.samples.append(samples)
        return b""

    def finish(self) -> bytes:
        """Nothing is left."""
        return b""


def _conditioned(pcm: bytes) -> tuple[Frames, int]:
    """The band energies that the network sees of a line, and how many were left out before them."""
    kept = Conditioned()
    conditioner = Conditioner(kept)
    whole = len(pcm) // FRAME_BYTES
    for number in range(whole):
        conditioner.hear(pcm[number * FRAME_BYTES : (number + 1) * FRAME_BYTES])
    list(conditioner.finish())
    if not kept.samples:
        return np.zeros((0, BANDS), np.float32), 0
    return BandEnergies().of(np.concatenate(kept.samples)), 2 * (whole - len(kept.samples))


if __name__ == "__main__":
    main()
