"""Trains the network of the embedded recogniser (`offhook.vendors.embedded.cepstra`) on the callers of the tuning set.

Takes a few minutes; writes the weights into the package. The same speech is looked at twice: through a telephone, and
wideband as the decoder itself would see it (its own cepstra, from the files that it can write).

    python -m bench.speech.training [--phrases 40] [--rounds 12] [--to cepstra.npz]
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
from pocketsphinx import Decoder, get_model_path

from bench.speech.corpus import TUNING_CALLERS, Caller
from bench.speech.line import Condition, over_the_line
from bench.speech.phrases import TRAINING_TEXT, TUNING
from offhook.speech.pcm import SAMPLE_RATE_HZ
from offhook.vendors.embedded import cepstra
from offhook.vendors.embedded.cepstra import CEPSTRA, CONTEXT, SEEN, BandEnergies, Frames, with_context
from offhook.vendors.embedded.conditioning import HISS_LEVEL, SPEECH_LEVEL
from offhook.vendors.embedded.espeak import load
from offhook.vendors.embedded.languages import Languages

WIDE_HZ = 16_000
HIDDEN = 96
BATCH = 512
STEP = 2e-3
LEVELS_DB = (-6.0, 2.0)
"""The loudness that speech has, next to what the conditioner aims at: it follows, and is late at times."""


def main() -> None:
    """Make the pairs, train, write the weights."""
    parser = argparse.ArgumentParser(prog="python -m bench.speech.training", description=__doc__)
    parser.add_argument("--phrases", type=int, default=40, help="phrases of each caller (40)")
    parser.add_argument("--rounds", type=int, default=12, help="how often each pair is looked at (12)")
    parser.add_argument("--to", type=Path, default=Path(cepstra.__file__).with_suffix(".npz"))
    asked = parser.parse_args()
    chance = np.random.default_rng(1876)
    pairs = [pair for caller in TUNING_CALLERS for pair in _pairs(caller, asked.phrases, chance)]
    seen = np.vstack([seen for seen, _ in pairs])
    wanted = np.vstack([wanted for _, wanted in pairs])
    weights = _train(seen, wanted, asked.rounds, chance)
    np.savez(
        asked.to,
        inner=weights["inner"],
        inner_bias=weights["inner_bias"],
        outer=weights["outer"],
        outer_bias=weights["outer_bias"],
    )


def _pairs(caller: Caller, phrases: int, chance: np.random.Generator) -> Iterator[tuple[Frames, Frames]]:
    """What is seen of a caller in each condition, and the cepstra that are wanted."""
    texts = [*TRAINING_TEXT, *TUNING.off_menu, *(hint for menu in TUNING.menus for hint in menu)]
    said = ". ".join(chance.choice(texts, phrases, replace=False))
    wide_hz, wide = _wide(said, caller)
    narrow = soxr.resample(wide, wide_hz, SAMPLE_RATE_HZ)
    powers = np.convolve(narrow**2, np.full(800, 1 / 800), "same")
    gain = SPEECH_LEVEL / np.sqrt(np.quantile(powers, 0.98))
    wideband = soxr.resample(wide, wide_hz, WIDE_HZ) * gain
    wanted = _own_cepstra(wideband + chance.normal(0, HISS_LEVEL, len(wideband)))
    wanted -= wanted.mean(axis=0)
    for seed, condition in enumerate((*Condition, Condition.NOISE, Condition.CLEAN)):
        heard = over_the_line(
            narrow.astype("<i2").tobytes(),
            condition,
            seed=seed + int(chance.integers(1 << 30)),
        )
        samples = np.frombuffer(heard, "<i2") * gain * 10 ** (chance.uniform(*LEVELS_DB) / 20)
        samples = (samples + chance.normal(0, HISS_LEVEL, len(samples))).astype(np.float32)
        rows = with_context(BandEnergies().of(samples))
        count = min(len(rows), len(wanted) - 2 * CONTEXT)
        yield rows[:count], wanted[CONTEXT : CONTEXT + count]


def _wide(text: str, caller: Caller) -> tuple[int, Frames]:
    library = load()
    voice = Languages(library.voices(), library.variants()).choose(caller.language, caller.speaker)
    spoken = bytearray()

    def take(pcm: bytes) -> bool:
        spoken.extend(pcm)
        return True

    library.speak(text, voice.identifier, caller.words_per_minute, take)
    return library.sample_rate_hz, np.frombuffer(bytes(spoken), "<i2").astype(np.float32)


def _own_cepstra(samples: Frames) -> Frames:
    """What the decoder makes of wideband speech; it writes them into a file, high byte first, after a count."""
    with tempfile.TemporaryDirectory() as folder:
        decoder = Decoder(
            hmm=f"{get_model_path('en-us')}/en-us",
            dict="/dev/null",
            lm=None,
            loglevel="FATAL",
            mfclogdir=folder,
        )
        decoder.add_allphone_file("phones", None)
        decoder.activate_search("phones")
        decoder.start_utt()
        decoder.process_raw(np.clip(samples, -32768, 32767).astype("<i2").tobytes(), no_search=True)
        decoder.end_utt()
        (written,) = Path(folder).iterdir()
        return np.frombuffer(written.read_bytes()[4:], ">f4").reshape(-1, CEPSTRA).astype(np.float32)


def _train(seen: Frames, wanted: Frames, rounds: int, chance: np.random.Generator) -> dict[str, Frames]:
    """Least squares by Adam; inputs and outputs are brought to one scale for it, and the weights back from it."""
    centre, width, scale = seen.mean(axis=0), seen.std(axis=0), wanted.std(axis=0)
    seen, wanted = (seen - centre) / width, wanted / scale
    weights = [
        chance.normal(0, np.sqrt(2 / SEEN), (SEEN, HIDDEN)).astype(np.float32),
        np.zeros(HIDDEN, np.float32),
        chance.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, CEPSTRA)).astype(np.float32),
        np.zeros(CEPSTRA, np.float32),
    ]
    first, second = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    steps, total = 0, rounds * (len(seen) // BATCH)
    for number in range(rounds):
        order = chance.permutation(len(seen))
        error = 0.0
        for start in range(0, len(seen) - BATCH + 1, BATCH):
            chosen = order[start : start + BATCH]
            slopes, loss = _slopes(weights, seen[chosen], wanted[chosen])
            error, steps = error + loss, steps + 1
            step = STEP * (1 - steps / (total + 1))
            for weight, slope, mean, square in zip(weights, slopes, first, second, strict=True):
                mean += 0.1 * (slope - mean)
                square += 0.001 * (slope * slope - square)
                fast, slow = 1 - 0.9**steps, 1 - 0.999**steps
                weight -= step * (mean / fast) / (np.sqrt(square / slow) + 1e-8)
        print(f"round {number + 1}: {error / (len(seen) // BATCH):.4f} of the variance is left")
    inner = weights[0] / width[:, None]
    return {
        "inner": inner.astype(np.float32),
        "inner_bias": (weights[1] - centre @ inner).astype(np.float32),
        "outer": (weights[2] * scale).astype(np.float32),
        "outer_bias": (weights[3] * scale).astype(np.float32),
    }


def _slopes(weights: list[Frames], seen: Frames, wanted: Frames) -> tuple[list[Frames], float]:
    inner, inner_bias, outer, outer_bias = weights
    hidden = np.maximum(seen @ inner + inner_bias, 0)
    miss = hidden @ outer + outer_bias - wanted
    back = miss / len(seen)
    into = (back @ outer.T) * (hidden > 0)
    return [seen.T @ into, into.sum(axis=0), hidden.T @ back, back.sum(axis=0)], float(np.mean(miss * miss))


if __name__ == "__main__":
    main()
