"""How sure it is that what was understood is what was said.

A decoder that knows a menu finds some phrase of it in any speech, and the posterior probability that it gives
only compares the phrases with each other. So confidence also asks how well the words fit the audio, frame by
frame, next to the best that any phones could have scored there (the decoder computes them all: `compallsen`),
and how much else was said that the path had to take for silence or noise.

The three are weighed by a logistic curve, fitted to the bench's tuning set as a network heard it that knew neither its
callers nor its phrases: 470 utterances that were on the menu and understood, and 380 that were not, on clean lines, in noise
and with lost packets. Where three of four utterances are on the menu, confidence is the share that was right. `make
bench-speech` tells what LEAST_CONFIDENCE lets through; some of what is not on the menu always is: applications should confirm.
"""

import math
from collections.abc import Iterable
from typing import Protocol

LEAST_CONFIDENCE = 0.25
"""What is less certain is not taken for what was said."""

ORDINARY_SILENCE_SCORE = -4.5
"""What a frame of silence or line noise scores at least, as natural logarithm; less is something that was said."""
LEAST_SCORE = -744.0
"""Where the score of a whole segment vanishes in floating point."""
UNKNOWN_WORD_SCORE = -7.5
"""What is assumed of each frame of a word so long that its score vanished; a middling value."""


class Segment(Protocol):
    """A stretch of the decoder's best path: a word, or silence or noise (in brackets)."""

    word: str
    start_frame: int
    end_frame: int
    ascore: float


def confidence(path: Iterable[Segment], probability: float) -> float:
    """0 to 1 for the decoder's best path and its posterior probability."""
    words = frames = 0
    score = unexplained = 0.0
    for segment in path:
        length = segment.end_frame - segment.start_frame + 1
        if segment.word[0] not in "<[(":
            words, frames = words + 1, frames + length
            score += _word_score(segment.ascore, length)
        elif segment.ascore > 0:  # a silence long enough to vanish is a silence
            unexplained += max(0.0, ORDINARY_SILENCE_SCORE * length - math.log(segment.ascore))
    if not words or probability <= 0:
        return 0.0
    fit, choice = score / frames, math.log(probability) / words
    weighed = 39.36 + 2.2 * fit + 1.0 * choice - 4.89 * math.log1p(unexplained)
    return 1 / (1 + math.exp(-weighed))


def _word_score(density: float, length: int) -> float:
    return math.log(density) if density > 0 else min(LEAST_SCORE, UNKNOWN_WORD_SCORE * length)
