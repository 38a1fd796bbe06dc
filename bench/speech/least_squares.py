"""Trains a network of a few layers: from band energies and the noise under them to wanted cepstra, by least squares."""

import itertools

import numpy as np
import numpy.typing as npt

from offhook.vendors.embedded.band_energies import Frames
from offhook.vendors.embedded.cepstra import CEPSTRA, CONTEXT, SEEN
from offhook.vendors.embedded.noise_floor import NoiseFloor

HIDDEN = (320, 160)
BATCH = 1024
STEP = 1.5e-3
SAMPLED = 20_000
"""Examples that tell the scale of all."""
AROUND = np.arange(2 * CONTEXT + 1)

Indexes = npt.NDArray[np.int64]
Layers = list[tuple[Frames, Frames]]


class Examples:
    """Rows of band energies and the cepstra wanted of each. Neighbours are put together only when they are looked at: all
    would not fit into memory."""

    def __init__(self, utterances: list[tuple[Frames, Frames]]) -> None:
        padded = [_padded(rows) for rows, _ in utterances]
        starts = np.cumsum([0, *map(len, padded)])
        self._rows = np.concatenate(padded)
        self._floors = np.concatenate([NoiseFloor().under(rows)[2 * CONTEXT :] for rows in padded])
        self._first = np.concatenate(
            [start + np.arange(len(rows)) for start, (rows, _) in zip(starts[:-1], utterances, strict=True)]
        )
        self.wanted: Frames = np.concatenate([wanted for _, wanted in utterances]).astype(np.float32)

    def __len__(self) -> int:
        return len(self.wanted)

    def seen(self, chosen: Indexes) -> Frames:
        """Rows of SEEN, as `cepstra.seen` gives them."""
        around = self._rows[self._first[chosen, None] + AROUND].reshape(len(chosen), -1)
        return np.hstack((around, self._floors[chosen]))


def train(examples: Examples, rounds: int, chance: np.random.Generator) -> Layers:
    """Weights and biases, layer by layer. Each example is looked at `rounds` times, more or less.

    Inputs and outputs are brought to one scale for it, and the weights back from it.
    """
    sample = chance.integers(0, len(examples), SAMPLED)
    centre, width = (getattr(examples.seen(sample), figure)(axis=0) for figure in ("mean", "std"))
    scale = examples.wanted[sample].std(axis=0)
    sizes = (SEEN, *HIDDEN, CEPSTRA)
    weights: list[Frames] = []
    for inputs, outputs in itertools.pairwise(sizes):
        weights.append(chance.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32))
        weights.append(np.zeros(outputs, np.float32))
    descent = Adam(weights, rounds * (len(examples) // BATCH))
    while descent.goes_on:
        chosen = chance.integers(0, len(examples), BATCH)
        slopes, error = _slopes(
            weights, (examples.seen(chosen) - centre) / width, examples.wanted[chosen] / scale
        )
        descent.step(slopes, error)
    weights[0] /= width[:, None]
    weights[1] -= centre @ weights[0]
    weights[-2] *= scale
    weights[-1] *= scale
    return list(zip(weights[::2], weights[1::2], strict=True))


class Adam:
    """Moves weights down their slopes, in steps that become smaller to the end. Tells how it gets on."""

    def __init__(self, weights: list[Frames], steps: int) -> None:
        self._weights = weights
        self._means = [np.zeros_like(weight) for weight in weights]
        self._squares = [np.zeros_like(weight) for weight in weights]
        self._steps, self._done = steps, 0
        self._errors: list[float] = []

    @property
    def goes_on(self) -> bool:
        """Whether there are steps left."""
        return self._done < self._steps

    def step(self, slopes: list[Frames], error: float) -> None:
        """One step; `error` is the mean square that was missed by."""
        self._done += 1
        length = STEP * (1 - self._done / (self._steps + 1))
        fast, slow = 1 - 0.9**self._done, 1 - 0.999**self._done
        for weight, slope, mean, square in zip(
            self._weights, slopes, self._means, self._squares, strict=True
        ):
            mean += 0.1 * (slope - mean)
            square += 0.001 * (slope * slope - square)
            weight -= length * (mean / fast) / (np.sqrt(square / slow) + 1e-8)
        self._errors.append(error)
        if self._done % max(1, self._steps // 10) == 0:
            print(f"step {self._done} of {self._steps}: {np.mean(self._errors):.4f} of the variance is left")
            self._errors.clear()


def _slopes(weights: list[Frames], seen: Frames, wanted: Frames) -> tuple[list[Frames], float]:
    """Of the mean square that the network misses by, and that."""
    told = [seen]
    for inner, biases in zip(weights[:-2:2], weights[1:-2:2], strict=True):
        told.append(np.maximum(told[-1] @ inner + biases, 0))
    miss: Frames = told[-1] @ weights[-2] + weights[-1] - wanted
    back: Frames = miss / np.float32(len(seen))
    slopes: list[Frames] = []
    for layer in range(len(told) - 1, -1, -1):
        slopes[:0] = [told[layer].T @ back, back.sum(axis=0)]
        if layer:
            back = (back @ weights[2 * layer].T) * (told[layer] > 0)
    return slopes, float(np.mean(miss * miss))


def _padded(rows: Frames) -> Frames:
    """As an utterance begins and ends: with its first and last row again and again."""
    return np.concatenate((np.repeat(rows[:1], CONTEXT, axis=0), rows, np.repeat(rows[-1:], CONTEXT, axis=0)))
